// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/network/adaptive_state.h"

namespace flowzip {
namespace {

int SlotTableBits(size_t samples) { return TableBits(samples, 4); }

// At first the network alone is believed.
std::array<int32_t, AdaptiveState::kInputs> FirstWeights() {
  std::array<int32_t, AdaptiveState::kInputs> weights{};
  weights[AdaptiveState::kSlots] = 65536;
  return weights;
}

}  // namespace

AdaptiveState::AdaptiveState(size_t samples)
    : by_texture(size_t{kSteepness} * kTexture),
      by_errors(size_t{kNearErrors}),
      spreads(size_t{kShapes} * 4096),
      slots(SlotTableBits(samples)),
      mixers({kBitKinds, kBitKinds * 64, kBitKinds * 64, kBitKinds * 128}, FirstWeights()),
      map(size_t{kBitKinds} * 64) {}

uint64_t AdaptiveState::Memory(size_t samples) {
  constexpr uint64_t kFixed = uint64_t{2} << 20;  // all but the slots
  return kFixed + (sizeof(BitSlot) << SlotTableBits(samples));
}

}  // namespace flowzip
