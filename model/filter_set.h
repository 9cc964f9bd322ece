// SPDX-License-Identifier: BSD-3-Clause
// The filters of one level and how the encoder chooses them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/thread_pool.h"
#include "model/adaptive_coupling.h"

namespace flowzip {

// Taps for every group and channel; the same for all levels of a model.
struct TapSet {
  std::array<std::array<std::vector<Tap>, kChannels>, kGroups> taps;
  explicit TapSet(const ContextRadii& radii);
};

// How a filter travels: as the model's default, or as steps away from it.
struct FilterCode {
  bool custom = false;
  int step_log2 = 1;            // coefficient step, 2^1 .. 2^4 in units of 2^-kFilterBits
  int golomb = 0;               // parameter of the Exp-Golomb code of the deltas, 0..7
  std::vector<int32_t> deltas;  // in steps
};
inline constexpr int kMinFilterStep = 1, kMaxFilterStep = 4, kMaxFilterGolomb = 7;

using FilterSet = std::array<std::array<Filter, kChannels>, kGroups>;
using FilterCodes = std::array<std::array<FilterCode, kChannels>, kGroups>;

// The filter that a code stands for. Throws kCorrupt if a coefficient leaves int16 or the
// filter could overflow.
Filter ApplyCode(const Filter& base, const FilterCode& code);

// Bits of an Exp-Golomb code of order k for the zig-zag of `delta`.
int DeltaBits(int32_t delta, int k);

// Chooses the cheapest code of every filter: the default, or the weighted least-squares fit to
// this level at one of the steps. All samples must be present with borders extended; fills in
// the level's references. Levels with few sites keep the defaults.
FilterCodes FitFilters(LevelPlanes& level, const TapSet& taps, const FilterSet& defaults,
                       const std::array<SampleRange, kChannels>& ranges, ThreadPool& pool);

}  // namespace flowzip
