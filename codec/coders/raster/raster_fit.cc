// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/raster/raster_fit.h"

#include <algorithm>
#include <cmath>

#include "model/gram.h"
#include "model/least_squares.h"

namespace flowzip {

// Of planes with twice as many, rows are left out at regular intervals: the weights are few.
constexpr int64_t kFitSites = 65536;

void FitRasterEnergies(const RasterPlane* magnitudes, int channel, RasterModel* model) {
  // What they are about, to begin with; the last is the constant's.
  static constexpr std::array<double, 7> kOwn{0.25, 0.08, 0.25, 0.12, 0.15, 0.08, 0.1};
  const int taps = RasterEnergies(channel), count = taps + 1;
  std::vector<double> start(static_cast<size_t>(count), 0.02);
  std::copy_n(kOwn.begin(), kOwnEnergies.size(), start.begin());
  start.back() = kOwn.back();
  const auto set = [&] {
    for (int k = 0; k < count; ++k) {
      const double scaled = std::floor(start[static_cast<size_t>(k)] * (1 << kEnergyBits) + 0.5);
      const auto weight = static_cast<int32_t>(std::clamp(scaled, 0.0, 255.0));
      if (k < taps) model->energies[0][k] = static_cast<int16_t>(weight);
      if (k == taps) model->bias = weight;
    }
  };
  set();
  const RasterPlane& own = magnitudes[channel];
  const int width = own.width(), height = own.height();
  const int64_t sites = int64_t{width} * height;
  const int stride = static_cast<int>(sites >= 2 * kFitSites ? (sites / kFitSites) | 1 : 1);
  std::vector<int32_t> energy(static_cast<size_t>(width) + kRasterBlock);
  for (int round = 0; round < 2; ++round) {
    NormalEquations equations(count);
    std::vector<int16_t> block(static_cast<size_t>(count + 1) * kGramBlock);
    int used = 0;
    const auto flush = [&] {
      AddGram(block.data(), count + 1, equations.gram.data());
      used = 0;
      std::fill(block.begin(), block.end(), int16_t{0});
    };
    for (int y = 0; y < height; y += stride) {
      const RasterRows rows = EnergyRows(magnitudes, channel, y);
      RasterSums(rows.data(), taps, model->energies, nullptr, width, energy.data());
      for (int x = 0; x < width; ++x) {
        // Errors count relative to what is expected: 2^8 times value / energy.
        const int32_t factor = 65536 / (((energy[x] + 4 * model->bias) >> kEnergyBits) + 8);
        const auto weigh = [&](int32_t value) {
          return static_cast<int16_t>(std::min(value * factor >> 8, kGramClip));
        };
        int16_t* to = block.data() + used;
        for (int k = 0; k < taps; ++k, to += kGramBlock)
          *to = weigh(rows[static_cast<size_t>(k)][x]);
        *to = weigh(4);
        to[kGramBlock] = weigh(own.Row(y)[x]);
        if (++used == kGramBlock) flush();
      }
    }
    if (used > 0) flush();
    start = Solve(equations, start, 1e-4);
    set();
  }
}

}  // namespace flowzip
