// SPDX-License-Identifier: BSD-3-Clause
// The 8-bit pictures that every way to code a tile has to give back.
#pragma once

#include <utility>

#include "codec/container/container.h"
#include "tests/converted.h"
#include "tests/picture_kinds.h"

namespace flowzip::testing {

// Calls fn(image, tile_log2) for all sides up to `most`, long, thin and large ones, several tiles,
// alpha, and a picture that was converted.
template <class Fn>
void ForEachPicture(uint32_t most, const Fn& fn) {
  const auto whole = [&](const Image& image) { fn(image, kDefaultTileLog2); };
  for (uint32_t width = 1; width <= most; ++width) {
    for (uint32_t height = 1; height <= most; height += 2) {
      whole(Noise(width, height, 3, width * 16 + height));
      whole(Scene(width, height, 1, width + height));
    }
  }
  for (const int channels : {1, 3}) {
    for (const auto& [width, height] : {std::pair{1, 90}, {77, 1}, {2, 61}, {97, 64}, {250, 190}}) {
      whole(Scene(width, height, channels, 1));
      whole(Checkerboard(width, height, channels));
      whole(Gradient(width, height, channels));
      whole(Flat(width, height, channels, 9));
    }
    fn(Scene(100, 70, channels, 2), 5);
  }
  whole(OfKind({4, 8}, 50, 40, 3));
  fn(OfKind({2, 8}, 50, 40, 4), 4);
  whole(Converted(Scene(60, 50, 3, 5), 1, 2));
}

}  // namespace flowzip::testing
