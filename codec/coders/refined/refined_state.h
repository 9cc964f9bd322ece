// SPDX-License-Identifier: BSD-3-Clause
// Refined coding: what a tile has taught so far, beyond what the flow knows.
//
// The flow's prior is fixed. As a tile is coded, level by level, these models learn where its
// means are off, how wide its errors are in which circumstances, and which values and colours
// occur. refined_pass.h uses them; docs/FORMAT.md 3.12 is the definition. All of it is integer
// arithmetic that encoder and decoder repeat alike, site after site.
//
// Sources: logistic mixing and adaptive probability maps are those of PAQ (Mahoney 2005); online
// linear prediction and error feedback by context those of TMW (Meyer & Tischer 1997) and CALIC
// (Wu & Memon 1997), here of the flow's error instead of the sample.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec/bits/bit_model.h"
#include "codec/bits/feedback.h"
#include "codec/bits/logistic.h"
#include "model/adaptive_coupling.h"

namespace flowzip {

// A channel of the level in hand, on its full raster.
struct Canvas {
  static constexpr int kBorder = 4;  // always unknown
  static constexpr int16_t kUnknown = INT16_MIN;
  Plane<int16_t> value;  // kUnknown where nothing is known yet
  Plane<int16_t> error;  // sample less the flow's mean, in 1/16; 0 where nothing is known
  Canvas() = default;
  Canvas(int width, int height) : value(width, height, kBorder), error(width, height, kBorder) {
    value.Fill(kUnknown);
  }
};

struct RefinedState {
  // Estimates that a bit is mixed from: context slots, the flow's, logistics', a constant.
  static constexpr int kSlots = 10, kShapes = 5, kInputs = kSlots + 1 + kShapes + 1;
  static constexpr int kBitKinds = 40, kLevelClasses = 3, kFilters = 2;
  static constexpr int kLastStep = 18;  // of the mixers' learning
  static constexpr int kPlaces = kLevelClasses * kGroups * kChannels;
  static constexpr int kTexture = 1024, kSteepness = 4, kNearErrors = 1024;  // drift contexts
  using BitMixer = Mixer<kInputs, kLastStep>;

  // For a tile of that many samples.
  explicit RefinedState(size_t samples);
  static uint64_t Memory(int width, int height, int channels);  // bytes; an upper estimate

  // The next finer level: its A sites are what the level before was.
  void BeginLevel(const LevelPlanes& level);

  std::array<Canvas, kChannels> canvas;
  std::array<std::array<ErrorFilter, kFilters>, kPlaces> filters;
  std::vector<Drift> by_texture, by_errors;
  std::vector<Spread> spreads;
  SlotTable slots;
  std::array<BitMixer, 3> mixers;
  ProbabilityMap map;
};

}  // namespace flowzip
