// SPDX-License-Identifier: BSD-3-Clause
// Codes for integers outside a model's window, and the encoder's log of symbols.
//
// Both codes are sequences of uniform symbols on the ordinary rANS stack:
//
//   uniform, b bits (0..16)  nothing if b = 0, else one symbol (value << (16-b), 2^(16-b))
//   Exp-Golomb, k (0..31)    v = value + 2^k, with n + k + 1 significant bits (n <= 32);
//                            n one-bit zeros, a one-bit one, then the n + k low bits of v
//                            in uniform pieces, high bits first: 16 bits each, but the
//                            first (n + k) mod 16 bits if that is not zero
//
// listed in the order in which a decoder reads them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/unset_vector.h"
#include "rans/rans.h"

namespace flowzip {

constexpr int kMaxExpGolombK = 31;

// 0, -1, 1, -2, ... <-> 0, 1, 2, 3, ...
constexpr uint32_t ZigZag(int32_t value) {
  return (static_cast<uint32_t>(value) << 1) ^ static_cast<uint32_t>(value >> 31);
}
constexpr int32_t UnZigZag(uint32_t code) {
  return static_cast<int32_t>((code >> 1) ^ (0u - (code & 1)));
}

constexpr Interval UniformInterval(uint32_t value, int bits) {
  return {value << (kProbBits - bits), kProbScale >> bits};
}

void PushUniform(RansStack& stack, uint32_t value, int bits);
uint32_t PopUniform(RansStack& stack, int bits);

// The length of the code.
constexpr int ExpGolombBits(uint32_t value, int k) {
  const uint64_t v = uint64_t{value} + (uint64_t{1} << k);
  return 2 * (63 - __builtin_clzll(v)) + 1 - k;
}
// Throws kCorrupt if the code stands for more than 2^32 - 1.
uint32_t PopExpGolomb(RansStack& stack, int k);

// Symbols in the order in which the decoder reads them, to be pushed all at once.
class alignas(64) SymbolLog {
 public:
  void Add(Interval symbol) { packed_.push_back(symbol.start << 16 | (symbol.freq - 1)); }
  void Reserve(size_t symbols) { packed_.reserve(symbols); }
  void AddUniform(uint32_t value, int bits) {
    if (bits > 0) Add(UniformInterval(value, bits));
  }
  void AddExpGolomb(uint32_t value, int k);

  size_t size() const { return packed_.size(); }
  void clear() { packed_.clear(); }
  Interval at(size_t i) const { return {packed_[i] >> 16, (packed_[i] & 0xFFFF) + 1}; }

  // Pushes everything, last symbol first.
  void PushAll(RansStack& stack) const;
  // The finished stream of a stack that holds this log and nothing else.
  std::vector<uint8_t> EncodeAll(int lanes) const;

 private:
  UnsetVector<uint32_t> packed_;  // start << 16 | (freq - 1)
};

}  // namespace flowzip
