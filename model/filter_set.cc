// SPDX-License-Identifier: BSD-3-Clause
#include "model/filter_set.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/error.h"
#include "model/filter_fit.h"

namespace flowzip {
namespace {

// Fewer sites than this never repay the side information.
constexpr int64_t kMinSites = 512;
// Pull towards the default filter, relative to the mean diagonal of the normal equations.
constexpr double kRidge = 1e-4;
// Rounds of reweighting, and the errors' scale relative to their root mean square.
constexpr int kReweightings = 2;
constexpr double kReweightScale = 0.7;

// log2 from + - * / alone: std::log2 may differ in the last place between C libraries, and
// the encoder's choices must not.
double PortableLog2(double v) {
  if (v <= 0) return -1024;
  int exponent;
  const double m = std::frexp(v, &exponent);  // in [0.5, 1), exact
  const double t = (m - 0.75) / (m + 0.75), t2 = t * t;
  const double series = t * (1 + t2 * (1.0 / 3 + t2 * (1.0 / 5 + t2 * (1.0 / 7 + t2 / 9))));
  constexpr double kTwoOverLn2 = 2.885390081777927, kLog2Of075 = -0.4150374992788438;
  return exponent + kLog2Of075 + kTwoOverLn2 * series;
}

// Expected bits of the residuals of `sites` sites like those of the equations, up to a
// constant that is the same for every filter.
double ResidualBits(const NormalEquations& equations, const std::vector<double>& w, int64_t sites) {
  // One unit of energy per site stands for the sample quantisation.
  const double floor = static_cast<double>(equations.sites) * 16;
  return 0.5 * static_cast<double>(sites) * PortableLog2(std::max(equations.Error(w), 0.0) + floor);
}

std::vector<double> ToReal(const Filter& filter) {
  std::vector<double> w(filter.size());
  for (size_t k = 0; k < w.size(); ++k) w[k] = filter[k] / double{1 << kFilterBits};
  return w;
}

// Deltas of `w` from the default in the given step; false if a coefficient would not fit.
bool Quantise(const std::vector<double>& w, const Filter& base, FilterCode& code) {
  code.deltas.resize(w.size());
  for (size_t k = 0; k < w.size(); ++k) {
    const double delta = (w[k] * (1 << kFilterBits) - base[k]) / (1 << code.step_log2);
    if (!(std::abs(delta) < 30000)) return false;
    code.deltas[k] = static_cast<int32_t>(std::floor(delta + 0.5));
    const int value = base[k] + code.deltas[k] * (1 << code.step_log2);
    if (value < std::numeric_limits<int16_t>::min() || value > std::numeric_limits<int16_t>::max())
      return false;
  }
  return true;
}

double Norm(const std::vector<double>& w) {
  double norm = 0;
  for (const double v : w) norm += std::abs(v);
  return norm;
}

int ChooseGolomb(FilterCode& code) {
  int best = std::numeric_limits<int>::max();
  for (int k = 0; k <= kMaxFilterGolomb; ++k) {
    int bits = 0;
    for (const int32_t d : code.deltas) bits += DeltaBits(d, k);
    if (bits < best) {
      best = bits;
      code.golomb = k;
    }
  }
  return best;
}

}  // namespace

TapSet::TapSet(const ContextRadii& radii) {
  for (int g = 0; g < kGroups; ++g) {
    for (int c = 0; c < kChannels; ++c) taps[g][c] = MakeTaps(radii, g, c);
  }
}

int DeltaBits(int32_t delta, int k) {
  const uint32_t zigzag = (static_cast<uint32_t>(delta) << 1) ^ static_cast<uint32_t>(delta >> 31);
  const uint32_t top = (zigzag >> k) + 1;
  return 2 * (31 - __builtin_clz(top)) + 1 + k;
}

Filter ApplyCode(const Filter& base, const FilterCode& code) {
  if (!code.custom) return base;
  Filter filter(base.size());
  for (size_t k = 0; k < base.size(); ++k) {
    const int64_t value = base[k] + (int64_t{code.deltas[k]} << code.step_log2);
    Require(value >= std::numeric_limits<int16_t>::min() &&
                value <= std::numeric_limits<int16_t>::max(),
            ErrorCode::kCorrupt, "filter coefficient out of range");
    filter[k] = static_cast<int16_t>(value);
  }
  Require(FilterIsSafe(filter), ErrorCode::kCorrupt, "filter could overflow");
  return filter;
}

FilterCodes FitFilters(LevelPlanes& level, const TapSet& taps, const FilterSet& defaults,
                       const std::array<SampleRange, kChannels>& ranges, ThreadPool& pool) {
  FilterCodes codes;
  for (int g = 0; g < kGroups; ++g) {
    ComputeReferences(level, g, pool);
    const Lattice lattice = kGroupLattice[g];
    const int64_t sites =
        int64_t{level.size.valid_width(lattice)} * level.size.valid_height(lattice);
    if (sites < kMinSites) continue;
    for (int c = 0; c < kChannels; ++c) {
      if (ranges[c].constant()) continue;
      const Filter& base = defaults[g][c];
      const std::vector<double> start = ToReal(base);
      const FitSites gathered(level, taps.taps[g][c], g, c, pool);
      NormalEquations equations = gathered.Accumulate(nullptr, pool);
      std::vector<double> fit = Solve(equations, start, kRidge);
      for (int i = 0; i < kReweightings && Norm(fit) < kMaxReweightingNorm; ++i) {
        const double rms =
            std::sqrt(std::max(equations.Error(fit), 0.0) / static_cast<double>(equations.sites));
        const auto scale = std::max<int64_t>(1, static_cast<int64_t>(kReweightScale * rms));
        const Reweighting reweighting{std::move(fit), scale};
        equations = gathered.Accumulate(&reweighting, pool);
        fit = Solve(equations, start, kRidge);
      }
      double best = ResidualBits(equations, start, sites);
      for (int step = kMinFilterStep; step <= kMaxFilterStep; ++step) {
        FilterCode code{.custom = true, .step_log2 = step, .golomb = 0, .deltas = {}};
        if (!Quantise(fit, base, code)) continue;
        Filter filter(base.size());
        for (size_t k = 0; k < base.size(); ++k) {
          filter[k] = static_cast<int16_t>(base[k] + code.deltas[k] * (1 << step));
        }
        if (!FilterIsSafe(filter)) continue;
        const double bits = ResidualBits(equations, ToReal(filter), sites) + ChooseGolomb(code) + 5;
        if (bits < best) {
          best = bits;
          codes[g][c] = std::move(code);
        }
      }
    }
  }
  return codes;
}

}  // namespace flowzip
