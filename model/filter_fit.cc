// SPDX-License-Identifier: BSD-3-Clause
#include "model/filter_fit.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <mutex>

#ifdef __FAST_MATH__
#error "filter_fit.cc must be compiled without -ffast-math: the encoder's bytes depend on it"
#endif

namespace flowzip {
namespace {

// Sites are gathered in blocks, tap by tap, so that every Gram entry is a dot product of two
// contiguous int16 rows. Weighted differences are clipped to 11 bits: 2^22 * 256 = 2^30 keeps
// a block's sums inside int32, and clipping tames outliers.
constexpr int kBlock = 256;
constexpr int kClip = 2047;

int32_t Dot(const int16_t* a, const int16_t* b) {
  int32_t sum = 0;
  for (int t = 0; t < kBlock; ++t) sum += int32_t{a[t]} * b[t];
  return sum;
}

struct Block {
  std::vector<int16_t> rows;  // (taps + 1) x kBlock, the target last
  int used = 0;

  explicit Block(int taps) : rows(static_cast<size_t>(taps + 1) * kBlock) {}
  int16_t* Row(int k) { return rows.data() + static_cast<size_t>(k) * kBlock; }

  void Flush(NormalEquations& eq) {
    if (used == 0) return;
    for (int k = 0; k <= eq.taps; ++k) std::fill(Row(k) + used, Row(k) + kBlock, int16_t{0});
    int64_t* gram = eq.gram.data();
    for (int i = 0; i < eq.taps; ++i) {
      for (int j = i; j < eq.taps; ++j) *gram++ += Dot(Row(i), Row(j));
      eq.target[i] += Dot(Row(i), Row(eq.taps));
    }
    eq.energy += Dot(Row(eq.taps), Row(eq.taps));
    eq.sites += used;
    used = 0;
  }
};

int16_t Weighted(int32_t difference, int32_t weight) {
  return static_cast<int16_t>(
      std::clamp<int64_t>((int64_t{difference} * weight) >> 8, -kClip, kClip));
}

// 2^16 / (activity + 6): activity is the sum of the four nearest known samples' distances
// from their mean, and 6 stands for a noise floor of 1.5 steps.
int32_t SiteWeight(const LevelPlanes& level, int group, int channel, int i, int j) {
  const IntPlane& a = level.x[kA][channel];
  const IntPlane& d = level.x[kD][channel];
  const int32_t m = level.reference[group][channel].At(j, i);
  int32_t activity = std::abs(a.Row(i)[j] - m);
  switch (kGroupLattice[group]) {
    case kD:
      activity += std::abs(a.Row(i)[j + 1] - m) + std::abs(a.Row(i + 1)[j] - m) +
                  std::abs(a.Row(i + 1)[j + 1] - m);
      break;
    case kB:
      activity += std::abs(a.Row(i)[j + 1] - m) + std::abs(d.Row(i - 1)[j] - m) +
                  std::abs(d.Row(i)[j] - m);
      break;
    default:
      activity += std::abs(a.Row(i + 1)[j] - m) + std::abs(d.Row(i)[j - 1] - m) +
                  std::abs(d.Row(i)[j] - m);
      break;
  }
  return (1 << 16) / (activity + 6);
}

void AccumulateRow(const LevelPlanes& level, const std::vector<Tap>& taps, int group, int channel,
                   int i, Block& block, NormalEquations& eq) {
  const Lattice site = kGroupLattice[group];
  const int width = level.size.valid_width(site);
  int32_t weight[kBlock];
  for (int j0 = 0; j0 < width;) {
    const int count = std::min(kBlock - block.used, width - j0);
    for (int t = 0; t < count; ++t) weight[t] = SiteWeight(level, group, channel, i, j0 + t);
    for (size_t k = 0; k < taps.size(); ++k) {
      const Tap& tap = taps[k];
      const int32_t* x = level.x[tap.lattice][tap.channel].Row(i + tap.dy) + tap.dx + j0;
      const int32_t* m = level.reference[group][tap.channel].Row(i) + j0;
      int16_t* to = block.Row(static_cast<int>(k)) + block.used;
      for (int t = 0; t < count; ++t) to[t] = Weighted(x[t] - m[t], weight[t]);
    }
    const int32_t* x = level.x[site][channel].Row(i) + j0;
    const int32_t* m = level.reference[group][channel].Row(i) + j0;
    int16_t* to = block.Row(eq.taps) + block.used;
    for (int t = 0; t < count; ++t) to[t] = Weighted(x[t] - m[t], weight[t]);
    block.used += count;
    j0 += count;
    if (block.used == kBlock) block.Flush(eq);
  }
}

}  // namespace

void NormalEquations::Add(const NormalEquations& other) {
  for (size_t i = 0; i < gram.size(); ++i) gram[i] += other.gram[i];
  for (size_t i = 0; i < target.size(); ++i) target[i] += other.target[i];
  energy += other.energy;
  sites += other.sites;
}

double NormalEquations::Error(const std::vector<double>& w) const {
  double error = static_cast<double>(energy);
  size_t at = 0;
  for (int i = 0; i < taps; ++i) {
    error -= 2.0 * w[i] * static_cast<double>(target[i]);
    for (int j = i; j < taps; ++j) {
      const double term = w[i] * w[j] * static_cast<double>(gram[at++]);
      error += i == j ? term : 2.0 * term;
    }
  }
  return error;
}

NormalEquations Accumulate(const LevelPlanes& level, const std::vector<Tap>& taps, int group,
                           int channel, ThreadPool& pool) {
  const int tap_count = static_cast<int>(taps.size());
  NormalEquations total(tap_count);
  std::mutex mutex;
  // Integer sums do not depend on the order in which the bands are added.
  pool.ParallelRanges(level.size.valid_height(kGroupLattice[group]), 32,
                      [&](int64_t begin, int64_t end) {
                        NormalEquations band(tap_count);
                        Block block(tap_count);
                        for (int64_t i = begin; i < end; ++i) {
                          AccumulateRow(level, taps, group, channel, static_cast<int>(i), block,
                                        band);
                        }
                        block.Flush(band);
                        const std::lock_guard lock(mutex);
                        total.Add(band);
                      });
  return total;
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
    trace += a[i * n + i];
  }
  // Solve for the step away from `start`. The constant keeps an all-zero system solvable.
  const double lambda = ridge * trace / n + 1.0;
  for (int i = 0; i < n; ++i) {
    b[i] = static_cast<double>(equations.target[i]);
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
