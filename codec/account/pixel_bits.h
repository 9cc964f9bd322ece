// SPDX-License-Identifier: BSD-3-Clause
// Where in a picture the bits went: the model's -log2 p, pixel by pixel.
//
// A symbol is booked at its own pixel: site (j, i) of the lattice at offset (ox, oy) of level
// l stands for pixel ((2j + ox) << l, (2i + oy) << l) of its tile. So every pixel belongs to
// exactly one level, and holds the bits of all its channels. What is no pixel's (the filters'
// coefficients, headers, the coder's few bytes of state) is not booked.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec/picture/image.h"
#include "model/lattice.h"

namespace flowzip {

struct PixelBits {
  uint32_t width = 0, height = 0;
  std::vector<float> bits;  // rows top to bottom; all channels

  // Set beforehand: also fill in `channel`. Slow: it walks every symbol's whole distribution
  // (tens to hundreds of values).
  bool with_detail = false;
  // Of one channel, after the lifting: the bits; and what the model expected before it knew
  // the symbol, the mean of the bits (the entropy) and their variance. To a model that is right
  // about everything, (bits - mean) / sqrt(variance) is pure noise.
  struct Detail {
    std::vector<float> bits, mean, variance;
  };
  std::array<Detail, kChannels> channel;

  // All zeros, for a picture of that size.
  void Reset(uint32_t new_width, uint32_t new_height) {
    width = new_width;
    height = new_height;
    const size_t pixels = size_t{width} * height;
    bits.assign(pixels, 0);
    for (Detail& detail : channel) {
      for (auto* values : {&detail.bits, &detail.mean, &detail.variance}) {
        values->assign(with_detail ? pixels : 0, 0);
      }
    }
  }

  // Adds a tile's values, by rows.
  void Add(const Rect& tile, const std::vector<float>& values) {
    for (uint32_t y = 0; y < tile.height; ++y) {
      for (uint32_t x = 0; x < tile.width; ++x) {
        bits[size_t{tile.y + y} * width + tile.x + x] += values[size_t{y} * tile.width + x];
      }
    }
  }

  // Turns a tile's values over, where its planes were coded so (model/orientation.h).
  void Flip(const Rect& tile, bool flip_x, bool flip_y) {
    FlipValues(bits, tile, flip_x, flip_y);
    if (!with_detail) return;
    for (Detail& detail : channel) {
      for (auto* values : {&detail.bits, &detail.mean, &detail.variance}) {
        FlipValues(*values, tile, flip_x, flip_y);
      }
    }
  }

 private:
  void FlipValues(std::vector<float>& values, const Rect& tile, bool flip_x, bool flip_y) const {
    const auto row = [&](uint32_t y) {
      return values.begin() + static_cast<ptrdiff_t>(size_t{tile.y + y} * width + tile.x);
    };
    for (uint32_t y = 0; flip_y && 2 * y + 1 < tile.height; ++y) {
      std::swap_ranges(row(y), row(y) + tile.width, row(tile.height - 1 - y));
    }
    for (uint32_t y = 0; flip_x && y < tile.height; ++y) std::reverse(row(y), row(y) + tile.width);
  }
};

// A level's place in the map: its tile's origin, and the level. A null map books nothing.
struct PixelBitsView {
  PixelBits* map = nullptr;
  uint32_t x = 0, y = 0;
  int level = 0;

  // Index of the pixel (px, py) of the level.
  size_t Index(uint32_t px, uint32_t py) const {
    return (size_t{y} + (size_t{py} << level)) * map->width + x + (size_t{px} << level);
  }
};

}  // namespace flowzip
