// SPDX-License-Identifier: BSD-3-Clause
#include "model/orientation.h"

#include <algorithm>
#include <cstdlib>

namespace flowzip {
namespace {

// A flip must save this much of the interpolation error, in percent: elsewhere parity is noise.
constexpr int64_t kLeastGain = 10;

// Sums of |2 x - left - right| (across) or |2 x - above - below| (down) by the parity of x.
std::array<int64_t, 2> InterpolationError(const SitePlane& plane, bool across) {
  std::array<int64_t, 2> sum{};
  const int first = across ? 0 : 1;
  for (int y = first; y + first < plane.height(); ++y) {
    const int16_t *row = plane.Row(y), *above = plane.Row(y - first), *below = plane.Row(y + first);
    const int last = across ? plane.width() - 1 : plane.width();
    for (int x = across ? 1 : 0; x < last; ++x) {
      const int32_t neighbours = across ? row[x - 1] + row[x + 1] : above[x] + below[x];
      sum[(across ? x : y) & 1] += std::abs(2 * row[x] - neighbours);
    }
  }
  return sum;
}

// Samples of lattice A lie at even places: what is interpolated should be at the odd ones.
bool FlipHelps(const std::array<SitePlane, kChannels>& planes, bool across) {
  const int size = across ? planes[0].width() : planes[0].height();
  if (size % 2 != 0) return false;
  int64_t even = 0, odd = 0;
  for (int c = 1; c < kChannels; ++c) {
    const auto error = InterpolationError(planes[c], across);
    even += error[0];
    odd += error[1];
  }
  return 100 * even < (100 - kLeastGain) * odd;
}

}  // namespace

Orientation ChooseOrientation(const std::array<SitePlane, kChannels>& planes) {
  return {FlipHelps(planes, true), FlipHelps(planes, false)};
}

void Flip(const Orientation& orientation, std::array<SitePlane, kChannels>& planes) {
  for (SitePlane& plane : planes) {
    if (orientation.flip_y) {
      for (int y = 0; 2 * y + 1 < plane.height(); ++y) {
        std::swap_ranges(plane.Row(y), plane.Row(y) + plane.width(),
                         plane.Row(plane.height() - 1 - y));
      }
    }
    if (!orientation.flip_x) continue;
    for (int y = 0; y < plane.height(); ++y)
      std::reverse(plane.Row(y), plane.Row(y) + plane.width());
  }
}

}  // namespace flowzip
