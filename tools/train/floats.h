// SPDX-License-Identifier: BSD-3-Clause
// A picture as three float planes, for augmentation only.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <random>
#include <vector>

namespace flowzip {

using Rng = std::mt19937;

inline double Uniform(Rng& rng, double lo, double hi) {
  return std::uniform_real_distribution<double>(lo, hi)(rng);
}
inline bool Chance(Rng& rng, double p) { return Uniform(rng, 0, 1) < p; }
inline int Below(Rng& rng, int n) { return std::uniform_int_distribution<int>(0, n - 1)(rng); }

// Three planes R, G, B, nominally in [0, 255].
struct Floats {
  int width = 0, height = 0;
  std::array<std::vector<float>, 3> c;
  Floats(int w, int h) : width(w), height(h) {
    for (auto& plane : c) plane.resize(static_cast<size_t>(w) * h);
  }
  // The nearest sample inside the picture.
  float At(int k, int x, int y) const {
    x = std::clamp(x, 0, width - 1);
    y = std::clamp(y, 0, height - 1);
    return c[k][static_cast<size_t>(y) * width + x];
  }
};

}  // namespace flowzip
