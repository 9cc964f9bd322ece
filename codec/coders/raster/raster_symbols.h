// SPDX-License-Identifier: BSD-3-Clause
// Residuals of the raster coder as tokens, their contexts and frequency tables
// (docs/FORMAT.md 3.10).
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "rans/escape.h"

namespace flowzip {

// A residual r is the symbol 2r - 1 if positive, else -2r. Symbols below 32 are tokens; larger
// ones share a token by their highest two bits, and the others follow as they are.
inline constexpr uint32_t kDirectTokens = 32;
inline constexpr int kRasterTokens = 46;  // symbols below 4096
struct RasterToken {
  uint8_t token, extra_bits;
  uint16_t extra;
};
constexpr RasterToken TokenOf(uint32_t symbol) {
  if (symbol < kDirectTokens) return {static_cast<uint8_t>(symbol), 0, 0};
  const int low = std::bit_width(symbol) - 2;  // 4 and more
  const uint32_t token = kDirectTokens + 2 * static_cast<uint32_t>(low - 4) + (symbol >> low & 1);
  return {static_cast<uint8_t>(token), static_cast<uint8_t>(low),
          static_cast<uint16_t>(symbol & ((1u << low) - 1))};
}
constexpr int ExtraBits(int token) {
  return token < static_cast<int>(kDirectTokens)
             ? 0
             : 4 + (token - static_cast<int>(kDirectTokens)) / 2;
}
constexpr uint32_t SymbolOf(int token, uint32_t extra) {
  const int low = ExtraBits(token);
  return low == 0 ? static_cast<uint32_t>(token)
                  : (2 | (static_cast<uint32_t>(token) & 1)) << low | extra;
}
constexpr uint32_t RasterSymbol(int32_t residual) {
  return residual > 0 ? 2 * static_cast<uint32_t>(residual) - 1
                      : 2 * static_cast<uint32_t>(-residual);
}
constexpr int32_t RasterResidual(uint32_t symbol) {
  return (symbol & 1) != 0 ? static_cast<int32_t>((symbol + 1) / 2)
                           : -static_cast<int32_t>(symbol / 2);
}

// Energies in 1/8 by thirds of an octave; each class twice, by how far the prediction is from
// the sample that it is rounded to. Where it pays, each of these twice, by whether that sample is
// at an end of the range, and four times, by whether the colour lattice (colour_lattice.h) has that
// sample and the likelier one beside it.
inline constexpr int kEnergyClasses = 24, kMaxCoarseness = 2;
inline constexpr int kEndPatterns = 2, kLatticePatterns = 4;
inline constexpr int kRasterContexts = 2 * kEnergyClasses * kEndPatterns * kLatticePatterns;
inline constexpr int kMaxEnergy = 255;
inline constexpr auto kEnergyClass = [] {
  std::array<uint8_t, kMaxEnergy + 1> table{};
  for (uint64_t e = 0; e <= kMaxEnergy; ++e) {
    const int octaves3 = std::bit_width((e + 1) * (e + 1) * (e + 1)) - 1;
    table[e] = static_cast<uint8_t>(octaves3 < kEnergyClasses ? octaves3 : kEnergyClasses - 1);
  }
  return table;
}();

// Frequencies are sent as logarithms in quarter octaves, 0..63.
inline constexpr int kMaxLevel = 63;
struct RasterTables {
  int tokens = 1;            // 0..tokens - 1 occur
  int coarseness = 0;        // 0..2: classes are merged by 2^coarseness
  int end_patterns = 1;      // or kEndPatterns
  int lattice_patterns = 1;  // or kLatticePatterns
  std::array<std::array<uint8_t, kRasterTokens>, kRasterContexts> levels{};

  int contexts() const { return per_class() * (((kEnergyClasses - 1) >> coarseness) + 1); }
  int per_class() const { return 2 * end_patterns * lattice_patterns; }
  int ContextOf(int energy, bool far, int at_end, int on_lattice) const {
    return Place(kEnergyClass[static_cast<size_t>(energy)] >> coarseness, far ? 1 : 0, at_end,
                 on_lattice);
  }
  // That of `finer` tables' context.
  int ContextIn(const RasterTables& finer, int context) const {
    const int on_lattice = context % finer.lattice_patterns;
    context /= finer.lattice_patterns;
    const int at_end = context % finer.end_patterns;
    context /= finer.end_patterns;
    return Place(context / 2 >> (coarseness - finer.coarseness), context % 2, at_end, on_lattice);
  }

 private:
  int Place(int energy_class, int far, int at_end, int on_lattice) const {
    const int place = (2 * energy_class + far) * end_patterns + (at_end & (end_patterns - 1));
    return place * lattice_patterns + (on_lattice & (lattice_patterns - 1));
  }
};

// Where the tokens of a context begin in [0, 2^16): tokens + 1 values.
using RasterStarts = std::array<uint32_t, kRasterTokens + 1>;
RasterStarts StartsOf(const std::array<uint8_t, kRasterTokens>& levels, int tokens);

// Chooses levels for counted tokens (encoder only).
using RasterCounts = std::array<std::array<uint32_t, kRasterTokens>, kRasterContexts>;
void ChooseLevels(const RasterCounts& counts, RasterTables* tables);
// What so many tokens take, in 1/256 bits.
uint64_t TokenBits(const RasterCounts& counts, const RasterTables& tables);

}  // namespace flowzip
