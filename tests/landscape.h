// SPDX-License-Identifier: BSD-3-Clause
// Pictures with the statistics of photographs, from integers and a seed: detail at every size,
// channels that go together, grain.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "tests/tiny_model.h"

namespace flowzip::testing {

// Noise that is smooth between the nodes of a grid of 2^log2 pixels; within +-2^10.
class SmoothNoise {
 public:
  SmoothNoise(Random& random, uint32_t width, uint32_t height, int log2)
      : log2_(log2), across_((width >> log2) + 2) {
    nodes_.resize(size_t{across_} * ((height >> log2) + 2));
    for (int& node : nodes_) node = random.Between(-1024, 1024);
  }
  int At(uint32_t x, uint32_t y) const {
    const int* node = &nodes_[size_t{y >> log2_} * across_ + (x >> log2_)];
    const int side = 1 << log2_;
    const int fx = static_cast<int>(x) & (side - 1), fy = static_cast<int>(y) & (side - 1);
    const int64_t above = int64_t{node[0]} * (side - fx) + int64_t{node[1]} * fx;
    const int64_t below = int64_t{node[across_]} * (side - fx) + int64_t{node[across_ + 1]} * fx;
    return static_cast<int>((above * (side - fy) + below * fy) >> (2 * log2_));
  }

 private:
  int log2_;
  uint32_t across_;
  std::vector<int> nodes_;
};

// Smooth noise of six sizes, the amplitude falling with the size; an edge along a hill, the ground
// below it rougher than the sky above; luminance shared by the channels, colour smoother; and
// grain of a few steps.
inline Image Landscape(uint32_t width, uint32_t height, int channels, uint32_t seed) {
  Image image = MakeImage(width, height, channels);
  Random random(seed);
  std::vector<SmoothNoise> light, colour;
  for (int log2 = 6; log2 >= 1; --log2) light.emplace_back(random, width, height, log2);
  for (int c = 0; c < 2 * channels; ++c) colour.emplace_back(random, width, height, 5 - c % 2 * 2);
  const SmoothNoise hill(random, width, 1, 5);
  uint8_t* to = image.samples.data();
  for (uint32_t y = 0; y < height; ++y) {
    for (uint32_t x = 0; x < width; ++x) {
      const int edge =
          static_cast<int>(height) / 2 + hill.At(x, 0) * static_cast<int>(height) / 8192;
      const bool ground = static_cast<int>(y) > edge;
      int v = ground ? 90 << 6 : (170 << 6) - static_cast<int>(y * 2000 / height);
      for (size_t n = 0; n < light.size(); ++n) {
        const int weight = ground ? 320 >> n << (n > 2 ? 1 : 0) : 200 >> (n + n / 2);
        v += light[n].At(x, y) * weight >> 7;
      }
      for (int c = 0; c < channels; ++c) {
        const auto n = static_cast<size_t>(c);
        const int tint = (colour[2 * n].At(x, y) >> 1) + (colour[2 * n + 1].At(x, y) >> 3) +
                         (ground ? -c * 700 : c * 500);
        const int grain = random.Between(-50, 50) + random.Between(-50, 50);
        *to++ = static_cast<uint8_t>(std::clamp((v + tint + grain) >> 6, 0, 255));
      }
    }
  }
  return image;
}

}  // namespace flowzip::testing
