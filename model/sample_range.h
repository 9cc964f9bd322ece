// SPDX-License-Identifier: BSD-3-Clause
// Channels, and the range of their samples.
#pragma once

#include <array>
#include <cstdint>

#include "model/plane.h"

namespace flowzip {

inline constexpr int kChannels = 3;  // of colour; a gray picture has the first alone

// Samples of up to 8 bits fit this after the lifting.
inline constexpr int32_t kMaxSample = 1023;

// Inclusive range of a channel's samples over the tile.
struct SampleRange {
  int32_t min = 0, max = 0;
  bool constant() const { return min == max; }
};

// Smallest and largest sample of each plane; none is empty.
std::array<SampleRange, kChannels> FindRanges(const std::array<SamplePlane, kChannels>& planes);

}  // namespace flowzip
