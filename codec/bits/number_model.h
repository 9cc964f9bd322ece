// SPDX-License-Identifier: BSD-3-Clause
// Whole numbers as adaptive bits: Exp-Golomb whose length and second highest bit adapt
// (docs/FORMAT.md 3.1).
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "base/error.h"
#include "codec/bits/bit_slot.h"

namespace flowzip {

// `kMostBits` of a number + 1; its bits' chances are at least kMargin / 2^16 away from 0 and 1.
template <int kMostBits, uint32_t kMargin = 32>
class NumberModel {
 public:
  // `value` is what is encoded, below 2^kMostBits - 1. Throws kCorrupt.
  template <class Coder>
  uint32_t Code(Coder& coder, uint32_t value) {
    const auto wanted = static_cast<int>(std::bit_width(value + 1));
    int length = 1;
    while (CodeBySlot<kMargin>(coder, length < wanted ? 1 : 0,
                               lengths_[static_cast<size_t>(length)])) {
      Require(++length <= kMostBits, ErrorCode::kCorrupt, "number out of range");
    }
    uint32_t v = 1;
    for (int i = length - 2; i >= 0; --i) {
      const int bit = static_cast<int>((value + 1) >> i & 1);
      const bool second = i == length - 2;
      v = v << 1 |
          static_cast<uint32_t>(
              second ? CodeBySlot<kMargin>(coder, bit, seconds_[static_cast<size_t>(length)])
                     : coder.Code(bit, 32768));
    }
    return v - 1;
  }

 private:
  std::array<BitSlot, kMostBits + 1> lengths_, seconds_;
};

}  // namespace flowzip
