// SPDX-License-Identifier: BSD-3-Clause
// Adaptive probabilities of single bits, and their mixing: integers only.
//
// A bit is predicted by several contexts at once. Each context has a slot, found by hashing, with
// a probability and a count; the slots' log-odds are weighed by a small online network (a mixer)
// whose weights learn which contexts to trust. docs/FORMAT.md 3.6 is the definition.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace flowzip {

// Log-odds ("stretched" probabilities) have 8 fractional bits.
inline constexpr int kMaxStretch = 3071;

struct BitTables {
  std::array<int16_t, 4096> stretch;                 // of p / 4096
  std::array<int16_t, 16384> fine_stretch;           // of p / 16384
  std::array<uint16_t, 2 * kMaxStretch + 1> squash;  // 2^16 times the probability, 16..65520
  std::array<int32_t, 64> rate;                      // 2^16 / (n + 1.5)
  std::array<int32_t, 64> trust;                     // of a slot with count n, 2^8 = full
  std::array<uint32_t, kMaxStretch + 1> tail;        // 2^31 / (1 + exp(x / 256))
};
extern const BitTables kBitTables;

inline uint64_t HashStep(uint64_t h, uint64_t value) {
  h = (h ^ value) * 0x9E3779B97F4A7C15u;
  return h ^ (h >> 32);
}

// 18 bits of probability, 6 of count, 8 to tell contexts of one place apart.
using BitSlot = uint32_t;
inline constexpr int32_t kMaxCount = 60;
inline constexpr BitSlot kNewSlot = uint32_t{1} << 31;

inline void UpdateSlot(BitSlot& slot, int bit) {
  const BitTables& tables = kBitTables;
  const int32_t p = static_cast<int32_t>(slot >> 14);
  const int32_t n = static_cast<int32_t>(slot >> 8 & 63);
  const int32_t target = bit != 0 ? (1 << 18) - 1 : 0;
  const int32_t next = p + static_cast<int32_t>((int64_t{target - p} * tables.rate[n]) >> 16);
  slot = static_cast<uint32_t>(next) << 14 | static_cast<uint32_t>(n < kMaxCount ? n + 1 : n) << 8 |
         (slot & 255);
}

// The size of a hash table for what `count` samples leave, 2^extra entries each, within limits.
inline int TableBits(size_t count, int extra) {
  int bits = extra;
  while (count > 1) count >>= 1, ++bits;
  return bits < 10 ? 10 : bits > 22 ? 22 : bits;
}

// A hash table of slots. Places are shared without mercy: a context that finds another's mark
// starts anew.
class SlotTable {
 public:
  explicit SlotTable(int bits) : slots_(size_t{1} << bits, kNewSlot), shift_(64 - bits) {}
  // Says that Find(hash) comes soon: most slots are in no cache.
  void Prefetch(uint64_t hash) const { __builtin_prefetch(&slots_[hash >> shift_], /*rw=*/1); }
  BitSlot* Find(uint64_t hash) {
    BitSlot* slot = &slots_[hash >> shift_];
    const auto mark = static_cast<uint32_t>(hash & 255);
    if ((*slot & 255) != mark) *slot = kNewSlot | mark;
    return slot;
  }

 private:
  std::vector<BitSlot> slots_;
  int shift_;
};

// The network: `sets` groups of weights, of which the caller chooses one for each bit.
template <int kInputs, int32_t kLastStep = 24>
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
    const int32_t step = kLastStep + (kFirstStep - kLastStep) * 16 / (16 + chosen_->seen);
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
  static constexpr int32_t kFirstStep = 30;
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
    const BitTables& tables = kBitTables;
    std::array<int32_t, kInputs> inputs;
    for (int i = 0; i < kSlots; ++i) {
      inputs[i] = tables.stretch[*slots[i] >> 20] * tables.trust[*slots[i] >> 8 & 63] >> 8;
    }
    for (int i = 0; i < kOdds; ++i) inputs[kSlots + i] = odds[i];
    inputs[kInputs - 1] = 256;
    const int32_t mixed = (a_.Mix(inputs, set_a) + b_.Mix(inputs, set_b)) >> 1;
    bit = coder.Code(bit, tables.squash[mixed + kMaxStretch]);
    a_.Update(inputs, bit);
    b_.Update(inputs, bit);
    for (BitSlot* slot : slots) UpdateSlot(*slot, bit);
    return bit;
  }

 private:
  static constexpr int kInputs = kSlots + kOdds + 1;
  // Beside estimates that know something from the start, slots have to earn their say.
  static std::array<int32_t, kInputs> FirstWeights() {
    std::array<int32_t, kInputs> weights;
    weights.fill(kOdds > 0 ? 65536 / 4 : 65536 * 2 / kInputs);
    if (kOdds > 0) std::fill_n(weights.begin(), kSlots, 65536 / 16);
    return weights;
  }
  Mixer<kInputs> a_, b_;
};

}  // namespace flowzip
