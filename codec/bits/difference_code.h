// SPDX-License-Identifier: BSD-3-Clause
// A sample as its difference from a guess, bit by bit: whether there is one, its sign, the octave
// of its size in unary, then the bits inside the octave, high ones first.
//
//   difference   -5:  1 (there is one)  1 (negative)  1 1 0 (at least 2, at least 4, not 8)  01
//
// Bits that the bounds decide are left out. What a bit's chances are is the coder's affair: it
// brings a `Bits`, whose functions code one bit each and return it. In a decoder they ignore the
// bit that they are given.
//
//   int Differs(int bit);
//   int Negative(int bit);
//   void Towards(bool negative, uint32_t most);      the sign is known; sizes are 1 to most
//   int Beyond(int octave, int bit);                 at least 2^(octave + 1)?
//   int Inside(int octave, int place, uint32_t above, int bit);   the bit of weight 2^place below
//                                                    those in `above`, which begin with a 1
#pragma once

#include <bit>
#include <cstdint>
#include <cstdlib>

#include "base/error.h"

namespace flowzip {

// Returns the sample, which is within the bounds, as are `guess` and `actual`. Throws kCorrupt.
template <class Bits>
int32_t CodeDifference(Bits&& bits, int32_t guess, int32_t lowest, int32_t highest,
                       int32_t actual) {
  if (bits.Differs(actual != guess) == 0) return guess;
  const bool negative = guess != lowest && (guess == highest || bits.Negative(actual < guess) != 0);
  const auto most = static_cast<uint32_t>(negative ? guess - lowest : highest - guess);
  bits.Towards(negative, most);
  const auto size = static_cast<uint32_t>(std::abs(actual - guess));
  const int last = std::bit_width(most) - 1, wanted = std::bit_width(size | 1) - 1;
  int octave = 0;
  while (octave < last && bits.Beyond(octave, octave < wanted) != 0) ++octave;
  uint32_t got = 1;
  for (int place = octave - 1; place >= 0; --place) {
    const int bit = static_cast<int>(size >> place & 1);
    got = got << 1 | static_cast<uint32_t>(bits.Inside(octave, place, got, bit));
  }
  Require(got <= most, ErrorCode::kCorrupt, "sample out of range");
  return negative ? guess - static_cast<int32_t>(got) : guess + static_cast<int32_t>(got);
}

}  // namespace flowzip
