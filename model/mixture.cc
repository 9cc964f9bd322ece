// SPDX-License-Identifier: BSD-3-Clause
#include "model/mixture.h"

#include <algorithm>
#include <cassert>

#include "model/mixture_tables.h"

namespace flowzip {

using namespace mixture_tables;

int32_t LogisticCdf(int32_t d_q4, int scale_index) {
  assert(scale_index >= 0 && scale_index < kScales);
  return Sigma(d_q4, kInverseScale[scale_index], kReach[scale_index]);
}

Mixture::Mixture(const int16_t* head, int components, int32_t center_q4, int32_t vmin, int32_t vmax)
    : components_(components) {
  Init(head, 1, center_q4, vmin, vmax);
}

Mixture::Mixture(const int32_t* head, int step, int components, int32_t center_q4, int32_t vmin,
                 int32_t vmax)
    : components_(components) {
  Init(head, step, center_q4, vmin, vmax);
}

template <class T>
void Mixture::Init(const T* head, int step, int32_t center_q4, int32_t vmin, int32_t vmax) {
  const int components = components_;
  assert(components >= 1 && components <= kMaxComponents);
  assert(-kMaxValue <= vmin && vmin <= vmax && vmax <= kMaxValue);
  assert(-kMaxCenter <= center_q4 && center_q4 <= kMaxCenter);

  int first = 0;  // of the largest
  for (int k = 1; k < components; ++k) {
    if (head[k * step] > head[first * step]) first = k;
  }
  uint32_t share[kMaxComponents], sum = 0;
  for (int k = 0; k < components; ++k) {
    const int32_t diff = head[first * step] - head[k * step];
    share[k] = static_cast<uint32_t>(kExp2[diff & 255]) >> std::min(diff >> 8, 31);
    if (diff >= 16 << 8) share[k] = 0;
    sum += share[k];
  }
  const uint32_t reciprocal = (1u << 31) / sum;

  int32_t lo = vmax, hi = vmin, missing = 1 << kWeightBits;
  for (int k = 0; k < components; ++k) {
    Component& c = component_[k];
    c.weight = static_cast<int32_t>((share[k] * reciprocal) >> (31 - kWeightBits));
    missing -= c.weight;
    c.mean = std::clamp(center_q4 + head[(components + k) * step], 16 * vmin, 16 * vmax);
    const int scale = ((head[(2 * components + k) * step] + 8) >> 4) + kScaleOfZero;
    const int index = std::clamp(scale, 0, kScales - 1);
    c.inverse = kInverseScale[index];
    c.reach = kReach[index];
    if (c.weight >= kMinWindowWeight) {
      lo = std::min(lo, (c.mean - c.reach + 8) >> 4);
      hi = std::max(hi, (c.mean + c.reach + 7) >> 4);
    }
  }
  // The heaviest component had at least 1/8 before this, so it is in the window already.
  Component& heaviest = component_[first];
  heaviest.weight += missing;

  lo = std::max(lo, vmin);
  hi = std::min(hi, vmax);
  if (hi - lo >= kMaxWindow) {
    lo = std::max(lo, (heaviest.mean >> 4) - kMaxWindow / 2);
    hi = std::min(hi, lo + kMaxWindow - 1);
    lo = std::max(lo, hi - (kMaxWindow - 1));
  }
  lo_ = lo;
  hi_ = hi;
  low_escape_ = lo > vmin;
  high_escape_ = hi < vmax;
  factor_ = kTotal - static_cast<uint32_t>(hi - lo + 1) - low_escape_ - high_escape_;
}

uint32_t Mixture::Cdf(int32_t v) const {
  const int32_t edge = 16 * v - 8;
  int32_t sum = 0;
  for (int k = 0; k < components_; ++k) {
    const Component& c = component_[k];
    sum += c.weight * Sigma(edge - c.mean, c.inverse, c.reach);
  }
  return static_cast<uint32_t>(sum >> kWeightBits);
}

uint32_t Mixture::Cumulative(int32_t v) const {
  if (v <= lo_ && (v < lo_ || !low_escape_)) return 0;
  if (v > hi_ && (v > hi_ + 1 || !high_escape_)) return kTotal;
  return low_escape_ + static_cast<uint32_t>(v - lo_) + ((Cdf(v) * factor_) >> 16);
}

CdfRange Mixture::Range(int32_t v) const {
  v = std::clamp(v, lo_ - 1, hi_ + 1);
  const uint32_t start = Cumulative(v);
  const uint32_t end = Cumulative(v + 1);
  assert(start < end);
  return {start, end - start};
}

// Only the speed of the search depends on the first guess and on the choice of steps.
int32_t Mixture::Find(uint32_t slot, CdfRange* range) const {
  assert(slot < kTotal);
  int64_t mean = 0, reach = 0;
  for (int k = 0; k < components_; ++k) {
    mean += int64_t{component_[k].weight} * component_[k].mean;
    reach += int64_t{component_[k].weight} * component_[k].reach;
  }
  // The weighted mean of the components' quantiles: exact for one component, near for
  // overlapping ones. A reach is 12 scales, and kQuantile is in units of 12 scales.
  mean += (reach * kQuantile[slot >> 8]) >> 15;
  const int64_t guess = (mean + (8 << kWeightBits)) >> (kWeightBits + 4);
  int32_t v = static_cast<int32_t>(std::clamp<int64_t>(guess, lo_, hi_));

  // Invariant: C(left) = start <= slot < end = C(right).
  int32_t left = lo_ - 1, right = hi_ + 2;
  uint32_t start = 0, end = kTotal;
  const auto probe = [&](int32_t at) {
    const uint32_t c = Cumulative(at);
    const bool above = c <= slot;
    (above ? left : right) = at;
    (above ? start : end) = c;
    return above;
  };

  // From the guess outward until the slot is bracketed: first by what the average scale s
  // suggests (the density is at most 1/4s, and s = reach / 192), then doubling.
  const bool up = probe(v);
  const uint64_t gap = up ? slot - start : end - slot;
  int32_t step = 1 + static_cast<int32_t>((gap * static_cast<uint64_t>(reach)) >> 36);
  for (; right - left > 1; step *= 2) {
    v = up ? std::min(left + step, right - 1) : std::max(right - step, left + 1);
    if (probe(v) != up) break;
  }
  while (right - left > 1) probe(left + (right - left) / 2);
  *range = {start, end - start};
  return left;
}

}  // namespace flowzip
