// SPDX-License-Identifier: BSD-3-Clause
// Weighted least squares for the adaptive couplings (encoder only).
//
// The encoder must write the same bytes on every machine: the normal equations are
// accumulated exactly in int64 and solved in IEEE doubles in a fixed order (built with
// -ffp-contract=off; + - * / and sqrt are correctly rounded everywhere).
#pragma once

#include <cstdint>
#include <vector>

#include "base/exact_math.h"
#include "base/thread_pool.h"
#include "base/unset_vector.h"
#include "model/adaptive_coupling.h"

namespace flowzip {

// Normal equations of one filter: the products of all pairs of taps and target, (taps + 1)
// rows, upper triangle by rows, the target last. Errors are weighted by
// 1 / (local activity)^2, in the scale 2^8 of the weighted differences.
struct NormalEquations {
  int taps = 0;
  int64_t sites = 0;
  std::vector<int64_t> gram;  // (taps + 1) * (taps + 2) / 2

  explicit NormalEquations(int tap_count = 0)
      : taps(tap_count), gram(static_cast<size_t>(tap_count + 1) * (tap_count + 2) / 2) {}
  void Add(const NormalEquations& other);
  // Weighted squared error of a filter with real coefficients.
  double Error(const std::vector<double>& w) const;
};

// Residuals are closer to Laplacian than to Gaussian, so the fit is repeated with each site's
// squared error divided by 1 + |error under `filter`| / (2 * scale) (iteratively reweighted
// least squares; `scale` in the scale of weighted differences). sum |filter| must stay below
// kMaxReweightingNorm: with differences of 11 bits, errors then fit int32.
inline constexpr double kMaxReweightingNorm = 500;
struct Reweighting {
  std::vector<double> filter;
  int64_t scale = 1;
};

// Of levels with at least twice as many sites, whole rows are left out at regular
// intervals until about this many remain: the coefficients are few, and hardly differ.
inline constexpr int64_t kFitSites = 65536;

// The weighted differences of a group's channel at its valid sites, kept for the rounds of a fit:
// two bytes for each site and tap. All samples of the level must be present, borders extended,
// and the group's references computed.
class FitSites {
 public:
  FitSites(const LevelPlanes& level, const std::vector<Tap>& taps, int group, int channel,
           ThreadPool& pool);

  // `reweighting` may be null.
  NormalEquations Accumulate(const Reweighting* reweighting, ThreadPool& pool) const;

 private:
  // Of neighbouring rows: blocks of taps + 1 rows of kGramBlock values, the target last (gram.h),
  // zeros after the last site.
  struct Piece {
    UnsetVector<int16_t> blocks;
    int64_t sites = 0;
  };
  void Gather(const LevelPlanes& level, const std::vector<Tap>& taps, int group, int channel, int i,
              Piece& piece) const;

  int taps_;
  std::vector<Piece> pieces_;
};

// The same at once, for a single round.
NormalEquations Accumulate(const LevelPlanes& level, const std::vector<Tap>& taps, int group,
                           int channel, const Reweighting* reweighting, ThreadPool& pool);

// Minimises Error(w) + ridge * |w - start|^2. `ridge` is relative to the mean diagonal.
std::vector<double> Solve(const NormalEquations& equations, const std::vector<double>& start,
                          double ridge);

}  // namespace flowzip
