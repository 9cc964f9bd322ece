// SPDX-License-Identifier: BSD-3-Clause
// Where in a picture the bits went: -log2 p, pixel by pixel.
//
// A sample's bits are booked at its pixel. What is no pixel's (the filters' coefficients, headers,
// the coder's few bytes of state) is not booked.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec/picture/image.h"
#include "model/sample_range.h"

namespace flowzip {

struct PixelBits {
  uint32_t width = 0, height = 0;
  std::vector<float> bits;  // rows top to bottom; all channels

  // Set beforehand: also fill in `channel`, of tiles by the model whose planes do not learn. Slow:
  // it walks every sample's whole distribution (tens to hundreds of values).
  bool with_detail = false;
  // Of one channel, after the lifting, under the network's distribution alone (tilted ones cost
  // less): the bits; and what the model expected before it knew the sample, the mean of the bits
  // (the entropy) and their variance. To a model that is right about everything,
  // (bits - mean) / sqrt(variance) is pure noise.
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
};

}  // namespace flowzip
