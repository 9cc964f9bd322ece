// SPDX-License-Identifier: BSD-3-Clause
#include "tools/train/augment_ycc.h"

#include <cmath>
#include <vector>

namespace flowzip {
namespace {

struct Scales {
  double luma, c1, c2;
};
// B - L and R - L in steps of the integer chroma; L in steps of the integer luma.
constexpr Scales kJfif{1, 1.772, 1.402}, kPhotoCd{1.3584, 2.2179, 1.8215};

// Quantiser steps of ITU-T T.81, annex K, tables 1 and 2.
constexpr uint8_t kLumaSteps[64] = {16,  11,  10,  16,  24, 40, 51,  61,  12,  12,  14,  19,  26,
                                    58,  60,  55,  14,  13, 16, 24,  40,  57,  69,  56,  14,  17,
                                    22,  29,  51,  87,  80, 62, 18,  22,  37,  56,  68,  109, 103,
                                    77,  24,  35,  55,  64, 81, 104, 113, 92,  49,  64,  78,  87,
                                    103, 121, 120, 101, 72, 92, 95,  98,  112, 100, 103, 99};
constexpr uint8_t kChromaSteps[64] = {
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99,
    99, 99, 47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99};

struct FloatPlane {
  int width, height;
  std::vector<float> v;
  FloatPlane(int w, int h) : width(w), height(h), v(static_cast<size_t>(w) * h) {}
  float& At(int x, int y) { return v[static_cast<size_t>(y) * width + x]; }
  float Near(int x, int y) const {
    return v[static_cast<size_t>(std::clamp(y, 0, height - 1)) * width +
             std::clamp(x, 0, width - 1)];
  }
};

// out = basis * in (or its transpose) along rows, then along columns.
void Transform8x8(const float (&basis)[8][8], bool inverse, float (&block)[8][8]) {
  float half[8][8];
  for (int y = 0; y < 8; ++y) {
    for (int u = 0; u < 8; ++u) {
      float sum = 0;
      for (int x = 0; x < 8; ++x) sum += (inverse ? basis[x][u] : basis[u][x]) * block[y][x];
      half[y][u] = sum;
    }
  }
  for (int u = 0; u < 8; ++u) {
    for (int v = 0; v < 8; ++v) {
      float sum = 0;
      for (int y = 0; y < 8; ++y) sum += (inverse ? basis[y][v] : basis[v][y]) * half[y][u];
      block[v][u] = sum;
    }
  }
}

// What a JPEG of this quality (1..100, libjpeg's scale) leaves of a plane.
void Jpeg(FloatPlane& plane, const uint8_t (&steps)[64], double quality) {
  static const auto basis = [] {
    struct Table {
      float b[8][8];
    } t;
    for (int u = 0; u < 8; ++u) {
      for (int x = 0; x < 8; ++x) {
        t.b[u][x] = static_cast<float>(std::cos((2 * x + 1) * u * M_PI / 16) *
                                       (u == 0 ? std::sqrt(0.125) : 0.5));
      }
    }
    return t;
  }();
  const double scale = (quality < 50 ? 5000 / quality : 200 - 2 * quality) / 100;
  for (int y0 = 0; y0 + 8 <= plane.height; y0 += 8) {
    for (int x0 = 0; x0 + 8 <= plane.width; x0 += 8) {
      float block[8][8];
      for (int y = 0; y < 8; ++y) {
        for (int x = 0; x < 8; ++x) block[y][x] = plane.At(x0 + x, y0 + y);
      }
      Transform8x8(basis.b, false, block);
      for (int i = 0; i < 64; ++i) {
        const float step = static_cast<float>(std::max(1.0, std::floor(steps[i] * scale + 0.5)));
        float& coefficient = block[i / 8][i % 8];
        coefficient = std::round(coefficient / step) * step;
      }
      Transform8x8(basis.b, true, block);
      for (int y = 0; y < 8; ++y) {
        for (int x = 0; x < 8; ++x) plane.At(x0 + x, y0 + y) = block[y][x];
      }
    }
  }
}

// Half size along the axes asked for: samples at even sites (121 filter) or between two.
FloatPlane Halve(const FloatPlane& in, bool half_x, bool half_y, bool centred) {
  FloatPlane out(half_x ? (in.width + 1) / 2 : in.width, half_y ? (in.height + 1) / 2 : in.height);
  const auto taps = [centred](bool half) {
    if (!half) return std::array<float, 3>{0, 1, 0};
    return centred ? std::array<float, 3>{0, 0.5f, 0.5f} : std::array<float, 3>{0.25f, 0.5f, 0.25f};
  };
  const auto wx = taps(half_x), wy = taps(half_y);
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      float sum = 0;
      for (int v = -1; v <= 1; ++v) {
        for (int u = -1; u <= 1; ++u) {
          sum +=
              wx[u + 1] * wy[v + 1] * in.Near((half_x ? 2 * x : x) + u, (half_y ? 2 * y : y) + v);
        }
      }
      out.At(x, y) = sum;
    }
  }
  return out;
}

