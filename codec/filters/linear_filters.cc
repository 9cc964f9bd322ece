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
    int32_t own = 1 << kRasterWeightBits;
    for (size_t k = 1; k < kOwnTaps.size(); ++k) own -= weight[k];
    weight[0] = static_cast<int16_t>(own);
    for (int c = 0; c < channel; ++c) {
      int16_t* cross = weight + RasterTaps(c);
      int32_t sum = 0;
      for (size_t k = 1; k < kCrossTaps.size(); ++k) sum -= cross[k];
      cross[0] = static_cast<int16_t>(sum);
    }
  }
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
