// SPDX-License-Identifier: BSD-3-Clause
// What a context has taught of a bit (docs/FORMAT.md 3.1): integers only.
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

// The probability of a 1, how many bits it comes from, and a mark of 8 bits that tells contexts of
// one place apart. One word, since millions of slots lie in tables that no cache holds.
class BitSlot {
 public:
  // Nothing is known: even chances.
  constexpr BitSlot() = default;
  // Even chances that `count` bits have borne out.
  static constexpr BitSlot Even(int32_t count) {
    return BitSlot(kEven | static_cast<uint32_t>(count) << kMarkBits);
  }

  // For the coder: in 2^-16, at least `margin` away from 0 and 1.
  constexpr uint32_t chance(uint32_t margin) const {
    return std::clamp<uint32_t>(word_ >> 16, margin, 65536 - margin);
  }
  // For a mixer: the less it has seen, the nearer 0.
  int32_t log_odds() const {
    return kBitTables.stretch[word_ >> 20] * kBitTables.trust[count()] >> 8;
  }
  void Learn(int bit) {
    const auto p = static_cast<int32_t>(word_ >> kChanceShift);
    const int32_t n = static_cast<int32_t>(count());
    const int32_t target = bit != 0 ? (1 << (32 - kChanceShift)) - 1 : 0;
    const int32_t next = p + static_cast<int32_t>((int64_t{target - p} * kBitTables.rate[n]) >> 16);
    word_ = static_cast<uint32_t>(next) << kChanceShift |
            static_cast<uint32_t>(n < kMaxCount ? n + 1 : n) << kMarkBits | (word_ & kMarkMask);
  }
  // Starts anew where the slot was another context's.
  BitSlot* ClaimedBy(uint32_t mark) {
    if ((word_ & kMarkMask) != mark) word_ = kEven | mark;
    return this;
  }

 private:
  static constexpr int kMarkBits = 8, kCountBits = 6, kChanceShift = kMarkBits + kCountBits;
  static constexpr uint32_t kMarkMask = (1u << kMarkBits) - 1, kEven = uint32_t{1} << 31;
  static constexpr int32_t kMaxCount = 60;  // it never learns slower than that

  constexpr explicit BitSlot(uint32_t word) : word_(word) {}
  constexpr uint32_t count() const { return word_ >> kMarkBits & ((1u << kCountBits) - 1); }

  uint32_t word_ = kEven;  // probability (18 bits), count, mark: high bits first
};

// A bit that one slot knows. `Coder` is a BinaryEncoder or -Decoder.
template <uint32_t kMargin = 32, class Coder>
int CodeBySlot(Coder& coder, int bit, BitSlot& slot) {
  bit = coder.Code(bit, slot.chance(kMargin));
  slot.Learn(bit);
  return bit;
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
  explicit SlotTable(int bits) : slots_(size_t{1} << bits), shift_(64 - bits) {}
  // Says that Find(hash) comes soon: most slots are in no cache.
  void Prefetch(uint64_t hash) const { __builtin_prefetch(&slots_[hash >> shift_], /*rw=*/1); }
  // `which`: of a few slots side by side, those of one context but for what comes last.
  BitSlot* Find(uint64_t hash, uint64_t which = 0) {
    return slots_[hash >> shift_ ^ which].ClaimedBy(static_cast<uint32_t>(hash & 255));
  }

 private:
  std::vector<BitSlot> slots_;
  int shift_;
};

}  // namespace flowzip
