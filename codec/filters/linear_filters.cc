// SPDX-License-Identifier: BSD-3-Clause
#include "codec/filters/linear_filters.h"

#include <algorithm>
#include <cstdlib>

namespace flowzip {

int32_t FilterNorm(const RasterWeights& filter, int channel) {
  int32_t norm = 0;
  for (int k = 0; k < RasterTaps(channel); ++k) norm += std::abs(int32_t{filter[k]});
  return norm;
}

void LinearFilters::CompleteFilters(int channel) {
  for (int f = 0; f < filter_count; ++f) {
    int16_t* weight = filters[f];
    const auto total = [&](int plane) {
      return plane == (base == FilterBase::kOwn ? channel : 0) ? 1 << kRasterWeightBits : 0;
    };
    int32_t own = total(channel);
    for (size_t k = 1; k < kOwnTaps.size(); ++k) own -= weight[k];
    weight[0] = static_cast<int16_t>(own);
    for (int c = 0; c < channel; ++c) {
      int16_t* cross = weight + RasterTaps(c);
      int32_t sum = total(c);
      for (size_t k = 1; k < kCrossTaps.size(); ++k) sum -= cross[k];
      cross[0] = static_cast<int16_t>(sum);
    }
  }
}

void LinearFilters::SetMean(int channel, int mean_x, int mean_y, int width, int height) {
  base = FilterBase::kFirst;
  filter_count = 1;
  labels.assign(static_cast<size_t>(RasterBlocks(width)) * static_cast<size_t>(RasterBlocks(height)),
                0);
  std::fill_n(filters[0], RasterTaps(channel), int16_t{0});
  int16_t* cross = filters[0] + RasterTaps(0);
  for (size_t k = 0; k < kCrossTaps.size(); ++k) {
    const RasterTap& tap = kCrossTaps[k];
    if (tap.dx >= 0 && tap.dx <= mean_x && tap.dy >= 0 && tap.dy <= mean_y) {
      cross[k] = static_cast<int16_t>((1 << kRasterWeightBits) / ((1 + mean_x) * (1 + mean_y)));
    }
  }
  CompleteFilters(channel);
}

RasterRows FilterRows(const PlaneRefs& planes, int channel, int y) {
  RasterRows rows{};
  size_t at = 0;
  for (const RasterTap& tap : kOwnTaps) {
    rows[at++] = planes[static_cast<size_t>(channel)]->Row(std::max(y + tap.dy, -1)) + tap.dx;
  }
  for (int c = 0; c < channel; ++c) {
    for (const RasterTap& tap : kCrossTaps) {
      rows[at++] = planes[static_cast<size_t>(c)]->Row(y + tap.dy) + tap.dx;
    }
  }
  return rows;
}

}  // namespace flowzip
