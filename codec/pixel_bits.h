// SPDX-License-Identifier: BSD-3-Clause
// Where in a picture the bits went: the model's -log2 p, pixel by pixel.
//
// A symbol is booked at its own pixel: site (j, i) of the lattice at offset (ox, oy) of level
// l stands for pixel ((2j + ox) << l, (2i + oy) << l) of its tile. So every pixel belongs to
// exactly one level, and holds the bits of all its channels. What is no pixel's (the filters'
// coefficients, headers, the coder's few bytes of state) is not booked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace flowzip {

struct PixelBits {
  uint32_t width = 0, height = 0;
  std::vector<float> bits;  // rows top to bottom

  // Set beforehand: also fill in what follows. Slow: it walks every symbol's whole
  // distribution (tens to hundreds of values).
  bool with_moments = false;
  // Under the model, before the symbols are known: the expectation of `bits` (the entropy) and
  // its variance, so that (bits - mean) / sqrt(variance) says how surprising a pixel was to a
  // model that is right about everything.
  std::vector<float> mean, variance;

  // All zeros, for a picture of that size.
  void Reset(uint32_t new_width, uint32_t new_height) {
    width = new_width;
    height = new_height;
    const size_t pixels = size_t{width} * height;
    bits.assign(pixels, 0);
    mean.assign(with_moments ? pixels : 0, 0);
    variance.assign(with_moments ? pixels : 0, 0);
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
