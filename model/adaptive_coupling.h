// SPDX-License-Identifier: BSD-3-Clause
// AdaptiveCoupling: the additive coupling z_b = x_b - round(t(x_a)) (NICE, Dinh et al. 2015)
// with t a short linear filter over everything already known, whose coefficients come with
// the image.
//
// For a site of group g, channel c:
//
//   p = 16 * m_c + ((sum_k w_k * (x_k - m_c(k)) + 32) >> 6)      in 1/16 sample steps
//   z = x - ((p + 8) >> 4)
//
// x_k are the tap samples (known sub-lattices; for channels before c also the site's own
// sub-lattice), w_k has 10 fractional bits, and m_c is the channel's reference: the rounded
// mean of the four nearest known samples. Working relative to a reference keeps brightness
// out of the fit. p keeps its fraction: the prior is centred on p, not on its rounding.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/thread_pool.h"
#include "model/lattice.h"
#include "model/plane.h"
#include "model/predict_row.h"

namespace flowzip {

// One sample a filter looks at: channel, sub-lattice, and offset in grid cells.
struct Tap {
  uint8_t channel;
  Lattice lattice;
  int8_t dx, dy;
};

// How far filters reach: squared Euclidean distance in samples, per group, for taps of
// the predicted channel, of channels known at the site, and of channels not yet known.
struct ContextRadii {
  std::array<uint8_t, kGroups> own{26, 17, 13};
  std::array<uint8_t, kGroups> earlier{5, 5, 4};
  std::array<uint8_t, kGroups> later{10, 5, 5};
};

// Taps in a fixed order: by channel, then row, then column of the offset in samples.
std::vector<Tap> MakeTaps(const ContextRadii& radii, int group, int channel);

// Coefficients in the order of MakeTaps. sum |w| <= kMaxFilterNorm, so that int32 holds
// every sum for samples of up to 8 bits (differences of up to 10 bits with their sign).
using Filter = std::vector<int16_t>;
inline constexpr int32_t kMaxFilterNorm = 1 << 20;
bool FilterIsSafe(const Filter& filter);

// Samples after the lifting must fit this. It keeps every filter sum inside int32
// (2 * kMaxFilterNorm * kMaxSample < 2^31), and residuals in 1/16 steps inside int16.
inline constexpr int32_t kMaxSample = 1023;
static_assert(2 * 16 * kMaxSample <= INT16_MAX);

// What is known of a level while it is coded. Only the residuals are set from the beginning.
struct LevelPlanes {
  LevelSize size;
  std::array<std::array<SitePlane, kChannels>, kLattices> x;  // samples, [lattice][channel]
  std::array<SitePlane, kChannels> reference;                 // m of the group in hand
  std::array<SitePlane, kChannels> prediction;                // its p, 1/16 steps
  // 16 * x - p; 0 at missing sites. Empty before FinishChannel.
  std::array<std::array<SitePlane, kChannels>, kGroups> residual;

  explicit LevelPlanes(const LevelSize& level_size);
};

// Inclusive range of a channel's samples over the tile.
struct SampleRange {
  int32_t min = 0, max = 0;
  bool constant() const { return min == max; }
};

// Throws kInvalidArgument for a range beyond kMaxSample, which a model's lifting may lead to.
void RequireSampleRange(const SampleRange& range);

// Rows [y0, y1) of the group's m for all channels; needs the lattices known before `group`.
void ComputeReference(LevelPlanes& level, int group, int y0, int y1);

// The same for all rows.
void ComputeReferences(LevelPlanes& level, int group, ThreadPool& pool);

// Rows [y0, y1) of p, clamped to the range; needs the references of the taps' group.
void Predict(LevelPlanes& level, const std::vector<Tap>& taps, const Filter& filter, int channel,
             const SampleRange& range, int y0, int y1);

// After the group's channel is known: fills its missing sites with the prediction, extends
// the border and computes the residual.
void FinishChannel(LevelPlanes& level, int group, int channel, const SampleRange& range);

}  // namespace flowzip
