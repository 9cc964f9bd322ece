// SPDX-License-Identifier: BSD-3-Clause
// The multi-scale squeeze: a picture's planes as a pyramid of levels (encoder side).
#pragma once

#include <array>
#include <vector>

#include "model/adaptive_coupling.h"

namespace flowzip {

// Levels from the finest (0) on, all samples present, borders extended; missing sites hold
// copies of their neighbours until the factor-out overwrites them.
template <class T>  // int16_t or int32_t
std::vector<LevelPlanes> MakeLevels(const std::array<Plane<T>, kChannels>& planes);

// Smallest and largest sample of each channel.
template <class T>
std::array<SampleRange, kChannels> FindRanges(const std::array<Plane<T>, kChannels>& planes);

}  // namespace flowzip
