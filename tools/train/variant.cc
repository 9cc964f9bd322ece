// SPDX-License-Identifier: BSD-3-Clause
// Makes the training pictures as varied in provenance as users' pictures are.
#include "tools/train/variant.h"

#include <algorithm>
#include <cmath>

#include "tools/train/augment_ycc.h"
#include "tools/train/floats.h"

namespace flowzip {
namespace {

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
      image.samples[i * 3 + k] = static_cast<uint8_t>(std::clamp(std::lround(f.c[k][i]), 0L, 255L));
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
  const int kind = Below(rng, 4);  // 0, 1: both directions; 2: across; 3: down
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
        restored[k][static_cast<size_t>(y) * f.width + x] =
            static_cast<float>((1 - fy) * ((1 - fx) * at(x0, y0) + fx * at(x0 + 1, y0)) +
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

// The largest multiple of 32 that fits, and where in the picture the crop begins.
struct Window {
  int x = 0, y = 0, width, height;
  Window(int w, int h) : width(w / 32 * 32), height(h / 32 * 32) {}
};

Window RandomWindow(int width, int height, bool even, Rng& rng) {
  Window window(width, height);
  window.x = Below(rng, width - window.width + 1);
  window.y = Below(rng, height - window.height + 1);
  if (even) window.x &= ~1, window.y &= ~1;
  return window;
}

Floats CutOut(const Floats& in, const Window& window) {
  Floats out(window.width, window.height);
  for (int k = 0; k < 3; ++k) {
    for (int y = 0; y < out.height; ++y) {
      std::copy_n(&in.c[k][static_cast<size_t>(window.y + y) * in.width + window.x], out.width,
                  &out.c[k][static_cast<size_t>(y) * out.width]);
    }
  }
  return out;
}

// What a phone makes of it: noise smoothed away where contrast is low, edges sharpened.
void SmoothLikePhone(Floats& f, double threshold, double sharpen) {
  const Floats in = f;
  for (int k = 0; k < 3; ++k) {
    for (int y = 0; y < f.height; ++y) {
      for (int x = 0; x < f.width; ++x) {
        const float here = in.At(k, x, y);
        float sum = 0, total = 0;
        for (int v = -2; v <= 2; ++v) {
          for (int u = -2; u <= 2; ++u) {
            const float n = in.At(k, x + u, y + v);
            const float d = (n - here) / static_cast<float>(threshold);
            const float w = 1.0f / (1.0f + d * d * d * d);
            sum += w * n;
            total += w;
          }
        }
        f.c[k][static_cast<size_t>(y) * f.width + x] = sum / total;
      }
    }
  }
  if (sharpen > 0) Sharpen(f, sharpen);
}

// Exposure, contrast and saturation, with rounding after it as any editor would do.
void Grade(Floats& f, Rng& rng) {
  const float gain = static_cast<float>(Uniform(rng, 0.5, 1.15));
  const float gamma = static_cast<float>(Uniform(rng, 0.75, 1.35));
  const float saturation = static_cast<float>(Uniform(rng, 0.4, 1.3));
  for (size_t i = 0; i < f.c[0].size(); ++i) {
    float v[3], luma = 0;
    constexpr float kWeights[3] = {0.299f, 0.587f, 0.114f};
    for (int k = 0; k < 3; ++k) {
      v[k] = 255.0f * gain * std::pow(std::max(f.c[k][i], 0.0f) / 255.0f, gamma);
      luma += kWeights[k] * v[k];
    }
    for (int k = 0; k < 3; ++k) f.c[k][i] = luma + saturation * (v[k] - luma);
  }
}

}  // namespace

Variant MakeVariant(const Image& image, double strength, Rng& rng) {
  Floats f = ToFloats(image);
  if (Chance(rng, 0.2 * strength) && std::min(f.width, f.height) >= 256) {
    f = Reduce(f, Uniform(rng, 1.05, 2.0));
  }
  f = Reorient(f, Chance(rng, 0.5), Chance(rng, 0.3), Chance(rng, 0.3));
  if (Chance(rng, 0.15 * strength)) Grade(f, rng);
  if (Chance(rng, 0.10 * strength)) {
    SmoothLikePhone(f, Uniform(rng, 3, 16), Chance(rng, 0.5) ? Uniform(rng, 0.0, 0.8) : 0);
  } else if (Chance(rng, 0.15 * strength)) {
    Sharpen(f, Uniform(rng, -0.7, 1.0));
  }
  if (Chance(rng, 0.10 * strength)) AddNoise(f, Uniform(rng, 0.3, 4.0), rng);
  if (Chance(rng, 0.12 * strength)) {
    const auto planes = SimulateYcc(f, rng);
    return {{}, {planes[0], planes[1], planes[2]}};
  }
  if (Chance(rng, 0.12 * strength)) SubsampleChroma(f, rng);
  return {ToImage(CutOut(f, RandomWindow(f.width, f.height, false, rng))), {}};
}

}  // namespace flowzip
