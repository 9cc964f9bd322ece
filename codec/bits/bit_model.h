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
#include "codec/bits/online_linear.h"

namespace flowzip {

// How fast weights follow errors: by first + last in the beginning, by last in the end, half way
// after `half` bits.
struct Steps {
  int32_t first, last, half;
};
inline constexpr Steps kQuickSteps = {32, 40, 32};

// The network: kMixers mixers of the same inputs, each with sets of weights, of which the caller
// chooses one for each bit.
template <int kInputs, int kMixers, Steps kSteps = kQuickSteps>
class Mixers {
 public:
  // Beyond kInputs they must be 0.
  using Inputs = std::array<int32_t, RowOf(kInputs)>;
  using Sets = std::array<int, kMixers>;

  // `sets`: how many each mixer has. `weights`: what all start with.
  Mixers(const Sets& sets, const std::array<int32_t, kInputs>& weights) {
    Set first;
    std::copy(weights.begin(), weights.end(), first.weights.begin());
    for (size_t m = 0; m < kMixers; ++m) sets_[m].assign(static_cast<size_t>(sets[m]), first);
  }
  // The sum of the mixers' log-odds of a 1.
  int32_t Mix(const Inputs& inputs, const Sets& sets) {
    for (size_t m = 0; m < kMixers; ++m) {
      chosen_[m] = &sets_[m][static_cast<size_t>(sets[m])];
      weights_[m] = chosen_[m]->weights.data();
    }
    std::array<int64_t, kMixers> sums;
    WeighInputs(inputs.data(), RowOf(kInputs), weights_.data(), kMixers, sums.data());
    int32_t all = 0;
    for (size_t m = 0; m < kMixers; ++m) {
      outputs_[m] = std::clamp(static_cast<int32_t>(sums[m] >> 16), -kMaxStretch, kMaxStretch);
      all += outputs_[m];
    }
    return all;
  }
  void Update(const Inputs& inputs, int bit) {
    std::array<int32_t, kMixers> steps;
    for (size_t m = 0; m < kMixers; ++m) {
      const int32_t error = (bit << 16) - kBitTables.squash[outputs_[m] + kMaxStretch];
      int32_t& seen = chosen_[m]->seen;
      steps[m] = error * (kSteps.last + kSteps.first * kSteps.half / (kSteps.half + seen));
      if (seen < 2048) ++seen;
    }
    StepMixers(inputs.data(), RowOf(kInputs), weights_.data(), kMixers, steps.data());
  }

 private:
  struct Set {
    std::array<int32_t, RowOf(kInputs)> weights{};
    int32_t seen = 0;
  };
  std::array<std::vector<Set>, kMixers> sets_;
  std::array<Set*, kMixers> chosen_{};
  std::array<int32_t*, kMixers> weights_{};  // of the chosen sets
  std::array<int32_t, kMixers> outputs_{};
};

// Codes one bit under the mixture of kSlots contexts' slots and kOdds further estimates, which come
// as log-odds. `Coder` is a BinaryEncoder or -Decoder.
template <int kSlots, int kOdds = 0>
class BitPredictor {
 public:
  BitPredictor(int sets_a, int sets_b) : mixers_({sets_a, sets_b}, FirstWeights()) {}

  template <class Coder>
  int Code(Coder& coder, int bit, const std::array<BitSlot*, kSlots>& slots,
           const std::array<int32_t, kOdds>& odds, int set_a, int set_b) {
    typename Both::Inputs inputs{};
    for (int i = 0; i < kSlots; ++i) inputs[i] = slots[i]->log_odds();
    for (int i = 0; i < kOdds; ++i) inputs[kSlots + i] = odds[i];
    inputs[kInputs - 1] = 256;
    const int32_t mixed = mixers_.Mix(inputs, {set_a, set_b}) >> 1;
    bit = coder.Code(bit, kBitTables.squash[mixed + kMaxStretch]);
    mixers_.Update(inputs, bit);
    for (BitSlot* slot : slots) slot->Learn(bit);
    return bit;
  }

 private:
  static constexpr int kInputs = kSlots + kOdds + 1;
  using Both = Mixers<kInputs, 2>;
  // Slots say little until they have seen something, so that they may be believed at once.
  static std::array<int32_t, kInputs> FirstWeights() {
    std::array<int32_t, kInputs> weights;
    weights.fill(kOdds > 0 ? 4096 : 180224 / kInputs);
    if (kOdds > 0) std::fill_n(weights.begin(), kSlots, 11264);
    return weights;
  }
  Both mixers_;
};

}  // namespace flowzip
