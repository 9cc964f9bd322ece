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

// Where the values of a tilted group begin, and its end.
using Starts = std::array<uint32_t, MixtureRow::kGroup + 1>;

Starts TiltedStarts(const MixtureRow& row, int j, MixtureRow::Tilt* tilt) {
  constexpr int kGroup = MixtureRow::kGroup;
  Starts edges, sums, there;  // there: how many values before have any mass
  uint32_t sum = 0, inside = 0, count = 0;
  const auto edge = [&](int k) {
    return Cumulative<0>(row, j, std::clamp(tilt->first[j] + k, row.lo[j], row.hi[j] + 1));
  };
  edges[0] = edge(0);
  for (int k = 0; k < kGroup; ++k) {
    edges[k + 1] = edge(k + 1);
    const uint32_t mass = edges[k + 1] - edges[k];
    const bool on = (tilt->mask[j] >> k & 1) != 0;
    const uint32_t weighed = mass * static_cast<uint32_t>(on ? tilt->weight[j] : 64);
    sums[k] = sum;
    there[k] = count;
    sum += weighed;
    inside += on ? weighed : 0;
    count += mass > 0 ? 1 : 0;
  }
  sum = std::max(sum, 1u);  // sites that nobody asked for may have no mass
  // Shares of 2^16 by a reciprocal: sums as numbers below 2^16, of which the whole has 16 bits.
  const int zeros = std::countl_zero(sum) - 1;
  const uint32_t reciprocal = (uint32_t{1} << 31) / (sum << zeros >> 15);
  const auto share = [&](uint32_t part) { return (part << zeros >> 15) * reciprocal >> 15; };
  const uint32_t spare = edges[kGroup] - edges[0] - count;
  for (int k = 0; k < kGroup; ++k) {
    if (edges[k] < edges[kGroup]) edges[k] = edges[0] + there[k] + (share(sums[k]) * spare >> 16);
  }
  tilt->chance[j] = static_cast<int32_t>(share(inside));
  return edges;
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

CdfRange MixtureRow::Range(int j, int32_t v) const {
  v = std::clamp(v, lo[j] - 1, hi[j] + 1);
  const uint32_t start = Cumulative<0>(*this, j, v);
  return {start, Cumulative<0>(*this, j, v + 1) - start};
}

void MixtureRow::RangesScalar(const int32_t* values, CdfRange* ranges) const {
  for (int j = 0; j < count; ++j) ranges[j] = Range(j, values[j]);
}

void MixtureRow::TiltRange(int j, int32_t value, Tilt* tilt, CdfRange* range) const {
  const Starts starts = TiltedStarts(*this, j, tilt);
  if (!Inside(j, value)) return;
  const auto k = static_cast<size_t>(value - tilt->first[j]);
  *range = {starts[k], starts[k + 1] - starts[k]};
}

void MixtureRow::TiltFind(int j, uint32_t slot, Tilt* tilt, int32_t* value, CdfRange* range) const {
  const Starts starts = TiltedStarts(*this, j, tilt);
  if (!Inside(j, *value)) return;
  size_t k = 0;
  for (size_t next = 1; next < kGroup; ++next) k += starts[next] <= slot ? 1 : 0;
  *value = tilt->first[j] + static_cast<int32_t>(k);
  *range = {starts[k], starts[k + 1] - starts[k]};
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
