// SPDX-License-Identifier: BSD-3-Clause
// Logarithms in integers.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace flowzip {

// floor(256 log2(1 + i / 256)) by repeated squaring, in integers.
inline constexpr auto kLog2Mantissa = [] {
  std::array<uint16_t, 256> table{};
  for (uint64_t i = 0; i < 256; ++i) {
    uint64_t x = (256 + i) << 23;  // 1 as 2^31
    uint32_t log = 0;
    for (int bit = 0; bit < 8; ++bit) {
      x = x * x >> 31;
      log <<= 1;
      if (x >= uint64_t{1} << 32) {
        log |= 1;
        x >>= 1;
      }
    }
    table[i] = static_cast<uint16_t>(log);
  }
  return table;
}();

// 256 log2(x), rounded down as the table is; x >= 1.
constexpr uint32_t FixedLog2(uint32_t x) {
  const int n = std::bit_width(x) - 1;
  const uint32_t mantissa = n >= 8 ? x >> (n - 8) : x << (8 - n);
  return static_cast<uint32_t>(n) * 256 + kLog2Mantissa[mantissa & 255];
}

}  // namespace flowzip
