// SPDX-License-Identifier: BSD-3-Clause
#include "model/filter_fit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <mutex>
#include <optional>

#include "model/gram.h"

namespace flowzip {
namespace {

// Reweighting in integers, so that every machine weighs alike.
struct IntegerReweighting {
  std::vector<int32_t> filter;  // kFilterBits fractional bits
  int64_t scale;

  explicit IntegerReweighting(const Reweighting& from) : scale(from.scale) {
    for (const double w : from.filter) {
      filter.push_back(static_cast<int32_t>(std::floor(w * (1 << kFilterBits) + 0.5)));
    }
  }
};

// Multiplies each site of a block by the square root of its new weight, in 1/256.
void Reweight(const IntegerReweighting& by, int taps, const int16_t* block, int16_t* out) {
  int32_t error[kGramBlock], factor[kGramBlock];
  const int16_t* target = block + taps * kGramBlock;
  for (int t = 0; t < kGramBlock; ++t) error[t] = target[t] * (1 << kFilterBits);
  for (int k = 0; k < taps; ++k) SubtractScaled(block + k * kGramBlock, by.filter[k], error);
  for (int t = 0; t < kGramBlock; ++t) {
    const int64_t e = std::abs(error[t]) >> kFilterBits;
    const int64_t square = 65536 * 2 * by.scale / (2 * by.scale + e);
    factor[t] = static_cast<int32_t>(std::sqrt(static_cast<double>(square)));
  }
  for (int k = 0; k <= taps; ++k) ScaleRow(factor, block + k * kGramBlock, out + k * kGramBlock);
}

// 2^16 / (activity + 6) for the activities that samples of 11 bits can have.
constexpr auto kWeights = [] {
  std::array<uint16_t, 8192> table{};
  for (int activity = 0; activity < 8192; ++activity) {
    table[activity] = static_cast<uint16_t>((1 << 16) / (activity + 6));
  }
  return table;
}();

// 2^16 / (activity + 6) for sites j0 .. j0 + count of row i: activity is the sum of the four
// nearest known samples' distances from their mean, and 6 stands for a noise floor of 1.5 steps.
void SiteWeights(const LevelPlanes& level, int group, int channel, int i, int j0, int count,
                 int32_t* weight) {
  const SitePlane& a = level.x[kA][channel];
  const SitePlane& d = level.x[kD][channel];
  const int16_t* m = level.reference[channel].Row(i) + j0;
  std::array<const int16_t*, 4> near{a.Row(i), a.Row(i) + 1, d.Row(i - 1), d.Row(i)};
  if (kGroupLattice[group] == kD) near = {a.Row(i), a.Row(i) + 1, a.Row(i + 1), a.Row(i + 1) + 1};
  if (kGroupLattice[group] == kC) near = {a.Row(i), a.Row(i + 1), d.Row(i) - 1, d.Row(i)};
  for (int t = 0; t < count; ++t) {
    int32_t activity = 0;
    for (const int16_t* x : near) activity += std::abs(x[j0 + t] - m[t]);
    weight[t] = activity < static_cast<int32_t>(kWeights.size()) ? kWeights[activity]
                                                                 : (1 << 16) / (activity + 6);
  }
}

constexpr int kPieceRows = 32;

}  // namespace

void NormalEquations::Add(const NormalEquations& other) {
  for (size_t i = 0; i < gram.size(); ++i) gram[i] += other.gram[i];
  sites += other.sites;
}

double NormalEquations::Error(const std::vector<double>& w) const {
  // (w, -1) G (w, -1)^T, with the target as the last row and column of G.
  double error = 0;
  size_t at = 0;
  for (int i = 0; i <= taps; ++i) {
    const double wi = i < taps ? w[i] : -1.0;
    for (int j = i; j <= taps; ++j) {
      const double wj = j < taps ? w[j] : -1.0;
      const double term = wi * wj * static_cast<double>(gram[at++]);
      error += i == j ? term : 2.0 * term;
    }
  }
  return error;
}

FitSites::FitSites(const LevelPlanes& level, const std::vector<Tap>& taps, int group, int channel,
                   ThreadPool& pool)
    : taps_(static_cast<int>(taps.size())) {
  const int64_t width = level.size.valid_width(kGroupLattice[group]),
                height = level.size.valid_height(kGroupLattice[group]);
  const int64_t sites = width * height;
  // Odd, so that the rows are not all at one place of the 8 x 8 blocks of a former JPEG.
  const int64_t stride = sites >= 2 * kFitSites ? (sites / kFitSites) | 1 : 1;
  const int64_t rows = (height + stride - 1) / stride;
  pieces_.resize(static_cast<size_t>((rows + kPieceRows - 1) / kPieceRows));
  pool.ParallelRanges(rows, kPieceRows, [&](int64_t begin, int64_t end) {
    Piece& piece = pieces_[static_cast<size_t>(begin / kPieceRows)];
    const int64_t blocks = ((end - begin) * width + kGramBlock - 1) / kGramBlock;
    const size_t block_size = static_cast<size_t>(taps_ + 1) * kGramBlock;
    piece.blocks.resize(static_cast<size_t>(blocks) * block_size);
    for (int64_t i = begin; i < end; ++i) {
      Gather(level, taps, group, channel, static_cast<int>(i * stride), piece);
    }
    const auto used = static_cast<ptrdiff_t>(piece.sites % kGramBlock);
    if (used == 0) return;
    int16_t* last = piece.blocks.data() + static_cast<size_t>(blocks - 1) * block_size;
    for (int k = 0; k <= taps_; ++k, last += kGramBlock) {
      std::fill(last + used, last + kGramBlock, int16_t{0});
    }
  });
}

void FitSites::Gather(const LevelPlanes& level, const std::vector<Tap>& taps, int group,
                      int channel, int i, Piece& piece) const {
  const Lattice site = kGroupLattice[group];
  const int width = level.size.valid_width(site);
  int32_t weight[kGramBlock];
  for (int j0 = 0; j0 < width;) {
    const auto used = static_cast<int>(piece.sites % kGramBlock);
    const int count = std::min(kGramBlock - used, width - j0);
    SiteWeights(level, group, channel, i, j0, count, weight);
    int16_t* to = piece.blocks.data() +
                  static_cast<size_t>(piece.sites / kGramBlock) * (taps_ + 1) * kGramBlock + used;
    for (const Tap& tap : taps) {
      const int16_t* x = level.x[tap.lattice][tap.channel].Row(i + tap.dy) + tap.dx + j0;
      WeightRow(x, level.reference[tap.channel].Row(i) + j0, weight, count, to);
      to += kGramBlock;
    }
    WeightRow(level.x[site][channel].Row(i) + j0, level.reference[channel].Row(i) + j0, weight,
              count, to);
    piece.sites += count;
    j0 += count;
  }
}

NormalEquations FitSites::Accumulate(const Reweighting* reweighting, ThreadPool& pool) const {
  std::optional<IntegerReweighting> by;
  if (reweighting != nullptr) by.emplace(*reweighting);
  NormalEquations total(taps_);
  std::mutex mutex;
  // Integer sums do not depend on the order in which the pieces are added.
  pool.ParallelFor(static_cast<int64_t>(pieces_.size()), [&](int64_t i) {
    const Piece& piece = pieces_[static_cast<size_t>(i)];
    const size_t block_size = static_cast<size_t>(taps_ + 1) * kGramBlock;
    NormalEquations sum(taps_);
    sum.sites = piece.sites;
    std::vector<int16_t> weighted(by ? block_size : 0);
    for (size_t at = 0; at < piece.blocks.size(); at += block_size) {
      const int16_t* block = piece.blocks.data() + at;
      if (by) Reweight(*by, taps_, block, weighted.data());
      AddGram(by ? weighted.data() : block, taps_ + 1, sum.gram.data());
    }
    const std::lock_guard lock(mutex);
    total.Add(sum);
  });
  return total;
}

NormalEquations Accumulate(const LevelPlanes& level, const std::vector<Tap>& taps, int group,
                           int channel, const Reweighting* reweighting, ThreadPool& pool) {
  return FitSites(level, taps, group, channel, pool).Accumulate(reweighting, pool);
}

std::vector<double> Solve(const NormalEquations& equations, const std::vector<double>& start,
                          double ridge) {
  const int n = equations.taps;
  std::vector<double> a(static_cast<size_t>(n) * n), b(n);
  double trace = 0;
  size_t at = 0;
  for (int i = 0; i < n; ++i) {
    for (int j = i; j < n; ++j) {
      a[i * n + j] = a[j * n + i] = static_cast<double>(equations.gram[at++]);
    }
    b[i] = static_cast<double>(equations.gram[at++]);
    trace += a[i * n + i];
  }
  // Solve for the step away from `start`. The constant keeps an all-zero system solvable.
  const double lambda = ridge * trace / n + 1.0;
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) b[i] -= a[i * n + j] * start[j];
  }
  for (int i = 0; i < n; ++i) a[i * n + i] += lambda;
  // Cholesky in place: a = L L^T, then two triangular solves.
  for (int j = 0; j < n; ++j) {
    for (int k = 0; k < j; ++k) {
      const double f = a[j * n + k];
      for (int i = j; i < n; ++i) a[i * n + j] -= a[i * n + k] * f;
    }
    const double pivot = std::sqrt(std::max(a[j * n + j], lambda));
    for (int i = j; i < n; ++i) a[i * n + j] /= pivot;
  }
  for (int i = 0; i < n; ++i) {
    for (int k = 0; k < i; ++k) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (int i = n - 1; i >= 0; --i) {
    for (int k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
  for (int i = 0; i < n; ++i) b[i] += start[i];
  return b;
}

}  // namespace flowzip
