// SPDX-License-Identifier: BSD-3-Clause
// Mixtures by chance, also such as no network puts out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <random>

#include "model/mixture.h"
#include "model/mixture_row.h"

namespace flowzip {

using Rng = std::mt19937;

struct Case {
  int components;
  int16_t head[3 * Mixture::kMaxComponents];
  int32_t center, vmin, vmax;
  Mixture Make() const { return Mixture(head, components, center, vmin, vmax); }
};

// `extremity` 0: what a trained network puts out; 1: anything in +-8191; 2: any int16.
inline Case RandomCase(Rng& rng, int extremity) {
  Case c;
  c.components = 1 + rng() % Mixture::kMaxComponents;
  const auto within = [&](int n) { return static_cast<int>(rng() % (2 * n + 1)) - n; };
  const int typical[3] = {600, 100, 700};
  for (int i = 0; i < 3 * c.components; ++i) {
    const int n = extremity == 0 ? typical[i / c.components] : extremity == 1 ? 8191 : 32767;
    c.head[i] = static_cast<int16_t>(within(n) - (extremity == 2 ? rng() % 2 : 0));
    if (extremity > 0 && rng() % 4 == 0) c.head[i] = static_cast<int16_t>(rng() % 2 ? n : -n - 1);
  }
  const int32_t kinds[][2] = {
      {0, 255},        {-255, 255},       {0, 1}, {-2, 2},     {0, 65535},
      {-65535, 65535}, {-131072, 131071}, {7, 7}, {-300, 290}, {-1 << 20, 1 << 20}};
  const auto& kind = kinds[rng() % std::size(kinds)];
  c.vmin = kind[0];
  c.vmax = kind[1];
  c.center = c.vmin * 16 + static_cast<int32_t>(rng() % (uint32_t(c.vmax - c.vmin) * 16 + 1));
  if (extremity == 2 && rng() % 4 == 0) {
    c.center = rng() % 2 ? Mixture::kMaxCenter : -Mixture::kMaxCenter;
  }
  return c;
}

// What a row of mixtures is made from: each site has a range of its own.
struct RowCase {
  static constexpr int kSites = 16;
  int components;
  alignas(64) int32_t rows[3 * Mixture::kMaxComponents][kSites];
  alignas(64) int32_t centers[kSites], vmin[kSites], vmax[kSites];

  // Outputs of RandomCase, times a factor of up to `most`.
  RowCase(Rng& rng, int extremity, int most) : components(RandomCase(rng, extremity).components) {
    for (int j = 0; j < kSites; ++j) {
      Case c;
      do c = RandomCase(rng, extremity);
      while (c.components != components);
      const int factor = 1 + static_cast<int>(rng() % static_cast<uint32_t>(most));
      for (int k = 0; k < 3 * components; ++k) {
        rows[k][j] = std::clamp(c.head[k] * factor, -Mixture::kMaxHead, Mixture::kMaxHead);
      }
      centers[j] = c.center;
      vmin[j] = c.vmin;
      vmax[j] = c.vmax;
    }
  }
  MixtureRow Make() const {
    MixtureRow row;
    row.SetRows(rows[0], kSites, components, centers, vmin, vmax, kSites);
    return row;
  }
};

}  // namespace flowzip
