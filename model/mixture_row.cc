// SPDX-License-Identifier: BSD-3-Clause
#include "model/mixture_row.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>

#include "model/mixture_tables.h"

namespace flowzip {

using namespace mixture_tables;

namespace {

// C(v) of site j. kComponents 0: as many as the row says; other numbers must be that many, and
// let the compiler unroll the loop.
template <int kComponents>
uint32_t Cumulative(const MixtureRow& row, int j, int32_t v) {
  const int components = kComponents > 0 ? kComponents : row.components;
  const int32_t edge = 16 * v - 8;
  int32_t sum = 0;
  for (int k = 0; k < components; ++k) {
    sum += row.weight[k][j] * Sigma(edge - row.mean[k][j], row.inverse[k][j], row.reach[k][j]);
  }
  const auto g = static_cast<uint32_t>(sum >> kWeightBits);
  const uint32_t c = static_cast<uint32_t>(row.low_escape[j] + v - row.lo[j]) +
                     ((g * static_cast<uint32_t>(row.factor[j])) >> 16);
  // Below the window, or at its beginning where no escape is; and likewise above.
  if (v < row.lo[j] + 1 - row.low_escape[j]) return 0;
  if (v > row.hi[j] + row.high_escape[j]) return kTotal;
  return c;
}

// Only the speed depends on where the search begins and on its steps. Both ends of a value are
// computed at once: they do not wait for each other, and mostly the first value is it.
template <int kComponents>
int32_t FindIn(const MixtureRow& row, int j, uint32_t slot, CdfRange* range) {
  // The weighted mean of the components' quantiles: exact for one component, near for
  // overlapping ones. A reach is 12 scales, and kQuantile is in units of 12 scales.
  const int32_t begin = row.middle[j] + ((row.spread[j] * kQuantile[slot >> 8]) >> 15);
  int32_t v = std::clamp((begin + 8) >> 4, row.lo[j], row.hi[j]);

  // Invariant: C(left) = start <= slot < end = C(right).
  int32_t left = row.lo[j] - 1, right = row.hi[j] + 2;
  uint32_t start = 0, end = kTotal;
  for (int round = 0;; ++round) {
    const uint32_t c0 = Cumulative<kComponents>(row, j, v);
    const uint32_t c1 = Cumulative<kComponents>(row, j, v + 1);
    if (slot - c0 < c1 - c0) {
      *range = {c0, c1 - c0};
      return v;
    }
    // As many values on as would be if all had this one's mass.
    const uint32_t mass = std::max(c1 - c0, 1u);
    if (slot >= c1) {
      left = v + 1;
      start = c1;
      v = std::min(left + static_cast<int32_t>((slot - c1) / mass), right - 1);
    } else {
      right = v;
      end = c0;
      v = std::max(right - 1 - static_cast<int32_t>((c0 - 1 - slot) / mass), left);
    }
    if (right - left == 1) break;
    if (round >= 3) v = left + (right - left) / 2;  // the density varies too much
  }
  *range = {start, end - start};
  return left;
}

// 2^(w / 2^16), in 1/256.
uint32_t TiltFactor(int32_t w) {
  const int32_t x =
      (std::clamp(w, -MixtureRow::kMaxTilt, MixtureRow::kMaxTilt) + MixtureRow::kMaxTilt) >> 8;
  return static_cast<uint32_t>((256 + (x & 255)) << (x >> 8)) >> 6;
}

}  // namespace

void MixtureRow::Take(int j, const Mixture& mixture) {
  lo[j] = mixture.lo_;
  hi[j] = mixture.hi_;
  factor[j] = static_cast<int32_t>(mixture.factor_);
  low_escape[j] = mixture.low_escape_;
  high_escape[j] = mixture.high_escape_;
  int64_t mean_sum = 0, reach_sum = 0;
  for (int k = 0; k < components; ++k) {
    const Mixture::Component& c = mixture.component_[k];
    weight[k][j] = c.weight;
    mean[k][j] = c.mean;
    inverse[k][j] = c.inverse;
    reach[k][j] = c.reach;
    mean_sum += int64_t{c.weight} * c.mean;
    reach_sum += int64_t{c.weight} * c.reach;
  }
  middle[j] = static_cast<int32_t>(mean_sum >> kWeightBits);
  spread[j] = static_cast<int32_t>(reach_sum >> kWeightBits);
}

int32_t MixtureRow::Mean(int j) const {
  int64_t sum = 0;
  for (int k = 0; k < components; ++k) sum += int64_t{weight[k][j]} * mean[k][j];
  return static_cast<int32_t>(sum >> kWeightBits);
}

CdfRange MixtureRow::Range(int j, int32_t v) const {
  v = std::clamp(v, lo[j] - 1, hi[j] + 1);
  const uint32_t start = Cumulative<0>(*this, j, v);
  return {start, Cumulative<0>(*this, j, v + 1) - start};
}

void MixtureRow::TiltSite(int j, Tilt* tilt) const {
  std::array<uint32_t, kGroup + 1> edges, sums, there;  // there: how many before have any mass
  std::array<uint32_t, kGroup> mass, weighed;
  std::array<int32_t, kGroup> logs{};
  const auto edge = [&](int k) {
    return Cumulative<0>(*this, j, std::clamp(tilt->first[j] + k, lo[j], hi[j] + 1));
  };
  const auto of_event = [&](int e, const std::array<uint32_t, kGroup>& from) {
    uint32_t in = 0;
    for (size_t k = 0; k < kGroup; ++k) in += (tilt->mask[e][j] >> k & 1) != 0 ? from[k] : 0;
    return in;
  };
  edges[0] = edge(0);
  for (int k = 0; k < kGroup; ++k) {
    edges[k + 1] = edge(k + 1);
    mass[k] = edges[k + 1] - edges[k];
  }
  const uint32_t all = edges[kGroup] - edges[0];
  for (int e = 0; e < tilt->events; ++e) {
    const uint32_t in = of_event(e, mass);
    const int share =
        (8 * in >= all ? 1 : 0) + (2 * in >= all ? 1 : 0) + (4 * in >= 3 * all ? 1 : 0);
    const int context = 8 * (tilt->west[j] >> e & 1) + 4 * (tilt->north[j] >> e & 1) + share;
    tilt->context[e][j] = context;
    for (size_t k = 0; k < kGroup; ++k) {
      if ((tilt->mask[e][j] >> k & 1) != 0) logs[k] += tilt->weight[e][context];
    }
  }
  uint32_t sum = 0, count = 0;
  for (size_t k = 0; k < kGroup; ++k) {
    weighed[k] = mass[k] * TiltFactor(logs[k]);
    sums[k] = sum;
    there[k] = count;
    sum += weighed[k];
    count += mass[k] > 0 ? 1 : 0;
  }
  sum = std::max(sum, 1u);  // sites that nobody asked for may have no mass
  // Shares of 2^16 by a reciprocal: sums as numbers below 2^16, of which the whole has 16 bits.
  const int zeros = std::countl_zero(sum) - 1;
  const uint32_t reciprocal = (uint32_t{1} << 31) / (sum << zeros >> 15);
  const auto share = [&](uint32_t part) { return (part << zeros >> 15) * reciprocal >> 15; };
  const uint32_t spare = all - count;
  for (size_t k = 0; k <= kGroup; ++k) {
    uint32_t start = edges[k];
    if (start < edges[kGroup]) start = edges[0] + there[k] + (share(sums[k]) * spare >> 16);
    tilt->start[k][j] = static_cast<int32_t>(start);
  }
  for (int e = 0; e < tilt->events; ++e) {
    const uint32_t q = share(of_event(e, weighed));
    tilt->chance[e][j] = static_cast<int32_t>(q);
    tilt->shown[e][j] = static_cast<int32_t>(q * (65536 - q) >> 16);
  }
}

int32_t MixtureRow::Find(int j, uint32_t slot, CdfRange* range) const {
  assert(j < count && slot < kTotal);
  switch (components) {
    case 3: return FindIn<3>(*this, j, slot, range);
    case 4: return FindIn<4>(*this, j, slot, range);
    default: return FindIn<0>(*this, j, slot, range);
  }
}

}  // namespace flowzip
