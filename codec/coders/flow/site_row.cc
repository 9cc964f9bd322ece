// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/flow/site_row.h"

#include <cmath>

#include "model/mixture_component.h"
#include "rans/escape.h"

namespace flowzip {
namespace {

void Count(double* bits, double sign, Interval symbol) {
  if (bits != nullptr) *bits += sign * (kProbBits - std::log2(symbol.freq));
}

}  // namespace

void SiteRow::Set(const int16_t* head, int step, const int16_t* scale, int scale_step,
                  int components, const int16_t* prediction, const SampleRange& range, int count,
                  bool borrow) {
  borrow_ = borrow;
  std::array<int32_t, MixtureRow::kSites> center;
  std::copy_n(prediction, count, center.begin());
  if (!kinds_.affine) {
    range_ = range;
    row_.Set(head, step, components, center.data(), range.min, range.max, count);
    return;
  }
  for (int j = 0; j < count; ++j) scale_[j] = AffineScaleOf(scale[ptrdiff_t{j} * scale_step]);
  if (borrow) {
    for (int j = 0; j < count; ++j) {
      shift_[j] = AffineShift(prediction[j]);
      center[j] = AffineCenter(scale_[j], prediction[j]);
    }
    range_ = {-kMaxAffineLatent, kMaxAffineLatent};
    row_.Set(head, step, components, center.data(), range_.min, range_.max, count);
  } else {
    std::array<int16_t, 3 * Mixture::kMaxComponents * MixtureRow::kSites> plain;
    const int plain_step = 3 * components;
    for (int j = 0; j < count; ++j) {
      AffineHead(scale_[j], head + ptrdiff_t{j} * step, components, plain.data() + j * plain_step);
    }
    range_ = range;
    row_.Set(plain.data(), plain_step, components, center.data(), range.min, range.max, count);
  }
}

double SiteRow::ScaleBits(int j) const {
  return scales() ? std::log2(scale_[j].s) - std::log2(scale_[j].r) : 0;
}

void SiteRow::Push(RansStack& stack, int j, int32_t x, double* bits) const {
  int32_t v = x;
  if (scales()) {
    stack.Retreat();
    const auto r_count = static_cast<uint32_t>(scale_[j].r);
    const uint32_t r = ShareAt(stack.Peek(), r_count);
    const Interval taken = ShareInterval(r, r_count);
    stack.PopHere(taken);
    Count(bits, -1, taken);
    const AffineLatent latent = AffineForward(scale_[j], x - shift_[j], static_cast<int32_t>(r));
    const Interval given =
        ShareInterval(static_cast<uint32_t>(latent.remainder), static_cast<uint32_t>(scale_[j].s));
    stack.PushHere(given);
    Count(bits, 1, given);
    v = latent.z;
  }
  const int32_t lo = row_.lo[j], hi = row_.hi[j];
  if (v < lo || v > hi) [[unlikely]] {
    const auto distance = static_cast<uint32_t>(v < lo ? lo - 1 - v : v - hi - 1);
    PushExpGolomb(stack, distance, kEscapeOrder);
    if (bits != nullptr) *bits += ExpGolombBits(distance, kEscapeOrder);
    v = v < lo ? lo - 1 : hi + 1;
  }
  if (!borrow_ || !kinds_.components) {
    const Interval value = ToInterval(row_.Range(j, v));
    stack.Push(value);
    Count(bits, 1, value);
    return;
  }
  stack.Retreat();
  const ComponentPosterior posterior(row_, j, v);
  const int k = posterior.Find(stack.Peek());
  const Interval taken = ToInterval(posterior.Range(k));
  const Interval value = ToInterval(ComponentRange(row_, j, k, v));
  const Interval component = ToInterval(ComponentPrior(row_, j, k));
  stack.PopHere(taken);
  stack.PushHere(value);
  stack.PushHere(component);
  Count(bits, -1, taken);
  Count(bits, 1, value);
  Count(bits, 1, component);
}

int64_t SiteRow::Pop(RansStack& stack, int j, double* bits) const {
  int64_t v;
  CdfRange range;
  if (!borrow_ || !kinds_.components) {
    v = row_.Find(j, stack.Peek(), &range);
    stack.Pop(ToInterval(range));
    Count(bits, 1, ToInterval(range));
  } else {
    CdfRange component;
    const int k = FindComponent(row_, j, stack.Peek(), &component);
    stack.PopHere(ToInterval(component));
    const int32_t value = FindInComponent(row_, j, k, stack.Peek(), &range);
    stack.PopHere(ToInterval(range));
    const Interval given = ToInterval(ComponentPosterior(row_, j, value).Range(k));
    stack.PushHere(given);
    stack.Advance();
    Count(bits, 1, ToInterval(component));
    Count(bits, 1, ToInterval(range));
    Count(bits, -1, given);
    v = value;
  }
  if (v < row_.lo[j] || v > row_.hi[j]) [[unlikely]] {
    const uint32_t distance = PopExpGolomb(stack, kEscapeOrder);
    v = v < row_.lo[j] ? v - distance : v + distance;
    if (bits != nullptr) *bits += ExpGolombBits(distance, kEscapeOrder);
  }
  if (!scales()) return v;
  const auto s_count = static_cast<uint32_t>(scale_[j].s);
  const uint32_t s = ShareAt(stack.Peek(), s_count);
  const Interval taken = ShareInterval(s, s_count);
  stack.PopHere(taken);
  const AffineResidual residual = AffineInverse(scale_[j], v, static_cast<int32_t>(s));
  const Interval given =
      ShareInterval(static_cast<uint32_t>(residual.remainder), static_cast<uint32_t>(scale_[j].r));
  stack.PushHere(given);
  stack.Advance();
  Count(bits, 1, taken);
  Count(bits, -1, given);
  return shift_[j] + residual.e;
}

}  // namespace flowzip
