// SPDX-License-Identifier: BSD-3-Clause
// The pictures whose files signature_check.cc compares: of every kind that the codec tells apart,
// all made from seeds. None is part of what the models were trained on.
#pragma once

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "tests/converted.h"
#include "tests/landscape.h"
#include "tests/picture_kinds.h"

namespace flowzip::testing {

// `bottom` below `top`; of the same width and kind.
inline Image Stacked(Image top, const Image& bottom) {
  top.height += bottom.height;
  top.samples.insert(top.samples.end(), bottom.samples.begin(), bottom.samples.end());
  return top;
}

// A window with a frame, buttons and lines of something like text.
inline Image Window(uint32_t width, uint32_t height, int channels, uint32_t seed) {
  Image image = Flat(width, height, channels, 236);
  Random random(seed);
  const auto fill = [&](uint32_t x0, uint32_t y0, uint32_t w, uint32_t h, int value) {
    for (uint32_t y = y0; y < std::min(y0 + h, height); ++y) {
      for (uint32_t x = x0; x < std::min(x0 + w, width); ++x) {
        for (int c = 0; c < channels; ++c) {
          image.At(x, y)[c] = static_cast<uint8_t>(value + 9 * c * (value > 200 ? 0 : 1));
        }
      }
    }
  };
  fill(0, 0, width, 9, 70);
  fill(3, 14, width - 6, height, 255);
  std::vector<uint64_t> letters;
  for (int i = 0; i < 24; ++i) letters.push_back(uint64_t{random.Word()} << 32 | random.Word());
  for (uint32_t y = 18; y + 9 < height; y += 11) {
    const auto end = static_cast<uint32_t>(
        random.Between(static_cast<int>(width) / 3, static_cast<int>(width) - 12));
    for (uint32_t x = 8; x < end; x += 6) {
      if (random.Between(0, 5) == 0) continue;
      const uint64_t letter = letters[static_cast<size_t>(random.Between(0, 23))];
      for (uint32_t i = 0; i < 40; ++i) {
        if ((letter >> i & 1) != 0) fill(x + i % 5, y + i / 5, 1, 1, 30);
      }
    }
  }
  return image;
}

// With an alpha channel that is opaque inside an ellipse and soft at its edge.
inline Image WithAlpha(const Image& colour) {
  Image image = MakeImage(colour.width, colour.height, colour.channels + 1);
  const auto width = static_cast<int64_t>(image.width), height = static_cast<int64_t>(image.height);
  for (uint32_t y = 0; y < image.height; ++y) {
    for (uint32_t x = 0; x < image.width; ++x) {
      std::copy_n(colour.At(x, y), colour.channels, image.At(x, y));
      const int64_t dx = 2 * int64_t{x} - width, dy = 2 * int64_t{y} - height;
      const int64_t inside =
          1000 - dx * dx * 1000 / (width * width) - dy * dy * 1000 / (height * height);
      image.At(x, y)[colour.channels] =
          static_cast<uint8_t>(std::clamp<int64_t>(inside * 2, 0, 255));
    }
  }
  return image;
}

// 16 bits a sample: the landscape, and noise where a sensor has it.
inline Image Deep(const Image& image, uint32_t seed) {
  Image deep = image;
  deep.bit_depth = 16;
  deep.samples.assign(deep.row_bytes() * deep.height, 0);
  Random random(seed);
  for (size_t i = 0; i < image.samples.size(); ++i) {
    SetSample(deep, i, std::min(65535, image.samples[i] * 257 + random.Between(0, 255)));
  }
  return deep;
}

inline std::vector<std::pair<std::string, Image>> SignaturePictures() {
  Image ten_bits = OfKind({1, 10, 3}, 90, 70, 12);
  ten_bits.max_value = 1000;
  for (size_t i = 0; i < ten_bits.samples.size() / 2; ++i) {
    uint16_t v;
    std::memcpy(&v, &ten_bits.samples[2 * i], 2);
    SetSample(ten_bits, i, std::min<int>(v, 1000));
  }
  return {
      {"photo-rgb", Landscape(96, 72, 3, 1)},
      {"photo-rgb-small", Landscape(50, 38, 3, 2)},
      {"photo-rgb-strip", Landscape(1032, 8, 3, 3)},  // two tiles
      {"photo-gray", Landscape(110, 90, 1, 4)},
      {"photo-photocd", Converted(Landscape(84, 64, 3, 5), 1, 2)},
      {"photo-jfif", Converted(Landscape(84, 64, 3, 6), 2, 0)},
      {"photo-half-chroma", Converted(Landscape(84, 64, 3, 7), 1, 0, true)},
      {"photo-rgba", WithAlpha(Landscape(80, 60, 3, 8))},
      {"photo-gray-alpha", WithAlpha(Landscape(80, 60, 1, 9))},
      {"photo-rgb16", Deep(Landscape(64, 50, 3, 10), 11)},
      {"photo-gray10", ten_bits},
      {"window-rgb", Window(240, 130, 3, 13)},
      {"window-gray", Window(120, 80, 1, 14)},
      {"window-with-photo", Stacked(Window(120, 60, 3, 15), Landscape(120, 40, 3, 16))},
      {"drawing-rgba", OfKind({4, 8, 1}, 110, 80, 17)},
      {"palette8", OfKind({1, 8, 1, true}, 130, 90, 18)},
      {"palette4", WithMetadata(OfKind({1, 4, 1, true}, 90, 61, 19))},
      {"gray1", OfKind({1, 1, 1}, 150, 100, 20)},
      {"gaps-rgb16", OfKind({3, 16, 4}, 60, 40, 21)},
      {"noise-rgb", Noise(90, 60, 3, 22)},
      {"noise-gray-small", Noise(30, 30, 1, 23)},
      {"flat-rgb", Flat(80, 70, 3, 77)},
      {"one-pixel", Landscape(1, 1, 3, 24)},
      {"column", Landscape(1, 300, 3, 25)},
  };
}

}  // namespace flowzip::testing
