// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/network/lattice_tilt.h"

#include <algorithm>

namespace flowzip {

void LatticeTilt::Look(const ChannelWalk& walk, const MixtureRow& mixtures, int lane,
                       int32_t value) {
  const auto at = [&](size_t c) { return planes_[c]->sites.Values(walk.now()) + lane; };
  const int32_t *first = at(0), *second = at(1), *own = at(2);
  // Groups are counted from one in whose middle the prediction is.
  const int32_t origin = ((walk.center(lane) + 8) >> 4) - MixtureRow::kGroup / 2;
  const int32_t inside = std::clamp(value, mixtures.lo[lane], mixtures.hi[lane]);
  const int32_t from = origin + ((inside - origin) & -MixtureRow::kGroup);
  const int count = lattice_.Neighbours(first, second, own);
  tilt_.first[lane] = from;
  tilt_.mask[lane] = 0;
  if (walk.low_bits(lane) == 0) {
    const uint32_t mask = lattice_.Mask(*first, *second, from, MixtureRow::kGroup);
    tilt_.mask[lane] = static_cast<int32_t>(mask);
  }
  tilt_.weight[lane] = static_cast<int32_t>(weights_[static_cast<size_t>(count)].w / (kOne / 64));
  counts_[lane] = count;
}

void LatticeTilt::Learn(const ChannelWalk& walk, const MixtureRow& mixtures,
                        const int32_t* values) {
  for (const ChannelWalk::Lane& site : walk.lanes()) {
    const int i = site.lane;
    if (!mixtures.Inside(i, values[i])) continue;
    Weight& weight = weights_[static_cast<size_t>(counts_[i])];
    const int64_t q = tilt_.chance[i];
    const bool on = (tilt_.mask[i] >> (values[i] - tilt_.first[i]) & 1) != 0;
    weight.missed += (on ? kOne : 0) - q;
    weight.shown += q * (kOne - q) / kOne;
  }
  for (Weight& weight : weights_) {
    if (weight.missed == 0 && weight.shown == 0) continue;
    weight.seen = std::min(weight.seen + weight.shown, kMostSeen);
    const int64_t step = std::clamp(weight.missed * kOne / weight.seen, -kOne / 2, kOne / 2);
    weight.w = std::clamp(weight.w + weight.w * step / kOne, kLeast, kMost);
    weight.missed = weight.shown = 0;
  }
}

}  // namespace flowzip
