// SPDX-License-Identifier: BSD-3-Clause
#include "codec/bit_model.h"

#include <algorithm>

namespace flowzip {
namespace {

// exp(-x / 256) as a fraction of 2^62, by repeated multiplication: integers, so that the table is
// the same everywhere.
BitTables MakeTables() {
  constexpr uint64_t kOne = uint64_t{1} << 62;
  constexpr uint64_t kStep = 4593706758521749504u;  // 2^62 exp(-1 / 256), to a multiple of 2^20
  BitTables tables;
  uint64_t e = kOne;
  for (int x = 0; x <= kMaxStretch; ++x) {
    const uint64_t denominator = (kOne >> 15) + (e >> 15);  // of 2^47 (1 + exp)
    const auto p = static_cast<int32_t>((uint64_t{1} << 63) / denominator);
    tables.squash[kMaxStretch + x] = static_cast<uint16_t>(std::min(p, 65520));
    tables.squash[kMaxStretch - x] = static_cast<uint16_t>(std::max(65536 - p, 16));
    tables.decay[x] = static_cast<uint32_t>(e >> 31);
    e = static_cast<uint64_t>((static_cast<unsigned __int128>(e) * kStep) >> 62);
  }
  // The inverse, at the middle of each 1/4096.
  int x = -kMaxStretch;
  for (int i = 0; i < 4096; ++i) {
    while (x < kMaxStretch && tables.squash[x + kMaxStretch] < 16 * i + 8) ++x;
    tables.stretch[i] = static_cast<int16_t>(x);
  }
  for (int n = 0; n < 64; ++n) {
    tables.rate[n] = 2 * 65536 / (2 * n + 3);
    tables.trust[n] = 256 * n / (n + 1);
  }
  return tables;
}

}  // namespace

const BitTables& BitTables::Get() {
  static const BitTables tables = MakeTables();
  return tables;
}

}  // namespace flowzip
