// SPDX-License-Identifier: BSD-3-Clause
#include "model/mixture_component.h"

#include <algorithm>
#include <cassert>

#include "model/mixture_tables.h"

namespace flowzip {

using namespace mixture_tables;

namespace {

// Of the prior: weights add up to 2^14, shares to 2^16.
constexpr int kShareShift = 16 - kWeightBits;

// C_k(v) of site j.
uint32_t ComponentCdf(const MixtureRow& row, int j, int k, int32_t v) {
  if (v < row.lo[j] + 1 - row.low_escape[j]) return 0;
  if (v > row.hi[j] + row.high_escape[j]) return kTotal;
  const auto s =
      static_cast<uint32_t>(Sigma(16 * v - 8 - row.mean[k][j], row.inverse[k][j], row.reach[k][j]));
  return static_cast<uint32_t>(row.low_escape[j] + v - row.lo[j]) +
         ((s * static_cast<uint32_t>(row.factor[j])) >> 16);
}

}  // namespace

CdfRange ComponentPrior(const MixtureRow& row, int j, int k) {
  uint32_t start = 0;
  for (int i = 0; i < k; ++i) start += static_cast<uint32_t>(row.weight[i][j]);
  return {start << kShareShift, static_cast<uint32_t>(row.weight[k][j]) << kShareShift};
}

int FindComponent(const MixtureRow& row, int j, uint32_t slot, CdfRange* range) {
  assert(slot < kTotal);
  uint32_t start = 0;
  for (int k = 0;; ++k) {
    const uint32_t freq = static_cast<uint32_t>(row.weight[k][j]) << kShareShift;
    if (slot - start < freq) {
      *range = {start, freq};
      return k;
    }
    start += freq;
  }
}

CdfRange ComponentRange(const MixtureRow& row, int j, int k, int32_t v) {
  v = std::clamp(v, row.lo[j] - 1, row.hi[j] + 1);
  const uint32_t start = ComponentCdf(row, j, k, v);
  return {start, ComponentCdf(row, j, k, v + 1) - start};
}

int32_t FindInComponent(const MixtureRow& row, int j, int k, uint32_t slot, CdfRange* range) {
  assert(slot < kTotal);
  // The logistic's quantile; a reach is 12 scales, and kQuantile is in units of 12 scales.
  const int32_t begin = row.mean[k][j] + ((row.reach[k][j] * kQuantile[slot >> 8]) >> 15);
  int32_t v = std::clamp((begin + 8) >> 4, row.lo[j], row.hi[j]);
  // Invariant: C_k(left) <= slot < C_k(right). From there on by the mass of what was tried.
  int32_t left = row.lo[j] - 1, right = row.hi[j] + 2;
  for (int round = 0;; ++round) {
    const uint32_t c0 = ComponentCdf(row, j, k, v), c1 = ComponentCdf(row, j, k, v + 1);
    if (slot - c0 < c1 - c0) {
      *range = {c0, c1 - c0};
      return v;
    }
    const uint32_t mass = std::max(c1 - c0, 1u);
    if (slot >= c1) {
      left = v + 1;
      v = std::min(left + static_cast<int32_t>((slot - c1) / mass), right - 1);
    } else {
      right = v;
      v = std::max(right - 1 - static_cast<int32_t>((c0 - 1 - slot) / mass), left);
    }
    if (round >= 3) v = left + (right - left) / 2;
  }
}

// kComponents 0: as many as the row says; other numbers must be that many, and let the compiler
// unroll the loops. What the two edges of v have in common for all components is found once.
template <int kComponents>
void ComponentPosterior::Fill(const MixtureRow& row, int j, int32_t v) {
  const int count = kComponents > 0 ? kComponents : row.components;
  v = std::clamp(v, row.lo[j] - 1, row.hi[j] + 1);
  // Where C_k is 0 below v or 2^16 above it, whatever the logistic (ComponentCdf).
  const bool at_begin = v < row.lo[j] + 1 - row.low_escape[j];
  const bool at_end = v + 1 > row.hi[j] + row.high_escape[j];
  const auto factor = static_cast<uint32_t>(row.factor[j]);
  const auto base = static_cast<uint32_t>(row.low_escape[j] + v - row.lo[j]);
  uint32_t sums[Mixture::kMaxComponents], total = 0, used = 0;
  for (int k = 0; k < count; ++k) {
    const auto weight = static_cast<uint32_t>(row.weight[k][j]);
    const int32_t distance = 16 * v - 8 - row.mean[k][j];
    const int32_t inverse = row.inverse[k][j], reach = row.reach[k][j];
    uint32_t from =
        base + ((static_cast<uint32_t>(Sigma(distance, inverse, reach)) * factor) >> 16);
    uint32_t to =
        base + 1 + ((static_cast<uint32_t>(Sigma(distance + 16, inverse, reach)) * factor) >> 16);
    from = at_begin ? 0 : from;
    to = at_end ? kTotal : to;
    sums[k] = total;
    start[k] = used;
    used += weight > 0;
    total += weight * (to - from);
  }
  assert(total > 0);
  const uint64_t reciprocal = (uint64_t{kTotal - used} << 32) / total;
  for (int k = 0; k < count; ++k) {
    const uint32_t q = start[k] + static_cast<uint32_t>((sums[k] * reciprocal) >> 32);
    start[k] = start[k] == used ? kTotal : q;  // behind the last
  }
  start[count] = kTotal;
}

ComponentPosterior::ComponentPosterior(const MixtureRow& row, int j, int32_t v) {
  switch (row.components) {
    case 3: Fill<3>(row, j, v); break;
    case 4: Fill<4>(row, j, v); break;
    default: Fill<0>(row, j, v);
  }
}

int ComponentPosterior::Find(uint32_t slot) const {
  int k = 0;
  while (slot >= start[k + 1]) ++k;
  return k;
}

}  // namespace flowzip
