// SPDX-License-Identifier: BSD-3-Clause
// Random bits that are the same on every machine.
#pragma once

#include <cstdint>
#include <vector>

#include "rans/rans.h"

namespace flowzip {

// SplitMix64 (Steele, Lea & Flood 2014).
class SplitMix64 {
 public:
  explicit SplitMix64(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

 private:
  uint64_t state_;
};

// A stack of random bits, enough for that many symbols: each takes one word at most. Escapes
// take more, and there is room for one in sixteen, a thousand times what the prior gives them.
inline RansStack RandomStack(SplitMix64& random, int lanes, uint64_t symbols) {
  std::vector<uint8_t> bytes;
  for (int lane = 0; lane < lanes; ++lane) {
    for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<uint8_t>(random.Next() >> 56));
    // A state is at least 2^24, so one bit above the low 24 must not be left to chance.
    bytes.back() = static_cast<uint8_t>(bytes.back() | 1);
    bytes.push_back(static_cast<uint8_t>(random.Next() >> 56));
  }
  for (uint64_t words = symbols + symbols / 16 * 16 + 256; words > 0; --words) {
    const uint64_t word = random.Next();
    bytes.push_back(static_cast<uint8_t>(word >> 48));
    bytes.push_back(static_cast<uint8_t>(word >> 56));
  }
  return RansStack::FromBytes(bytes, lanes);
}

}  // namespace flowzip
