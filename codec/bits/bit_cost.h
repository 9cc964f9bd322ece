// SPDX-License-Identifier: BSD-3-Clause
// Logarithms that are the same on every machine, for choices that become bytes.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "base/exact_math.h"
#include "base/made_table.h"

namespace flowzip {

// Of n >= 1; IEEE sums, products and quotients only.
constexpr double ExactLog2(uint32_t n) {
  const int exponent = static_cast<int>(std::bit_width(n)) - 1;
  const double m = static_cast<double>(n) / static_cast<double>(uint64_t{1} << exponent);
  const double t = (m - 1) / (m + 1), square = t * t;
  double sum = 0, power = t;
  for (int i = 1; i < 20; i += 2, power *= square) sum += power / i;
  return exponent + sum * 2.885390081777927;  // 2 / ln 2
}

// Bits that a bit takes which has the chance (i + 1/2) / 4096.
using BitCosts = std::array<float, 4096>;
FLOWZIP_MADE BitCosts MakeBitCosts() {
  BitCosts costs{};
  for (uint32_t i = 0; i < 4096; ++i) {
    costs[i] = static_cast<float>(13 - ExactLog2(2 * i + 1));
  }
  return costs;
}
inline FLOWZIP_TABLE BitCosts kBitCosts = MakeBitCosts();

}  // namespace flowzip
