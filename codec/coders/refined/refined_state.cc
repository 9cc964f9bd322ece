// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/refined/refined_state.h"

namespace flowzip {
namespace {

int SlotTableBits(size_t samples) { return TableBits(samples, 4); }

// At first the flow alone is believed.
std::array<int32_t, RefinedState::kInputs> FirstWeights() {
  std::array<int32_t, RefinedState::kInputs> weights{};
  weights[RefinedState::kSlots] = 65536;
  return weights;
}

}  // namespace

RefinedState::RefinedState(size_t samples)
    : by_texture(size_t{kChannels} * kGroups * kSteepness * kTexture),
      by_errors(size_t{kChannels} * kGroups * kNearErrors),
      spreads(size_t{kLevelClasses} * kChannels * kShapes * 4096),
      slots(SlotTableBits(samples)),
      mixers{BitMixer(kBitKinds * kPlaces, FirstWeights()),
             BitMixer(kBitKinds * 64, FirstWeights()), BitMixer(kBitKinds * 64, FirstWeights())},
      map(size_t{kBitKinds} * kChannels * 64) {}

uint64_t RefinedState::Memory(int width, int height, int channels) {
  constexpr uint64_t kFixed = 4 << 20;  // all but what follows
  const uint64_t border = 2 * Canvas::kBorder;
  const uint64_t canvas = kChannels * 2 * sizeof(int16_t) * (width + border) * (height + border);
  const size_t samples = size_t(width) * height * channels;
  return kFixed + canvas + canvas / 4 + border * border * 64 +
         (sizeof(BitSlot) << SlotTableBits(samples));
}

void RefinedState::BeginLevel(const LevelPlanes& level) {
  for (int c = 0; c < kChannels; ++c) {
    Canvas next(level.size.width, level.size.height);
    const Canvas& coarse = canvas[c];
    const SitePlane& a = level.x[kA][c];
    for (int i = 0; i < level.size.grid_height(); ++i) {
      for (int j = 0; j < level.size.grid_width(); ++j) {
        next.value.At(2 * j, 2 * i) = static_cast<int16_t>(a.At(j, i));
        if (!coarse.error.empty()) next.error.At(2 * j, 2 * i) = coarse.error.At(j, i);
      }
    }
    canvas[c] = std::move(next);
  }
}

}  // namespace flowzip
