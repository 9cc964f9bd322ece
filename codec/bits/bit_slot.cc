// SPDX-License-Identifier: BSD-3-Clause
#include "codec/bits/bit_slot.h"

#include <algorithm>

#include "base/made_table.h"

namespace flowzip {
namespace {

// The inverse of squash, at the middle of each interval of probability.
template <size_t n>
FLOWZIP_MADE void MakeStretch(const BitTables& tables, std::array<int16_t, n>& stretch) {
  constexpr int kWidth = 65536 / n;
  int x = -kMaxStretch;
  for (int i = 0; i < static_cast<int>(n); ++i) {
    while (x < kMaxStretch && tables.squash[x + kMaxStretch] < kWidth * i + kWidth / 2) ++x;
    stretch[i] = static_cast<int16_t>(x);
  }
}

// exp(-x / 256) as a fraction of 2^62, by repeated multiplication: integers, so that the table is
// the same everywhere.
FLOWZIP_MADE BitTables MakeTables() {
  constexpr uint64_t kOne = uint64_t{1} << 62;
  constexpr uint64_t kStep = 4593706758521749504u;  // 2^62 exp(-1 / 256), to a multiple of 2^20
  BitTables tables{};
  uint64_t e = kOne;
  for (int x = 0; x <= kMaxStretch; ++x) {
    const uint64_t denominator = (kOne >> 15) + (e >> 15);  // of 2^47 (1 + exp)
    const auto p = static_cast<int32_t>((uint64_t{1} << 63) / denominator);
    tables.squash[kMaxStretch + x] = static_cast<uint16_t>(std::min(p, 65520));
    tables.squash[kMaxStretch - x] = static_cast<uint16_t>(std::max(65536 - p, 16));
    const uint64_t decay = e >> 31;  // 2^31 exp(-x / 256)
    tables.tail[x] = static_cast<uint32_t>((decay << 31) / ((uint64_t{1} << 31) + decay));
    e = static_cast<uint64_t>((static_cast<unsigned __int128>(e) * kStep) >> 62);
  }
  MakeStretch(tables, tables.stretch);
  MakeStretch(tables, tables.fine_stretch);
  for (int n = 0; n < 64; ++n) {
    tables.rate[n] = 2 * 65536 / (2 * n + 3);
    tables.trust[n] = 256 * n / (n + 1);
  }
  return tables;
}

}  // namespace

FLOWZIP_TABLE BitTables kBitTables = MakeTables();

}  // namespace flowzip
