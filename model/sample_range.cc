// SPDX-License-Identifier: BSD-3-Clause
#include "model/sample_range.h"

#include <algorithm>

namespace flowzip {

std::array<SampleRange, kChannels> FindRanges(const std::array<SamplePlane, kChannels>& planes) {
  std::array<SampleRange, kChannels> ranges;
  for (int c = 0; c < kChannels; ++c) {
    ranges[c] = {planes[c].At(0, 0), planes[c].At(0, 0)};
    for (int y = 0; y < planes[c].height(); ++y) {
      const int16_t* row = planes[c].Row(y);
      const auto [lo, hi] = std::minmax_element(row, row + planes[c].width());
      ranges[c] = {std::min<int32_t>(ranges[c].min, *lo), std::max<int32_t>(ranges[c].max, *hi)};
    }
  }
  return ranges;
}

}  // namespace flowzip
