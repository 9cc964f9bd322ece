// SPDX-License-Identifier: BSD-3-Clause
// The multi-scale squeeze: a picture's planes as a pyramid of levels (encoder side).
#pragma once

#include <array>
#include <vector>

#include "model/adaptive_coupling.h"

namespace flowzip {

// Levels from the finest (0) on, all samples present, borders extended; missing sites hold
// copies of their neighbours until the factor-out overwrites them.
std::vector<LevelPlanes> MakeLevels(const std::array<IntPlane, kChannels>& planes);

// Smallest and largest sample of each channel.
std::array<SampleRange, kChannels> FindRanges(const std::array<IntPlane, kChannels>& planes);

}  // namespace flowzip
