// SPDX-License-Identifier: BSD-3-Clause
// Makes the training pictures as varied in provenance as users' pictures are.
#include <algorithm>
#include <cmath>

#include "tools/train/prepare.h"

namespace flowzip {
namespace {

using Rng = std::mt19937;

double Uniform(Rng& rng, double lo, double hi) {
  return std::uniform_real_distribution<double>(lo, hi)(rng);
}
bool Chance(Rng& rng, double p) { return Uniform(rng, 0, 1) < p; }
int Below(Rng& rng, int n) { return std::uniform_int_distribution<int>(0, n - 1)(rng); }

// Three float planes in [0, 255].
struct Floats {
  int width = 0, height = 0;
  std::array<std::vector<float>, 3> c;
  Floats(int w, int h) : width(w), height(h) {
    for (auto& plane : c) plane.resize(static_cast<size_t>(w) * h);
  }
  float At(int k, int x, int y) const {
    x = std::clamp(x, 0, width - 1);
    y = std::clamp(y, 0, height - 1);
    return c[k][static_cast<size_t>(y) * width + x];
  }
};

Floats ToFloats(const Image& image) {
  Floats f(image.width, image.height);
  const size_t pixels = f.c[0].size();
  for (size_t i = 0; i < pixels; ++i) {
    for (int k = 0; k < 3; ++k) {
      f.c[k][i] = image.samples[i * image.channels + (image.channels == 3 ? k : 0)];
    }
  }
  return f;
}

Image ToImage(const Floats& f) {
  Image image{static_cast<uint32_t>(f.width), static_cast<uint32_t>(f.height), 3, 8, {}};
  image.samples.resize(f.c[0].size() * 3);
  for (size_t i = 0; i < f.c[0].size(); ++i) {
    for (int k = 0; k < 3; ++k) {
      image.samples[i * 3 + k] =
          static_cast<uint8_t>(std::clamp(std::lround(f.c[k][i]), 0L, 255L));
    }
  }
  return image;
}

// Area-weighted reduction by `factor` >= 1, linear between samples.
Floats Reduce(const Floats& in, double factor) {
  Floats out(std::max(1, static_cast<int>(in.width / factor)),
             std::max(1, static_cast<int>(in.height / factor)));
  const double radius = factor;  // triangle filter
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      const double cx = (x + 0.5) * factor - 0.5, cy = (y + 0.5) * factor - 0.5;
      double sum[3] = {0, 0, 0}, total = 0;
      for (int v = static_cast<int>(std::ceil(cy - radius)); v <= cy + radius; ++v) {
        for (int u = static_cast<int>(std::ceil(cx - radius)); u <= cx + radius; ++u) {
          const double w = (1 - std::abs(u - cx) / radius) * (1 - std::abs(v - cy) / radius);
          for (int k = 0; k < 3; ++k) sum[k] += w * in.At(k, u, v);
          total += w;
        }
      }
      for (int k = 0; k < 3; ++k) {
        out.c[k][static_cast<size_t>(y) * out.width + x] = static_cast<float>(sum[k] / total);
      }
    }
  }
  return out;
}

// Stores chroma at half resolution and interpolates it back, as JPEG, video and PhotoCD do.
void SubsampleChroma(Floats& f, Rng& rng) {
  const int kind = Below(rng, 4);            // 0, 1: both directions; 2: across; 3: down
  const bool half_x = kind != 3, half_y = kind != 2;
  const double site = Chance(rng, 0.5) ? 0.0 : 0.5;  // co-sited or centred
  const bool nearest = Chance(rng, 0.15);
  const int sx = half_x ? 2 : 1, sy = half_y ? 2 : 1;
  const int cw = (f.width + sx - 1) / sx, ch = (f.height + sy - 1) / sy;
  const size_t pixels = f.c[0].size();
  std::vector<float> luma(pixels), chroma(pixels);
  for (size_t i = 0; i < pixels; ++i) {
    luma[i] = 0.299f * f.c[0][i] + 0.587f * f.c[1][i] + 0.114f * f.c[2][i];
  }
  std::array<std::vector<float>, 2> restored;
  for (int k = 0; k < 2; ++k) {
    const std::vector<float>& from = f.c[k == 0 ? 0 : 2];
    for (size_t i = 0; i < pixels; ++i) chroma[i] = from[i] - luma[i];
    std::vector<float> small(static_cast<size_t>(cw) * ch);
    for (int y = 0; y < ch; ++y) {
      for (int x = 0; x < cw; ++x) {
        double sum = 0, total = 0;
        for (int v = -1; v <= sy; ++v) {
          for (int u = -1; u <= sx; ++u) {
            const double wx = half_x ? std::max(0.0, 1.5 - std::abs(u - site * 1.0)) : (u == 0);
            const double wy = half_y ? std::max(0.0, 1.5 - std::abs(v - site * 1.0)) : (v == 0);
            const int xx = std::clamp(x * sx + u, 0, f.width - 1);
            const int yy = std::clamp(y * sy + v, 0, f.height - 1);
            sum += wx * wy * chroma[static_cast<size_t>(yy) * f.width + xx];
            total += wx * wy;
          }
        }
        small[static_cast<size_t>(y) * cw + x] = static_cast<float>(std::lround(sum / total));
      }
    }
    restored[k].resize(pixels);
    for (int y = 0; y < f.height; ++y) {
      for (int x = 0; x < f.width; ++x) {
        double px = half_x ? (x - site) / 2 : x, py = half_y ? (y - site) / 2 : y;
        if (nearest) {
          px = half_x ? x / 2 : x;
          py = half_y ? y / 2 : y;
        }
        const int x0 = static_cast<int>(std::floor(px)), y0 = static_cast<int>(std::floor(py));
        const double fx = px - x0, fy = py - y0;
        const auto at = [&](int u, int v) {
          return small[static_cast<size_t>(std::clamp(v, 0, ch - 1)) * cw +
                       std::clamp(u, 0, cw - 1)];
        };
        restored[k][static_cast<size_t>(y) * f.width + x] = static_cast<float>(
            (1 - fy) * ((1 - fx) * at(x0, y0) + fx * at(x0 + 1, y0)) +
            fy * ((1 - fx) * at(x0, y0 + 1) + fx * at(x0 + 1, y0 + 1)));
      }
    }
  }
  for (size_t i = 0; i < pixels; ++i) {
    const float y = std::round(luma[i]);
    f.c[0][i] = y + restored[0][i];
    f.c[2][i] = y + restored[1][i];
    f.c[1][i] = y - (0.299f * restored[0][i] + 0.114f * restored[1][i]) / 0.587f;
  }
}

