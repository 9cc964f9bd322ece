// SPDX-License-Identifier: BSD-3-Clause
// The tables of the mixture (mixture.h) for the files that compute it.
#pragma once

#include <array>
#include <cstdint>

#include "base/made_table.h"

namespace flowzip::mixture_tables {

#include "model/tables.inc"

inline constexpr int kWeightBits = 14;
inline constexpr int32_t kMinWindowWeight = 64;  // lighter components do not widen the window
inline constexpr int32_t kArgumentEnd = 12 << 13;
inline constexpr uint32_t kTotal = 1u << 16;
inline constexpr int kScales = 192, kScaleOfZero = 96;

// kSigma[j] << kRiseBits | kSigma[j + 1] - kSigma[j], for one look-up instead of two.
inline constexpr int kRiseBits = 12;
FLOWZIP_MADE std::array<int32_t, 769> MakeSigmaRise() {
  std::array<int32_t, 769> table{};
  for (int j = 0; j < 769; ++j) table[j] = kSigma[j] << kRiseBits | (kSigma[j + 1] - kSigma[j]);
  return table;
}
inline FLOWZIP_TABLE auto kSigmaRise = MakeSigmaRise();

// kQuantile for vector look-ups.
FLOWZIP_MADE std::array<int32_t, 256> MakeWideQuantile() {
  std::array<int32_t, 256> table{};
  for (int j = 0; j < 256; ++j) table[j] = kQuantile[j];
  return table;
}
inline FLOWZIP_TABLE auto kWideQuantile = MakeWideQuantile();

// S of a component at the distance d (in 1/16 steps) from its mean.
inline int32_t Sigma(int32_t d, int32_t inverse, int32_t reach) {
  d = d < -reach ? -reach : d > reach ? reach : d;
  int32_t t = (d * inverse + 1024) >> 11;
  t = (t < -kArgumentEnd ? -kArgumentEnd : t > kArgumentEnd ? kArgumentEnd : t) + kArgumentEnd;
  const int32_t entry = kSigmaRise[t >> 8];
  return (entry >> kRiseBits) + (((entry & ((1 << kRiseBits) - 1)) * (t & 255) + 128) >> 8);
}

}  // namespace flowzip::mixture_tables
