// SPDX-License-Identifier: BSD-3-Clause
// How large differences are, and what that says of the bits of their code.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "codec/bits/bit_slot.h"

namespace flowzip {

// 0, 1, 2, 3, 4-5, 6-7, 8-11, 12-15, ...: two steps an octave.
inline int HalfOctave(uint32_t v) {
  if (v < 4) return static_cast<int>(v);
  const int e = 31 - __builtin_clz(v);
  return 2 * e + static_cast<int>(v >> (e - 1) & 1);
}
inline int SignedHalfOctave(int32_t v) {
  const int h = HalfOctave(static_cast<uint32_t>(std::abs(v)));
  return v < 0 ? 64 + h : h;
}

// How large differences are in a context: their mean, in 1/16 of a sample.
struct Spread {
  int32_t mean = 0, seen = 0;
  void Learn(int32_t size) { LearnFine(16 * size, 30); }
  // `size` in 1/16; means are over about `memory` of them.
  void LearnFine(int32_t size, int32_t memory) {
    mean += (size - mean) / (seen + 2);
    if (seen < memory) ++seen;
  }
};

// A logistic distribution of differences: what it says of the bits of their code.
class Logistic {
 public:
  // `mean`: of the absolute difference, in 1/16; `fraction`: of the prediction, in 1/8 above the
  // integer that differences count from, -4..3.
  Logistic() = default;
  Logistic(int32_t mean, int32_t fraction) : fraction_(fraction) {
    // The scale is mean / (2 ln 2); in 1/8 sample: mean * 8 / 16 / 1.386.
    inverse_ = (int64_t{256} << 16) * 4096 / (int64_t{std::max(mean, 2)} * 1477);
  }
  // Chance that the difference is at least v - 1/2 above (or below) the prediction, times 2^31.
  int64_t Tail(int32_t v, bool below) const {
    const int64_t t = int64_t{8} * v - 4 + (below ? fraction_ : -fraction_);
    const int64_t x = std::min<int64_t>(std::abs(t) * inverse_ >> 16, kMaxStretch);
    const int64_t far = kBitTables.tail[x];
    return t >= 0 ? std::max<int64_t>(far, 1) : (int64_t{1} << 31) - far;
  }

  // Log-odds of the bits of a difference's code (difference_code.h).
  int32_t Differs() const { return Odds(Tail(1, false) + Tail(1, true), int64_t{1} << 31); }
  int32_t Negative() const { return Odds(Tail(1, true), Tail(1, false) + Tail(1, true)); }
  int32_t Beyond(int octave, bool negative) const {
    return Odds(Tail(2 << octave, negative), Tail(1 << octave, negative));
  }
  int32_t UpperHalf(int octave, bool negative) const {
    const int64_t end = Tail(2 << octave, negative);
    return Odds(Tail(3 << (octave - 1), negative) - end, Tail(1 << octave, negative) - end);
  }

 private:
  int32_t Odds(int64_t part, int64_t whole) const {
    const int64_t p = whole <= 0 ? 2048 : std::clamp<int64_t>(part * 4096 / whole, 0, 4095);
    return kBitTables.stretch[p];
  }

  int32_t fraction_ = 0;
  int64_t inverse_ = 0;
};

}  // namespace flowzip