// One axis' interpolation weights in quarters: of the near sample and of the one at `other`.
struct Weights {
  int near_at, other_at, near, other;
};
Weights WeightsAt(int x, bool half, bool centred, bool replicate) {
  if (!half) return {x, x, 4, 0};
  const int at = x >> 1;
  if (replicate) return {at, at, 4, 0};
  if (centred) return {at, (x & 1) ? at + 1 : at - 1, 3, 1};
  return (x & 1) ? Weights{at, at + 1, 2, 2} : Weights{at, at, 4, 0};
}

// Back to full size in integers, as libjpeg ("fancy"), PhotoCD (co-sited) or a plain player does.
IntPlane Interpolate(const FloatPlane& small, int width, int height, bool half_x, bool half_y,
                     bool centred, bool replicate) {
  IntPlane out(width, height);
  for (int y = 0; y < height; ++y) {
    const Weights wy = WeightsAt(y, half_y, centred, replicate);
    for (int x = 0; x < width; ++x) {
      const Weights wx = WeightsAt(x, half_x, centred, replicate);
      const auto at = [&](int u, int v) { return std::lround(small.Near(u, v)); };
      const long sum =
          wy.near *
              (wx.near * at(wx.near_at, wy.near_at) + wx.other * at(wx.other_at, wy.near_at)) +
          wy.other *
              (wx.near * at(wx.near_at, wy.other_at) + wx.other * at(wx.other_at, wy.other_at));
      // libjpeg alternates the rounding of "fancy" interpolation by column.
      const int round = centred && (x & 1) && half_x ? 7 : 8;
      out.At(x, y) = static_cast<int32_t>((sum + round) >> 4);
    }
  }
  return out;
}

}  // namespace

std::array<IntPlane, kChannels> SimulateYcc(const Floats& rgb, Rng& rng) {
  const bool photo_cd = Chance(rng, 0.35);
  const Scales& s = photo_cd ? kPhotoCd : kJfif;
  const int w = rgb.width, h = rgb.height;
  FloatPlane luma(w, h), c1(w, h), c2(w, h);
  for (size_t i = 0; i < luma.v.size(); ++i) {
    const float l = 0.299f * rgb.c[0][i] + 0.587f * rgb.c[1][i] + 0.114f * rgb.c[2][i];
    luma.v[i] = static_cast<float>(l / s.luma);
    c1.v[i] = static_cast<float>((rgb.c[2][i] - l) / s.c1);
    c2.v[i] = static_cast<float>((rgb.c[0][i] - l) / s.c2);
  }
  const bool half_y = Chance(rng, 0.6), half_x = half_y || Chance(rng, 0.5);
  const bool centred = !photo_cd && Chance(rng, 0.8), replicate = !photo_cd && Chance(rng, 0.15);
  FloatPlane small1 = Halve(c1, half_x, half_y, centred),
             small2 = Halve(c2, half_x, half_y, centred);
  if (!photo_cd && Chance(rng, 0.7)) {
    const double quality = Uniform(rng, 78, 100);
    Jpeg(luma, kLumaSteps, quality);
    Jpeg(small1, kChromaSteps, quality);
    Jpeg(small2, kChromaSteps, quality);
  }
  std::array<IntPlane, kChannels> planes;
  planes[0] = IntPlane(w, h);
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      planes[0].At(x, y) = static_cast<int32_t>(std::clamp(std::lround(luma.At(x, y)), 0L, 255L));
    }
  }
  planes[1] = Interpolate(small1, w, h, half_x, half_y, centred, replicate);
  planes[2] = Interpolate(small2, w, h, half_x, half_y, centred, replicate);
  return planes;
}

}  // namespace flowzip
