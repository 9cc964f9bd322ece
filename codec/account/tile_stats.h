// SPDX-License-Identifier: BSD-3-Clause
// What a tile's bytes and bits were spent on: statistics, which change no byte.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/colour_conversion.h"

namespace flowzip {

// Bits spent, from the model's own -log2 p (statistics only).
struct TileStats {
  // [level][channel], level 0 the finest; the last entry is the base.
  std::vector<std::array<double, 4>> level_channel_bits;
  double side_bits = 0;                  // filters and exceptions
  std::vector<size_t> level_bytes;       // streams, in the same order; the last is the base
  uint64_t other_bytes = 0;              // of tiles and channels without the model
  std::array<uint64_t, 11> mode_tiles{};  // tiles by TileMode

  // RGB pictures: tiles by conversion, and the pixels that it does not fit.
  std::array<uint64_t, kColourWays> conversion_tiles{};
  uint64_t colour_exceptions = 0;
  size_t exception_bytes = 0;

  double total_bits() const {
    double sum = side_bits;
    for (const auto& level : level_channel_bits) {
      for (const double bits : level) sum += bits;
    }
    return sum;
  }
};

}  // namespace flowzip
