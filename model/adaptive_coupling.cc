// SPDX-License-Identifier: BSD-3-Clause
#include "model/adaptive_coupling.h"

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "model/squeeze.h"

namespace flowzip {
namespace {

// Floor division by two of a possibly negative sample offset.
constexpr int HalfFloor(int v) { return v >> 1; }

Lattice LatticeAt(int dy_odd, int dx_odd) {
  if (dy_odd) return dx_odd ? kD : kC;
  return dx_odd ? kB : kA;
}

}  // namespace

std::vector<Tap> MakeTaps(const ContextRadii& radii, int group, int channel) {
  const Lattice site = kGroupLattice[group];
  std::vector<Tap> taps;
  for (int c = 0; c < kChannels; ++c) {
    const int radius = c == channel  ? radii.own[group]
                       : c < channel ? radii.earlier[group]
                                     : radii.later[group];
    for (int dy = -2 * kLatticeBorder; dy <= 2 * kLatticeBorder; ++dy) {
      for (int dx = -2 * kLatticeBorder; dx <= 2 * kLatticeBorder; ++dx) {
        if (dx * dx + dy * dy > radius) continue;
        const int y = OffsetY(site) + dy, x = OffsetX(site) + dx;
        const Lattice lattice = LatticeAt(y & 1, x & 1);
        const bool known = KnownBefore(lattice, group) || (c < channel && lattice == site);
        if (!known) continue;
        taps.push_back({static_cast<uint8_t>(c), lattice, static_cast<int8_t>(HalfFloor(x)),
                        static_cast<int8_t>(HalfFloor(y))});
      }
    }
  }
  return taps;
}

bool FilterIsSafe(const Filter& filter) {
  int64_t norm = 0;
  for (const int16_t w : filter) norm += std::abs(int{w});
  return norm <= kMaxFilterNorm;
}

LevelPlanes::LevelPlanes(const LevelSize& level_size) : size(level_size) {
  for (auto& lattice : x) {
    for (SitePlane& plane : lattice) plane = MakeLatticePlane(size);
  }
  const int width = size.grid_width(), height = size.grid_height();
  for (int c = 0; c < kChannels; ++c) {
    reference[c] = SitePlane::Unset(width, height);
    prediction[c] = SitePlane::Unset(width, height);
  }
}

void RequireSampleRange(const SampleRange& range) {
  Require(range.min >= -kMaxSample && range.max <= kMaxSample, ErrorCode::kInvalidArgument,
          "the model's lifting widens samples too much");
}

namespace {

// (a + b + c + d + 2) >> 2 of four rows; a plain loop, which compilers turn into vectors.
void MeanRow(const int16_t* a, const int16_t* b, const int16_t* c, const int16_t* d, int width,
             int16_t* __restrict out) {
  for (int j = 0; j < width; ++j) {
    out[j] = static_cast<int16_t>((a[j] + b[j] + c[j] + d[j] + 2) >> 2);
  }
}

}  // namespace

void ComputeReference(LevelPlanes& level, int group, int y0, int y1) {
  for (int c = 0; c < kChannels; ++c) {
    const SitePlane& a = level.x[kA][c];
    const SitePlane& d = level.x[kD][c];
    for (int i = y0; i < y1; ++i) {
      const int16_t *a0 = a.Row(i), *a1 = a.Row(i + 1), *d0 = d.Row(i), *d_up = d.Row(i - 1);
      int16_t* m = level.reference[c].Row(i);
      const int width = level.size.grid_width();
      switch (kGroupLattice[group]) {
        case kD: MeanRow(a0, a0 + 1, a1, a1 + 1, width, m); break;
        case kB: MeanRow(a0, a0 + 1, d_up, d0, width, m); break;
        default: MeanRow(a0, a1, d0 - 1, d0, width, m); break;
      }
    }
  }
}

void ComputeReferences(LevelPlanes& level, int group, ThreadPool& pool) {
  constexpr int kRowGrain = 32;
  pool.ParallelRanges(level.size.grid_height(), kRowGrain, [&](int64_t y0, int64_t y1) {
    ComputeReference(level, group, static_cast<int>(y0), static_cast<int>(y1));
  });
}

void Predict(LevelPlanes& level, const std::vector<Tap>& taps, const Filter& filter, int channel,
             const SampleRange& range, int y0, int y1) {
  RowFilter row;
  row.channel = channel;
  row.lo = range.min * 16;
  row.hi = range.max * 16;
  std::vector<const Tap*> used;
  std::vector<int32_t> weights;
  for (size_t k = 0; k < taps.size(); ++k) {
    row.norm[taps[k].channel] += filter[k];
    if (filter[k] == 0) continue;
    used.push_back(&taps[k]);
    weights.push_back(filter[k]);
  }
  std::vector<const int16_t*> samples(used.size());
  row.taps = static_cast<int>(used.size());
  row.weight = weights.data();
  row.x = samples.data();
  for (int i = y0; i < y1; ++i) {
    for (size_t k = 0; k < used.size(); ++k) {
      const Tap& tap = *used[k];
      samples[k] = level.x[tap.lattice][tap.channel].Row(i + tap.dy) + tap.dx;
    }
    for (int c = 0; c < kChannels; ++c) row.m[c] = level.reference[c].Row(i);
    PredictRow(row, level.size.grid_width(), level.prediction[channel].Row(i));
  }
}

void FinishChannel(LevelPlanes& level, int group, int channel, const SampleRange& range) {
  const Lattice lattice = kGroupLattice[group];
  SitePlane& x = level.x[lattice][channel];
  const SitePlane& p = level.prediction[channel];
  const int valid_w = level.size.valid_width(lattice), valid_h = level.size.valid_height(lattice);
  for (int i = 0; i < x.height(); ++i) {
    for (int j = i < valid_h ? valid_w : 0; j < x.width(); ++j) {
      x.At(j, i) = static_cast<int16_t>(
          std::clamp((p.At(j, i) + 8) >> kPredictionBits, range.min, range.max));
    }
  }
  x.ExtendBorder();
  SitePlane& r = level.residual[group][channel];
  if (r.empty()) r = SitePlane(x.width(), x.height());
  for (int i = 0; i < valid_h; ++i) {
    const int16_t *xs = x.Row(i), *ps = p.Row(i);
    int16_t* rs = r.Row(i);
    for (int j = 0; j < valid_w; ++j) rs[j] = static_cast<int16_t>(16 * xs[j] - ps[j]);
  }
}

}  // namespace flowzip
