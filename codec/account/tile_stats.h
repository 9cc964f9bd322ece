// SPDX-License-Identifier: BSD-3-Clause
// What a tile's bytes and bits were spent on: statistics, which change no byte.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "model/colour_conversion.h"
#include "model/sample_range.h"

namespace flowzip {

inline constexpr int kTileModes = 9;  // codec/tiles/tile_modes.h

// Bits spent, from the model's own -log2 p (statistics only).
struct TileStats {
  // By channel after the lifting, of tiles by the model: bits of the samples, and bytes written.
  std::array<double, kChannels> channel_bits{};
  std::array<uint64_t, kChannels> channel_bytes{};
  double side_bits = 0;      // filters and exceptions
  uint64_t other_bytes = 0;  // of tiles and channels without the model
  std::array<uint64_t, kTileModes> mode_tiles{};  // tiles by TileMode

  // RGB pictures: tiles by conversion, and the pixels that it does not fit.
  std::array<uint64_t, kColourWays> conversion_tiles{};
  uint64_t colour_exceptions = 0;
  uint64_t exception_bytes = 0;

  double total_bits() const {
    double sum = side_bits;
    for (const double bits : channel_bits) sum += bits;
    return sum;
  }

  void Add(const TileStats& other) {
    const auto add = [](const auto& from, auto& to) {
      for (size_t i = 0; i < from.size(); ++i) to[i] += from[i];
    };
    add(other.channel_bits, channel_bits);
    add(other.channel_bytes, channel_bytes);
    side_bits += other.side_bits;
    other_bytes += other.other_bytes;
    add(other.mode_tiles, mode_tiles);
    add(other.conversion_tiles, conversion_tiles);
    colour_exceptions += other.colour_exceptions;
    exception_bytes += other.exception_bytes;
  }
};

}  // namespace flowzip
