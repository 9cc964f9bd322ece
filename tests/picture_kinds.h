// SPDX-License-Identifier: BSD-3-Clause
// Pictures of every kind from formulas and seeds, for the tests.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "tests/tiny_model.h"

namespace flowzip::testing {

struct Kind {
  int channels = 1, bit_depth = 8;
  int content = 3;  // 0 constant, 1 a drawing of few colours, 2 noise, 3 smooth, 4 with gaps
  bool indexed = false, interlaced = false;
};

inline void SetSample(Image& image, size_t i, int value) {
  if (image.bytes_per_sample() == 1) {
    image.samples[i] = static_cast<uint8_t>(value);
    return;
  }
  const auto sample = static_cast<uint16_t>(value);
  std::memcpy(&image.samples[2 * i], &sample, 2);
}

inline Image OfKind(const Kind& kind, uint32_t width, uint32_t height, uint32_t seed) {
  Image image;
  image.width = width;
  image.height = height;
  image.channels = kind.channels;
  image.bit_depth = kind.bit_depth;
  image.indexed = kind.indexed;
  image.interlaced = kind.interlaced;
  image.samples.assign(image.row_bytes() * height, 0);
  Random random(seed);
  const int largest = image.largest();
  const int base = random.Between(0, largest);
  size_t i = 0;
  for (int y = 0; y < static_cast<int>(height); ++y) {
    for (int x = 0; x < static_cast<int>(width); ++x) {
      for (int c = 0; c < kind.channels; ++c, ++i) {
        int v = base;
        switch (kind.content) {
          case 1: v = ((x / 5 + y / 7) % 3 + (x % 9 == 4 ? 5 : 0) + 2 * c) * 37; break;
          case 2: v = static_cast<int>(random.Word() >> 8); break;
          case 3:
            v = (x * (c + 2) + y * 3) * (largest / 256 + 1) + random.Between(0, largest / 40);
            break;
          case 4: v = (x * 4 + y * (c + 3) + random.Between(0, 5)) % 200 * 321; break;
          default: break;
        }
        SetSample(image, i, v & largest);
      }
    }
  }
  if (kind.indexed) {
    Chunk palette = MakeChunk("PLTE");
    for (int n = 0; n <= largest; ++n) {
      for (int c = 0; c < 3; ++c) palette.data.push_back(static_cast<uint8_t>(n * (13 + 40 * c)));
    }
    image.chunks.push_back(palette);
  }
  return image;
}

// A scene of few colours, whose palette is sorted: 0: in no order; 1: by how often colours occur,
// then by their sum, then by place; 2: by sum, largest first; 3: by luma.
inline Image Quantised(uint32_t width, uint32_t height, int order, bool with_alpha) {
  Image image = OfKind({1, 8, 0, true}, width, height, 1);
  std::vector<std::array<int, 4>> colours, of_pixels;
  std::vector<uint32_t> counts;
  Random random(width + 7 * height);
  for (uint32_t i = 0; i < width * height; ++i) {
    const int x = static_cast<int>(i % width), y = static_cast<int>(i / width);
    const int v = (x * x / 40 + y * 3 + random.Between(0, 9)) / 6 % 60;
    const std::array<int, 4> colour = {v * 4 % 252, (v * 4 + v / 7 * 4) % 252, 240 - v * 3 % 240,
                                       with_alpha && v % 5 == 0 ? v * 5 % 250 : 255};
    const auto at = std::find(colours.begin(), colours.end(), colour);
    if (at == colours.end()) {
      colours.push_back(colour);
      counts.push_back(0);
    }
    const auto number =
        static_cast<size_t>(std::find(colours.begin(), colours.end(), colour) - colours.begin());
    ++counts[number];
    image.samples[i] = static_cast<uint8_t>(number);
  }
  std::vector<uint8_t> sorted(colours.size());
  for (size_t i = 0; i < sorted.size(); ++i) sorted[i] = static_cast<uint8_t>(i);
  const auto key = [&](uint8_t n) {
    const auto& c = colours[n];
    const int sum = c[0] + c[1] + c[2], luma = 2126 * c[0] + 7152 * c[1] + 722 * c[2];
    return order == 1   ? std::pair(-static_cast<int>(counts[n]), sum)
           : order == 2 ? std::pair(0, -sum)
           : order == 3 ? std::pair(0, luma)
                        : std::pair(n * 77 % 101, 0);
  };
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](uint8_t a, uint8_t b) { return key(a) < key(b); });
  Chunk palette = MakeChunk("PLTE"), alpha = MakeChunk("tRNS");
  std::vector<uint8_t> index_of(sorted.size());
  for (size_t i = 0; i < sorted.size(); ++i) {
    index_of[sorted[i]] = static_cast<uint8_t>(i);
    for (size_t c = 0; c < 3; ++c) {
      palette.data.push_back(static_cast<uint8_t>(colours[sorted[i]][c]));
    }
    alpha.data.push_back(static_cast<uint8_t>(colours[sorted[i]][3]));
  }
  for (uint8_t& index : image.samples) index = index_of[index];
  image.chunks = {palette};
  if (with_alpha) image.chunks.push_back(alpha);
  return image;
}

// Four bars with the same ramp of some fifty colours, turned, in black frames on nothing.
inline Image Crosshair() {
  Image image = OfKind({4, 8, 0}, 32, 32, 1);
  std::fill(image.samples.begin(), image.samples.end(), uint8_t{0});
  for (uint32_t turn = 0; turn < 4; ++turn) {
    Random random(5);
    for (uint32_t i = 0; i < 13 * 6; ++i) {
      uint32_t x = 13 + i % 6, y = i / 6;
      const int k = static_cast<int>(i);
      std::array<int, 4> colour = {100 + k * 19 / 10 + random.Between(0, 1),
                                   40 + k * 2 + random.Between(0, 1),
                                   70 + k * 21 / 10 + random.Between(0, 1), 255};
      if (i % 6 == 0 || i % 6 == 5) colour = {0, 0, 0, 255};
      for (uint32_t n = 0; n < turn; ++n) x = std::exchange(y, x), x = 31 - x;
      for (size_t c = 0; c < 4; ++c) image.At(x, y)[c] = static_cast<uint8_t>(colour[c]);
    }
  }
  return image;
}

// Alpha that says what gray says; gray and alpha, 8 bits.
inline void RepeatGray(Image& image) {
  for (size_t i = 0; i < image.samples.size(); i += 2) image.samples[i + 1] = image.samples[i];
}

// With chunks before the palette, between it and the samples, and after them.
inline Image WithMetadata(Image image) {
  const auto chunk = [](const char* type, const std::string& text) {
    return MakeChunk(type, ByteSpan(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  };
  image.chunks.insert(image.chunks.begin(), chunk("gAMA", std::string("\0\0\xb1\x8f", 4)));
  image.chunks.push_back(chunk("pHYs", std::string("\0\0\x0b\x13\0\0\x0b\x13\1", 9)));
  image.chunks.push_back(chunk("tEXt", std::string("Comment") + '\0' +
                                           "the quick brown fox jumps over the quick brown dog"));
  image.chunks.push_back(chunk("IDAT", ""));
  image.chunks.push_back(chunk("tIME", std::string("\x07\xea\x0b\x18\x0b\x00\x00", 7)));
  image.chunks.push_back(chunk("prVt", "private and safe to copy"));
  return image;
}

}  // namespace flowzip::testing
