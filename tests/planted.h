// SPDX-License-Identifier: BSD-3-Clause
// Pictures with something planted in them, and how well a map finds it.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "codec/picture/image.h"

namespace flowzip {

// SplitMix64 (Steele et al. 2014): the same numbers everywhere.
class PlantRandom {
 public:
  explicit PlantRandom(uint64_t seed) : state_(seed) {}
  double Uniform() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
  }
  double Gauss() {
    return std::sqrt(-2 * std::log(1 - Uniform())) * std::cos(6.283185307179586 * Uniform());
  }

 private:
  uint64_t state_;
};

inline uint8_t* Pixel(Image& image, uint32_t x, uint32_t y) {
  return image.samples.data() + (size_t{y} * image.width + x) * image.channels;
}
inline const uint8_t* Pixel(const Image& image, uint32_t x, uint32_t y) {
  return image.samples.data() + (size_t{y} * image.width + x) * image.channels;
}
inline uint8_t ToSample(double v) {
  return static_cast<uint8_t>(std::lround(std::clamp(v, 0.0, 255.0)));
}

// The part of `from` at (fx, fy), of the rectangle's size, in the place of the rectangle.
// Gray becomes R = G = B; colour becomes gray by (R + 2G + B) / 4.
inline void PlantPatch(const Image& from, uint32_t fx, uint32_t fy, const Rect& at, Image& image) {
  for (uint32_t y = 0; y < at.height; ++y) {
    for (uint32_t x = 0; x < at.width; ++x) {
      const uint8_t* p = Pixel(from, fx + x, fy + y);
      uint8_t* q = Pixel(image, at.x + x, at.y + y);
      if (from.channels == image.channels) {
        std::copy_n(p, from.channels, q);
      } else if (from.channels == 1) {
        std::fill_n(q, image.channels, *p);
      } else {
        *q = static_cast<uint8_t>((p[0] + 2 * p[1] + p[2] + 2) / 4);
      }
    }
  }
}

// Independent Gaussian noise on every sample, as of a sensor at a higher gain.
inline void PlantNoise(double sigma, uint64_t seed, const Rect& at, Image& image) {
  PlantRandom random(seed);
  for (uint32_t y = 0; y < at.height; ++y) {
    uint8_t* q = Pixel(image, at.x, at.y + y);
    for (uint32_t i = 0; i < at.width * image.channels; ++i) {
      q[i] = ToSample(q[i] + sigma * random.Gauss());
    }
  }
}

// What baseline JPEG (4:4:4) does to a region whose sides are multiples of 8: YCbCr, 8x8 DCT,
// the standard's example tables (T.81, Annex K) scaled as libjpeg scales them for `quality`.
inline void PlantJpeg(int quality, const Rect& at, Image& image) {
  static constexpr int kLuma[64] = {16,  11,  10,  16,  24, 40, 51,  61,  12,  12,  14,  19,  26,
                                    58,  60,  55,  14,  13, 16, 24,  40,  57,  69,  56,  14,  17,
                                    22,  29,  51,  87,  80, 62, 18,  22,  37,  56,  68,  109, 103,
                                    77,  24,  35,  55,  64, 81, 104, 113, 92,  49,  64,  78,  87,
                                    103, 121, 120, 101, 72, 92, 95,  98,  112, 100, 103, 99};
  static constexpr int kChroma[16] = {17, 18, 24, 47, 18, 21, 26, 66,
                                      24, 26, 56, 99, 47, 66, 99, 99};
  const double scale = quality < 50 ? 50.0 / quality : 2 - quality / 50.0;
  double basis[8][8];
  for (int k = 0; k < 8; ++k) {
    for (int n = 0; n < 8; ++n) {
      basis[k][n] = (k == 0 ? std::sqrt(0.125) : 0.5) * std::cos((2 * n + 1) * k * M_PI / 16);
    }
  }
  for (uint32_t by = 0; by < at.height; by += 8) {
    for (uint32_t bx = 0; bx < at.width; bx += 8) {
      std::array<std::array<double, 64>, 3> block{};
      for (int i = 0; i < 64; ++i) {
        const uint8_t* p = Pixel(image, at.x + bx + i % 8, at.y + by + i / 8);
        if (image.channels == 1) {
          block[0][i] = p[0] - 128;
          continue;
        }
        block[0][i] = 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2] - 128;
        block[1][i] = -0.168736 * p[0] - 0.331264 * p[1] + 0.5 * p[2];
        block[2][i] = 0.5 * p[0] - 0.418688 * p[1] - 0.081312 * p[2];
      }
      for (int c = 0; c < image.channels; ++c) {
        std::array<double, 64> f{}, out{};
        for (int k = 0; k < 64; ++k) {
          for (int i = 0; i < 64; ++i) {
            f[k] += basis[k / 8][i / 8] * basis[k % 8][i % 8] * block[c][i];
          }
          const int chroma = k / 8 < 4 && k % 8 < 4 ? kChroma[k / 8 * 4 + k % 8] : 99;
          const double table = c == 0 ? kLuma[k] : chroma;
          const double step = std::clamp(std::floor(table * scale + 0.5), 1.0, 255.0);
          f[k] = step * std::round(f[k] / step);
        }
        for (int i = 0; i < 64; ++i) {
          for (int k = 0; k < 64; ++k) out[i] += basis[k / 8][i / 8] * basis[k % 8][i % 8] * f[k];
        }
        block[c] = out;
      }
      for (int i = 0; i < 64; ++i) {
        uint8_t* q = Pixel(image, at.x + bx + i % 8, at.y + by + i / 8);
        const double luma = block[0][i] + 128, cb = block[1][i], cr = block[2][i];
        if (image.channels == 1) {
          q[0] = ToSample(luma);
          continue;
        }
        q[0] = ToSample(luma + 1.402 * cr);
        q[1] = ToSample(luma - 0.344136 * cb - 0.714136 * cr);
        q[2] = ToSample(luma + 1.772 * cb);
      }
    }
  }
}

// Area under the ROC curve of a score per pixel against "inside the rectangle": the probability
// that a pixel inside scores above one outside, ties half (Mann-Whitney).
inline double AreaUnderRoc(const std::vector<float>& score, uint32_t width, const Rect& inside) {
  std::vector<uint32_t> order(score.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return score[a] < score[b]; });
  double below = 0, in = 0, area = 0;
  for (size_t i = 0; i < order.size();) {
    double tie_in = 0, tie_out = 0;
    const float value = score[order[i]];
    for (; i < order.size() && score[order[i]] == value; ++i) {
      const uint32_t x = order[i] % width, y = order[i] / width;
      const bool hit = x >= inside.x && x < inside.x + inside.width && y >= inside.y &&
                       y < inside.y + inside.height;
      (hit ? tie_in : tie_out) += 1;
    }
    area += tie_in * (below + tie_out / 2);
    below += tie_out;
    in += tie_in;
  }
  return area / (in * below);
}

}  // namespace flowzip
