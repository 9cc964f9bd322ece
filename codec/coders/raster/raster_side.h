// SPDX-License-Identifier: BSD-3-Clause
// A raster channel's side information, coded by adaptive bits (docs/FORMAT.md 3.10).
#pragma once

#include "codec/coders/raster/raster_channel.h"
#include "codec/filters/filter_side.h"

namespace flowzip {

template <class Coder>
class RasterSide {
 public:
  // `lattice`: whether there may be patterns of it.
  RasterSide(Coder& coder, int channel, int width, int height, bool lattice)
      : numbers_(coder),
        filters_(coder, channel, width, height),
        channel_(channel),
        lattice_(lattice) {}

  // Throws kCorrupt for values that cannot be.
  void Code(RasterModel& model) {
    filters_.Code(model);
    for (int k = 0; k < RasterEnergies(channel_); ++k) {
      int16_t& weight = model.energies[0][k];
      weight = static_cast<int16_t>(numbers_.Plain(static_cast<uint32_t>(weight), 8));
    }
    model.bias = static_cast<int32_t>(numbers_.Plain(static_cast<uint32_t>(model.bias), 8));
    CodeTables(model.tables);
  }
  // Of that only the tables: level by level, against a plane through the levels beside it and in
  // the class before.
  void CodeTables(RasterTables& tables) {
    tables.coarseness =
        static_cast<int>(numbers_.Plain(static_cast<uint32_t>(tables.coarseness), 2));
    tables.end_patterns = Either(tables.end_patterns, kEndPatterns);
    if (lattice_) tables.lattice_patterns = Either(tables.lattice_patterns, kLatticePatterns);
    tables.tokens = static_cast<int>(numbers_.Plain(static_cast<uint32_t>(tables.tokens), 6));
    Require(tables.coarseness <= 2 && tables.tokens >= 1 && tables.tokens <= kRasterTokens,
            ErrorCode::kCorrupt, "frequency tables out of range");
    std::array<typename SideNumbers<Coder>::Set, 4> sets;
    constexpr std::array<uint8_t, kRasterTokens> kNone{};
    for (int c = 0; c < tables.contexts(); ++c) {
      auto& levels = tables.levels[static_cast<size_t>(c)];
      const int above = c - tables.per_class();
      const auto& before = above < 0 ? kNone : tables.levels[static_cast<size_t>(above)];
      int32_t step = 0;  // the last difference
      for (size_t t = 0; t < static_cast<size_t>(tables.tokens); ++t) {
        const int32_t expected =
            t == 0 ? before[0]
                   : std::clamp(before[t] + levels[t - 1] - before[t - 1], 0, kMaxLevel);
        const auto which = static_cast<size_t>(t == 0 ? 3 : std::min(std::abs(step), 2));
        step = numbers_.Signed(levels[t] - expected, sets[which]);
        Require(expected + step >= 0 && expected + step <= kMaxLevel, ErrorCode::kCorrupt,
                "frequency out of range");
        levels[t] = static_cast<uint8_t>(expected + step);
      }
    }
  }

 private:
  // 1 or `other`.
  int Either(int value, int other) { return numbers_.Plain(value > 1 ? 1 : 0, 1) != 0 ? other : 1; }

  SideNumbers<Coder> numbers_;
  FilterSide<Coder> filters_;
  int channel_;
  bool lattice_;
};

}  // namespace flowzip
