// SPDX-License-Identifier: BSD-3-Clause
// Adaptive planes: what a plane has taught so far, beyond what the network knows.
//
// The network is fixed. As a plane is coded, these models learn where its means are off, how wide
// its errors are in which circumstances, and which values and colours occur. adaptive_sites.h uses
// them; docs/FORMAT.md is the definition. All of it is integer arithmetic that encoder and decoder
// repeat alike, site after site.
//
// Sources: logistic mixing and adaptive probability maps are those of PAQ (Mahoney 2005); online
// linear prediction and error feedback by context those of TMW (Meyer & Tischer 1997) and CALIC
// (Wu & Memon 1997), here of the network's error instead of the sample.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec/bits/bit_model.h"
#include "codec/bits/feedback.h"
#include "codec/bits/logistic.h"

namespace flowzip {

struct AdaptiveState {
  // Estimates that a bit is mixed from: context slots, the network's, logistics', a constant.
  static constexpr int kSlots = 14, kShapes = 2, kInputs = kSlots + 1 + kShapes + 1;
  static constexpr int kBitKinds = 40, kMostFilterInputs = 43;
  static constexpr Steps kSteps = {12, 18, 16};  // of the mixers' learning
  static constexpr int kTexture = 1024, kSteepness = 4, kNearErrors = 1024;  // drift contexts
  using BitMixers = Mixers<kInputs, 4, kSteps>;
  using Filters = ErrorFilters<kMostFilterInputs, 2>;

  // For a plane of that many samples.
  explicit AdaptiveState(size_t samples);
  static uint64_t Memory(size_t samples);  // bytes; an upper estimate

  Filters filters;
  std::vector<Drift> by_texture, by_errors;
  std::vector<Spread> spreads;
  SlotTable slots;
  BitMixers mixers;
  ProbabilityMap map;
};

}  // namespace flowzip
