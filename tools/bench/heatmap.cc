// SPDX-License-Identifier: BSD-3-Clause
#include "tools/bench/heatmap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "base/bytes.h"
#include "tools/bench/png_writer.h"

namespace flowzip::bench {
namespace {

// Black through violet and orange to pale yellow: lightness grows evenly, so that it
// survives gray printing and colour blindness.
constexpr std::array<std::array<double, 3>, 9> kScale = {{{0, 0, 4},
                                                          {28, 16, 68},
                                                          {79, 18, 123},
                                                          {129, 37, 129},
                                                          {181, 54, 122},
                                                          {229, 80, 100},
                                                          {251, 135, 97},
                                                          {254, 194, 135},
                                                          {252, 253, 191}}};
// Few colours make small PNG files.
constexpr int kColours = 48;

std::array<uint8_t, 3> ColourOf(double value) {
  const double at = std::clamp(value, 0.0, 1.0) * (kScale.size() - 1);
  const size_t i = std::min(static_cast<size_t>(at), kScale.size() - 2);
  const double part = at - static_cast<double>(i);
  std::array<uint8_t, 3> colour;
  for (size_t c = 0; c < 3; ++c) {
    colour[c] =
        static_cast<uint8_t>(std::lround((1 - part) * kScale[i][c] + part * kScale[i + 1][c]));
  }
  return colour;
}

uint32_t Factor(uint32_t width, uint32_t height, uint32_t max_side) {
  return std::max<uint32_t>(1, (std::max(width, height) + max_side - 1) / max_side);
}

// Calls fn(x, y, mean) for the mean of get(x, y) over each square.
template <class Get, class Fn>
void ForEachSquare(uint32_t width, uint32_t height, uint32_t factor, const Get& get, const Fn& fn) {
  for (uint32_t y = 0; y < height; y += factor) {
    for (uint32_t x = 0; x < width; x += factor) {
      double sum = 0;
      int count = 0;
      for (uint32_t v = y; v < std::min(height, y + factor); ++v) {
        for (uint32_t u = x; u < std::min(width, x + factor); ++u, ++count) sum += get(u, v);
      }
      fn(x / factor, y / factor, sum / count);
    }
  }
}

}  // namespace

PixelBits Shrink(const PixelBits& map, uint32_t max_side) {
  const uint32_t factor = Factor(map.width, map.height, max_side);
  PixelBits small;
  small.Reset((map.width + factor - 1) / factor, (map.height + factor - 1) / factor);
  ForEachSquare(
      map.width, map.height, factor,
      [&](uint32_t x, uint32_t y) { return map.bits[size_t{y} * map.width + x]; },
      [&](uint32_t x, uint32_t y, double mean) {
        small.bits[size_t{y} * small.width + x] = static_cast<float>(mean);
      });
  return small;
}

Image Shrink(const Image& image, uint32_t max_side) {
  const uint32_t factor = Factor(image.width, image.height, max_side);
  Image small;
  small.width = (image.width + factor - 1) / factor;
  small.height = (image.height + factor - 1) / factor;
  small.channels = image.channels >= 3 ? 3 : 1;
  small.samples.resize(small.row_bytes() * small.height);
  const int bytes = image.bytes_per_sample();
  const double scale = 255.0 / ((1 << image.bit_depth) - 1);
  for (int c = 0; c < small.channels; ++c) {
    ForEachSquare(
        image.width, image.height, factor,
        [&](uint32_t x, uint32_t y) -> double {
          const size_t i = (size_t{y} * image.width + x) * image.channels + c;
          if (bytes == 1) return image.samples[i];
          uint16_t value;
          std::memcpy(&value, &image.samples[2 * i], 2);
          return value;
        },
        [&](uint32_t x, uint32_t y, double mean) {
          small.samples[(size_t{y} * small.width + x) * small.channels + c] =
              static_cast<uint8_t>(std::lround(scale * mean));
        });
  }
  return small;
}

Image Coloured(const PixelBits& map, double most) {
  Image image;
  image.width = map.width;
  image.height = map.height;
  image.channels = 3;
  for (const float bits : map.bits) {
    const double step = std::round(bits / most * kColours) / kColours;
    const std::array<uint8_t, 3> colour = ColourOf(step);
    image.samples.insert(image.samples.end(), colour.begin(), colour.end());
  }
  return image;
}

double Quantile(const PixelBits& map, double part_above) {
  if (map.bits.empty()) return 0;
  std::vector<float> sorted = map.bits;
  const auto at = static_cast<size_t>((1 - part_above) * static_cast<double>(sorted.size() - 1));
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<ptrdiff_t>(at), sorted.end());
  return sorted[at];
}

std::string ScaleColour(double value) {
  const std::array<uint8_t, 3> colour = ColourOf(value);
  char text[8];
  std::snprintf(text, sizeof(text), "#%02x%02x%02x", colour[0], colour[1], colour[2]);
  return text;
}

std::string PngDataUri(const Image& image) {
  constexpr const char* kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::vector<uint8_t> file = PngBytes(image, 9);
  std::string text = "data:image/png;base64,";
  for (size_t i = 0; i < file.size(); i += 3) {
    uint32_t three = 0;
    for (size_t j = 0; j < 3; ++j) three = three << 8 | (i + j < file.size() ? file[i + j] : 0);
    for (size_t j = 0; j < 4; ++j) {
      text += i + j > file.size() ? '=' : kDigits[three >> (18 - 6 * j) & 63];
    }
  }
  return text;
}

}  // namespace flowzip::bench
