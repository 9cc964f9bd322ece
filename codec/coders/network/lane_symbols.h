// SPDX-License-Identifier: BSD-3-Clause
// Symbols on a rANS stack whose states belong to lanes, and codes made of them.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "base/error.h"
#include "base/unset_vector.h"
#include "rans/escape.h"
#include "rans/rans.h"

namespace flowzip {

// Distances beyond a mixture's window: Exp-Golomb.
inline constexpr int kEscapeOrder = 2, kMaxEscapeZeros = 20;
inline constexpr int kUniformPiece = 8;  // bits of a number that are one symbol, high ones first

// The encoder's symbols in the order in which they are read, each with its state.
class LaneLog {
 public:
  void Reserve(size_t symbols) {
    symbols_.reserve(symbols);
    states_.reserve(symbols);
  }
  void Add(int state, Interval symbol) {
    symbols_.push_back(symbol.start << 16 | (symbol.freq - 1));
    states_.push_back(static_cast<uint8_t>(state));
  }
  void AddUniform(int state, uint32_t value, int bits) {
    while (bits > 0) {
      const int piece = bits > kUniformPiece ? kUniformPiece : bits;
      bits -= piece;
      Add(state, UniformInterval(value >> bits & ((1u << piece) - 1), piece));
    }
  }
  void AddDistance(int state, uint32_t value) {
    const uint32_t v = value + (1u << kEscapeOrder);
    const int extra = std::bit_width(v) - 1 - kEscapeOrder;
    for (int i = 0; i < extra; ++i) AddUniform(state, 0, 1);
    AddUniform(state, 1, 1);
    AddUniform(state, v & ((1u << (extra + kEscapeOrder)) - 1), extra + kEscapeOrder);
  }
  // The stream of a stack with so many states.
  std::vector<uint8_t> Encode(int states) const {
    RansStack stack(states);
    for (size_t i = symbols_.size(); i-- > 0;) {
      stack.Select(states_[i]);
      stack.PushHere({symbols_[i] >> 16, (symbols_[i] & 0xFFFF) + 1});
    }
    stack.Select(0);
    return stack.Finish();
  }

 private:
  UnsetVector<uint32_t> symbols_;  // start << 16 | (freq - 1)
  UnsetVector<uint8_t> states_;
};

// From the selected state. Both throw kTruncated, the second kCorrupt.
inline uint32_t PopUniformHere(RansStack& stack, int bits) {
  uint32_t value = 0;
  while (bits > 0) {
    const int piece = bits > kUniformPiece ? kUniformPiece : bits;
    bits -= piece;
    const uint32_t v = stack.Peek() >> (kProbBits - piece);
    stack.PopHere(UniformInterval(v, piece));
    value = value << piece | v;
  }
  return value;
}
inline uint32_t PopDistanceHere(RansStack& stack) {
  int extra = 0;
  while (PopUniformHere(stack, 1) == 0) {
    Require(++extra <= kMaxEscapeZeros, ErrorCode::kCorrupt, "escape code out of range");
  }
  const int bits = extra + kEscapeOrder;
  return (1u << bits) + PopUniformHere(stack, bits) - (1u << kEscapeOrder);
}

}  // namespace flowzip
