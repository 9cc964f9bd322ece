// SPDX-License-Identifier: BSD-3-Clause
// The network's inputs, computed from what is known of a level.
//
// All are int16 in 1/256 of "one" = 16 sample steps (tensor.h). Planes by kind:
//   x_S - m   known sub-lattice minus the group's reference              (1/16 steps)
//   raw       8 * (x - centre) of A, brightness and colour
//   r, |r|    residual of a known site: 1/16 steps, and its log magnitude
//   p - m     the filter's own prediction relative to the reference
// Differences and residuals are clamped to +-kMaxDifference: rare edges of hundreds of steps
// would otherwise rule both the activations and the training (which they made diverge).
#pragma once

#include "model/adaptive_coupling.h"
#include "model/tensor.h"

namespace flowzip {

inline constexpr int kMaxDifference = 1023;  // 64 steps

// Channels of the trunk input of groups 0, 1, 2:
//   0: A - m (3), raw A (3), p_Y - m_Y, log|coarser level's r| (3)
//   1: A - m, D - m (6), r_D (3), log|r_D| (3), p_Y - m_Y
//   2: A - m, B - m, D - m (9), r_B (3), log|r_B| (3), p_Y - m_Y
inline constexpr int kTrunkInputs[kGroups] = {10, 13, 16};
// Extra inputs of the heads of channels 0, 1, 2 (from earlier channels of the same site):
//   1: r_0, log|r_0|, p_1 - m_1        2: r_0, log|r_0|, r_1, log|r_1|, p_2 - m_2
inline constexpr int kHeadInputs[kChannels] = {0, 3, 5};

// floor(256 * log2(16 + |residual|)) - 1024, residual in 1/16 steps; 0 for 0.
int16_t LogMagnitude(int32_t residual);

// Rows [y0, y1) of a group's trunk input. Needs the known lattices, the group's references
// and its prediction for channel 0; `coarse` holds the coarser level's residuals assembled on
// this level's grid (group 0 only). `bit_depth` of the samples, 8 or more.
void TrunkFeatures(const LevelPlanes& level, const std::array<SitePlane, kChannels>& coarse,
                   int group, int bit_depth, Tensor& out, int y0, int y1);

// Rows [y0, y1) of the extra input of a channel's head; channel >= 1.
void HeadFeatures(const LevelPlanes& level, int group, int channel, Tensor& out, int y0, int y1);

// A level's residuals put together as a picture of the level's size (0 at A sites and at
// missing ones): the finer level's `coarse`.
std::array<SitePlane, kChannels> AssembleResiduals(const LevelPlanes& level);

}  // namespace flowzip
