// SPDX-License-Identifier: BSD-3-Clause
// A bit predicted by several contexts at once: integers only.
//
// Each context has a slot, found by hashing. The slots' log-odds are weighed by a small online
// network (a mixer) whose weights learn which contexts to trust. docs/FORMAT.md 3.1 is the
// definition.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec/bits/bit_slot.h"

namespace flowzip {

// How fast weights follow errors: by first + last in the beginning, by last in the end, half way
// after `half` bits.
struct Steps {
  int32_t first, last, half;
};
inline constexpr Steps kQuickSteps = {32, 40, 32};

// The network: `sets` groups of weights, of which the caller chooses one for each bit.
template <int kInputs, Steps kSteps = kQuickSteps>
class Mixer {
 public:
  Mixer(int sets, const std::array<int32_t, kInputs>& weights) : sets_(sets, Set{weights}) {}
  Mixer(int sets, int32_t weight) : sets_(sets) {
    for (Set& set : sets_) set.weights.fill(weight);
  }
  // Log-odds of a 1.
  int32_t Mix(const std::array<int32_t, kInputs>& inputs, int set) {
    chosen_ = &sets_[set];
    int64_t sum = 0;
    for (int i = 0; i < kInputs; ++i) sum += int64_t{inputs[i]} * chosen_->weights[i];
    const auto odds = static_cast<int32_t>(sum >> 16);
    output_ = odds < -kMaxStretch ? -kMaxStretch : odds > kMaxStretch ? kMaxStretch : odds;
    return output_;
  }
  void Update(const std::array<int32_t, kInputs>& inputs, int bit) {
    const int32_t p = kBitTables.squash[output_ + kMaxStretch];
    const int32_t error = (bit << 16) - p;
    const int32_t step = kSteps.last + kSteps.first * kSteps.half / (kSteps.half + chosen_->seen);
    if (chosen_->seen < 2048) ++chosen_->seen;
    for (int i = 0; i < kInputs; ++i) {
      const int64_t change = (int64_t{inputs[i]} * error * step + (1 << 19)) >> 20;
      int64_t w = chosen_->weights[i] + change;
      if (w > kMaxWeight) w = kMaxWeight;
      if (w < -kMaxWeight) w = -kMaxWeight;
      chosen_->weights[i] = static_cast<int32_t>(w);
    }
  }

 private:
  static constexpr int64_t kMaxWeight = int64_t{1} << 20;  // 16.0
  struct Set {
    std::array<int32_t, kInputs> weights;
    int32_t seen = 0;
  };
  std::vector<Set> sets_;
  Set* chosen_ = nullptr;
  int32_t output_ = 0;
};

// Codes one bit under the mixture of kSlots contexts' slots and kOdds further estimates, which come
// as log-odds. `Coder` is a BinaryEncoder or -Decoder.
template <int kSlots, int kOdds = 0>
class BitPredictor {
 public:
  BitPredictor(int sets_a, int sets_b) : a_(sets_a, FirstWeights()), b_(sets_b, FirstWeights()) {}

  template <class Coder>
  int Code(Coder& coder, int bit, const std::array<BitSlot*, kSlots>& slots,
           const std::array<int32_t, kOdds>& odds, int set_a, int set_b) {
    std::array<int32_t, kInputs> inputs;
    for (int i = 0; i < kSlots; ++i) inputs[i] = slots[i]->log_odds();
    for (int i = 0; i < kOdds; ++i) inputs[kSlots + i] = odds[i];
    inputs[kInputs - 1] = 256;
    const int32_t mixed = (a_.Mix(inputs, set_a) + b_.Mix(inputs, set_b)) >> 1;
    bit = coder.Code(bit, kBitTables.squash[mixed + kMaxStretch]);
    a_.Update(inputs, bit);
    b_.Update(inputs, bit);
    for (BitSlot* slot : slots) slot->Learn(bit);
    return bit;
  }

 private:
  static constexpr int kInputs = kSlots + kOdds + 1;
  // Slots say little until they have seen something, so that they may be believed at once.
  static std::array<int32_t, kInputs> FirstWeights() {
    std::array<int32_t, kInputs> weights;
    weights.fill(kOdds > 0 ? 4096 : 180224 / kInputs);
    if (kOdds > 0) std::fill_n(weights.begin(), kSlots, 11264);
    return weights;
  }
  Mixer<kInputs> a_, b_;
};

}  // namespace flowzip
