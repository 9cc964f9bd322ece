// SPDX-License-Identifier: BSD-3-Clause
// The adaptive models of the byte coder, for either direction (byte_coder.h).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "codec/bits/bit_model.h"

namespace flowzip {

inline constexpr size_t kByteBlock = size_t{1} << 16;  // bytes that are coded or raw together
inline constexpr uint32_t kLeastRepeat = 2, kLeastMatch = 4;

// Up to so many bytes, a literal's bits are mixed from four contexts. Above, the best one of three
// is taken, a quarter of the time and 5 % more bytes: 1.2 s for 4 MB of what hardly shrinks, not 4.
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
inline bool MixesLiterals(size_t size) { return size <= size_t{1} << 12; }
#else
inline bool MixesLiterals(size_t size) { return size <= size_t{1} << 19; }
#endif

// The size of the table of slots; the smaller one is in a core's own cache.
inline int ByteTableBits(size_t size) {
  return MixesLiterals(size) ? std::min(TableBits(size, 4), 20) : 18;
}

// What comes next: a byte of its own, a match at the last distance, one at another distance.
enum class ByteStep { kLiteral = 0, kRepeat = 1, kMatch = 2 };

template <class Coder>
class ByteModel {
 public:
  ByteModel(Coder& coder, size_t size)
      : coder_(coder),
        mixes_(MixesLiterals(size)),
        slots_(size_t{1} << ByteTableBits(size)),
        order1_(mixes_ ? 0 : 65536),
        shift_(64 - ByteTableBits(size) + 4),
        literal_(256, 9 * 8) {}

  bool CodeRaw(bool raw) { return coder_.Code(raw ? 1 : 0, 1 << 15) != 0; }

  ByteStep CodeStep(ByteStep step) {
    const int wanted = static_cast<int>(step);
    int got = CodePlain(kSteps + 2 * history_, wanted != 0);
    if (got != 0) got += CodePlain(kSteps + 2 * history_ + 1, wanted == 2);
    history_ = 3 * (history_ % 3) + got;
    return static_cast<ByteStep>(got);
  }

  // `behind`: what precedes the byte, of which the last three count; zeros before the begin.
  uint8_t CodeLiteral(uint8_t byte, uint32_t behind) {
    if (!mixes_) return CodeQuickLiteral(byte, behind);
    const uint64_t one = HashStep(51, behind & 0xFF), two = HashStep(52, behind & 0xFFFF),
                   three = HashStep(53, behind & 0xFFFFFF);
    uint32_t node = 1;
    std::array<Half, 3> halves{};
    for (int i = 7; i >= 0; --i) {
      // Four bits of a context lie side by side: one place in memory for the high half of a byte,
      // one for the low.
      if (i == 7 || i == 3) {
        halves = {FindHalf(HashStep(one, node)), FindHalf(HashStep(two, node)),
                  FindHalf(HashStep(three, node))};
      }
      const uint32_t in_half = i > 3 ? node : (node & ((8U >> i) - 1)) | 8U >> i;
      const std::array<BitSlot*, 4> slots = {&order0_[node], halves[0].Find(in_half),
                                             halves[1].Find(in_half), halves[2].Find(in_half)};
      const int bit =
          literal_.Code(coder_, byte >> i & 1, slots, {}, static_cast<int>(node), 8 * history_ + i);
      node = node << 1 | static_cast<uint32_t>(bit);
    }
    return static_cast<uint8_t>(node);
  }

  uint32_t CodeLength(bool repeat, uint32_t length) {
    const uint32_t least = repeat ? kLeastRepeat : kLeastMatch;
    return least + CodeNumber(repeat ? 0 : 1, length - least);
  }
  // Of a match of that length.
  uint32_t CodeDistance(uint32_t length, uint32_t distance) {
    return 1 + CodeNumber(2 + static_cast<int>(std::min(length - kLeastMatch, 3U)), distance - 1);
  }

 private:
  // Slots that need no hash: of steps, and of the six kinds of numbers.
  static constexpr int kSteps = 0, kNumbers = 18, kNumberSlots = 32 + 32 * 32;

  // Sixteen slots of one context, of which the first is not used.
  struct Half {
    BitSlot* slots = nullptr;
    uint32_t mark = 0;
    BitSlot* Find(uint32_t node) const { return slots[node].ClaimedBy(mark); }
  };
  Half FindHalf(uint64_t hash) {
    return {&slots_[hash >> shift_ << 4], static_cast<uint32_t>(hash & 255)};
  }

  // By the bytes before, none, one or two, whichever told most of late.
  uint8_t CodeQuickLiteral(uint8_t byte, uint32_t behind) {
    const auto best =
        static_cast<size_t>(std::min_element(missed_.begin(), missed_.end()) - missed_.begin());
    const uint64_t two = HashStep(52, behind & 0xFFFF);
    uint32_t node = 1;
    std::array<uint32_t, 3> missed{};
    Half half;
    for (int i = 7; i >= 0; --i) {
      if (i == 7 || i == 3) half = FindHalf(HashStep(two, node));
      const uint32_t in_half = i > 3 ? node : (node & ((8U >> i) - 1)) | 8U >> i;
      const std::array<BitSlot*, 3> slots = {&order0_[node], &order1_[(behind & 0xFF) << 8 | node],
                                             half.Find(in_half)};
      const int bit = coder_.Code(byte >> i & 1, slots[best]->chance(64));
      for (size_t k = 0; k < 3; ++k) {
        const uint32_t chance = slots[k]->chance(64), miss = bit != 0 ? 65536 - chance : chance;
        missed[k] += miss * miss >> 16;
        slots[k]->Learn(bit);
      }
      node = node << 1 | static_cast<uint32_t>(bit);
    }
    for (size_t k = 0; k < 3; ++k) missed_[k] += missed[k] - (missed_[k] >> 4);
    return static_cast<uint8_t>(node);
  }

  int CodePlain(int place, int bit) {
    return CodeBySlot<64>(coder_, bit, plain_[static_cast<size_t>(place)]);
  }

  // value + 1 in octaves; its leading bits know each other, the lower ones only themselves.
  uint32_t CodeNumber(int kind, uint32_t value) {
    const int base = kNumbers + kind * kNumberSlots;
    const uint32_t wanted = value + 1;
    const int last = Coder::kEncodes ? 31 - __builtin_clz(wanted) : 0;
    int octave = 0;
    while (octave < 30 && CodePlain(base + octave, octave < last) != 0) ++octave;
    uint32_t v = 1;
    for (int i = octave - 1; i >= 0; --i) {
      const int place = i >= octave - 3 ? static_cast<int>(v) : 8 + i;
      v = v << 1 | static_cast<uint32_t>(CodePlain(base + 32 + 32 * octave + place,
                                                   static_cast<int>(wanted >> i & 1)));
    }
    return v - 1;
  }

  Coder& coder_;
  bool mixes_;
  std::vector<BitSlot> slots_, order1_;
  std::array<uint32_t, 3> missed_{};
  int shift_;
  BitPredictor<4> literal_;
  std::array<BitSlot, 256> order0_;
  std::array<BitSlot, kNumbers + 6 * kNumberSlots> plain_;
  int history_ = 0;  // the last two steps, base 3
};

}  // namespace flowzip
