// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/raster/raster_symbols.h"

#include <algorithm>

#include "model/fixed_log2.h"

namespace flowzip {
namespace {

// 64 times 2^(level / 4).
uint64_t LevelWeight(int level) {
  constexpr std::array<uint32_t, 4> kQuarters{64, 76, 91, 108};
  return uint64_t{kQuarters[static_cast<size_t>(level & 3)]} << (level >> 2);
}

// What the context before is worth where counts are few.
constexpr uint64_t kPrior = 64;

}  // namespace

RasterStarts StartsOf(const std::array<uint8_t, kRasterTokens>& levels, int tokens) {
  uint64_t total = 0;
  for (int t = 0; t < tokens; ++t) total += LevelWeight(levels[static_cast<size_t>(t)]);
  RasterStarts starts{};
  uint64_t sum = 0;
  for (int t = 0; t < tokens; ++t) {
    starts[static_cast<size_t>(t)] = static_cast<uint32_t>(
        static_cast<uint64_t>(t) + sum * (kProbScale - static_cast<uint32_t>(tokens)) / total);
    sum += LevelWeight(levels[static_cast<size_t>(t)]);
  }
  starts[static_cast<size_t>(tokens)] = kProbScale;
  return starts;
}

void ChooseLevels(const RasterCounts& counts, RasterTables* tables) {
  const int contexts = tables->contexts();
  tables->tokens = 1;
  for (int c = 0; c < contexts; ++c) {
    for (int t = 0; t < kRasterTokens; ++t) {
      if (counts[c][t] > 0) tables->tokens = std::max(tables->tokens, t + 1);
    }
  }
  const auto tokens = static_cast<size_t>(tables->tokens);
  for (int c = 0; c < contexts; ++c) {
    uint64_t sum = 0;
    for (size_t t = 0; t < tokens; ++t) sum += counts[c][t];
    auto& levels = tables->levels[c];
    const bool first = c < tables->per_class();
    if (sum == 0) {
      if (!first) levels = tables->levels[c - tables->per_class()];
      continue;
    }
    RasterStarts before{};
    if (!first) before = StartsOf(tables->levels[c - tables->per_class()], tables->tokens);
    const uint64_t prior = first ? 0 : kPrior;
    for (size_t t = 0; t < tokens; ++t) {
      const uint64_t share =
          (uint64_t{counts[c][t]} * kProbScale + prior * (before[t + 1] - before[t])) /
          (sum + prior);
      const uint32_t level =
          (FixedLog2(static_cast<uint32_t>(std::max<uint64_t>(share, 1))) * 4 + 128) >> 8;
      levels[t] = static_cast<uint8_t>(std::min<uint32_t>(level, kMaxLevel));
    }
  }
}

uint64_t TokenBits(const RasterCounts& counts, const RasterTables& tables) {
  uint64_t bits = 0;
  for (int c = 0; c < tables.contexts(); ++c) {
    const RasterStarts starts = StartsOf(tables.levels[static_cast<size_t>(c)], tables.tokens);
    for (int t = 0; t < tables.tokens; ++t) {
      bits += uint64_t{counts[c][t]} * (kProbBits * 256 - FixedLog2(starts[t + 1] - starts[t]));
    }
  }
  return bits;
}

}  // namespace flowzip