// Unsharp mask (amount > 0) or blur (amount < 0) with a 3x3 binomial.
void Sharpen(Floats& f, double amount) {
  const Floats in = f;
  for (int k = 0; k < 3; ++k) {
    for (int y = 0; y < f.height; ++y) {
      for (int x = 0; x < f.width; ++x) {
        double blur = 0;
        for (int v = -1; v <= 1; ++v) {
          for (int u = -1; u <= 1; ++u) blur += (2 - u * u) * (2 - v * v) * in.At(k, x + u, y + v);
        }
        float& out = f.c[k][static_cast<size_t>(y) * f.width + x];
        out += static_cast<float>(amount * (out - blur / 16));
      }
    }
  }
}

void AddNoise(Floats& f, double sigma, Rng& rng) {
  std::normal_distribution<float> noise(0, static_cast<float>(sigma));
  for (auto& plane : f.c) {
    for (float& v : plane) v += noise(rng);
  }
}

Floats Reorient(const Floats& in, bool flip_x, bool flip_y, bool transpose) {
  Floats out(transpose ? in.height : in.width, transpose ? in.width : in.height);
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      int u = transpose ? y : x, v = transpose ? x : y;
      if (flip_x) u = in.width - 1 - u;
      if (flip_y) v = in.height - 1 - v;
      for (int k = 0; k < 3; ++k) {
        out.c[k][static_cast<size_t>(y) * out.width + x] =
            in.c[k][static_cast<size_t>(v) * in.width + u];
      }
    }
  }
  return out;
}

// Largest size that is a multiple of 32, at a random offset.
Floats CropTo32(const Floats& in, Rng* rng) {
  Floats out(in.width / 32 * 32, in.height / 32 * 32);
  const int x0 = rng ? Below(*rng, in.width - out.width + 1) : 0;
  const int y0 = rng ? Below(*rng, in.height - out.height + 1) : 0;
  for (int k = 0; k < 3; ++k) {
    for (int y = 0; y < out.height; ++y) {
      for (int x = 0; x < out.width; ++x) {
        out.c[k][static_cast<size_t>(y) * out.width + x] = in.At(k, x0 + x, y0 + y);
      }
    }
  }
  return out;
}

}  // namespace

Image Augment(const Image& image, double strength, std::mt19937& rng) {
  Floats f = ToFloats(image);
  if (strength <= 0) return ToImage(CropTo32(f, nullptr));
  if (Chance(rng, 0.2 * strength) && std::min(f.width, f.height) >= 256) {
    f = Reduce(f, Uniform(rng, 1.05, 2.0));
  }
  f = Reorient(f, Chance(rng, 0.5), Chance(rng, 0.3), Chance(rng, 0.3));
  if (Chance(rng, 0.15 * strength)) Sharpen(f, Uniform(rng, -0.7, 1.0));
  if (Chance(rng, 0.10 * strength)) AddNoise(f, Uniform(rng, 0.3, 4.0), rng);
  if (Chance(rng, 0.35 * strength)) SubsampleChroma(f, rng);
  if (Chance(rng, 0.04 * strength)) {
    f.c[0] = f.c[1];
    f.c[2] = f.c[1];
  }
  return ToImage(CropTo32(f, &rng));
}

}  // namespace flowzip
