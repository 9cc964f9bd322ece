// SPDX-License-Identifier: BSD-3-Clause
// The vector kernels of SiteStep, compiled once per instruction set by Highway: a lane per site.
#include "model/simd_targets.h"  // before Highway: selects the targets
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/site_step_simd.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include "model/fixed_log2.h"
#include "model/simd_dispatch.h"
#include "model/site_step.h"

HWY_BEFORE_NAMESPACE();
namespace flowzip {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<int32_t, kNetSites>;
using V = hn::Vec<D>;
constexpr int kVectorLanes = static_cast<int>(hn::MaxLanes(D()));

HWY_INLINE V Clamp(V v, V lo, V hi) { return hn::Min(hn::Max(v, lo), hi); }

void PredictSites(SiteStep& s, int step) {
  const D d;
  const V low = hn::Set(d, 8 * s.min), high = hn::Set(d, 8 * s.max);
  const int32_t* values[kChannels] = {};
  const int32_t* residuals[kChannels] = {};
  for (int c = 0; c <= s.channel; ++c) {
    values[c] = s.planes[c]->Values(step);
    residuals[c] = s.planes[c]->Residuals(step);
  }
  for (int i = 0; i < kNetSites; i += kVectorLanes) {
    // Two sums, so that multiplications need not wait.
    V p = hn::Set(d, 16), p2 = hn::Zero(d);
    int k = 0;
    for (; k + 1 < s.taps; k += 2) {
      p = hn::Add(p, hn::Mul(hn::Load(d, s.filter[k] + i),
                             hn::LoadU(d, values[s.tap_plane[k]] + s.tap_distance[k] + i)));
      p2 = hn::Add(p2,
                   hn::Mul(hn::Load(d, s.filter[k + 1] + i),
                           hn::LoadU(d, values[s.tap_plane[k + 1]] + s.tap_distance[k + 1] + i)));
    }
    if (k < s.taps) {
      p = hn::Add(p, hn::Mul(hn::Load(d, s.filter[k] + i),
                             hn::LoadU(d, values[s.tap_plane[k]] + s.tap_distance[k] + i)));
    }
    p = hn::Add(hn::ShiftRight<5>(hn::Add(p, p2)), hn::Load(d, s.bias + i));
    hn::Store(Clamp(p, low, high), d, s.prediction + i);

    const uint8_t* weight = s.net->scale_weights.data();
    V sum = hn::Set(d, kScaleFloor);
    const auto add = [&](int plane, const SiteOffset& o) {
      const int32_t w = *weight++;
      if (w == 0) return;
      const V r = hn::LoadU(d, residuals[plane] + SkewedPlane::Distance(o.dx, o.dy) + i);
      sum = hn::Add(sum, hn::Mul(hn::Set(d, w), hn::Abs(r)));
    };
    for (int n = 0; n < kOwnScaleSites; ++n) add(s.channel, kOwnOffsets[static_cast<size_t>(n)]);
    for (int c = 0; c < s.channel; ++c) {
      for (const SiteOffset& o : kCrossOffsets) add(c, o);
    }
    hn::Store(sum, d, s.sum + i);
  }
}

// floor(16 log2(1 + i / 256)), as FixedLog2 has it.
constexpr auto kLogFraction = [] {
  std::array<int32_t, 256> table{};
  for (size_t i = 0; i < table.size(); ++i) table[i] = kLog2Mantissa[i] >> 4;
  return table;
}();

void NormaliseSites(SiteStep& s) {
  const D d;
  const hn::RebindToFloat<D> df;
  const V zero = hn::Zero(d), one = hn::Set(d, 1);
  const V min = hn::Set(d, s.min), max = hn::Set(d, s.max);
  for (int i = 0; i < kNetSites; i += kVectorLanes) {
    // Its highest bit's place n, at least 9: a float's exponent, unless rounding made that one
    // more.
    const V sum = hn::Load(d, s.sum + i);
    V n = hn::Sub(hn::ShiftRight<23>(hn::BitCast(d, hn::ConvertTo(df, sum))), hn::Set(d, 127));
    n = hn::Sub(n, hn::IfThenElseZero(hn::Eq(hn::Shr(sum, n), zero), one));
    const V fraction = hn::And(hn::Shr(sum, hn::Sub(n, hn::Set(d, 8))), hn::Set(d, 255));
    const V m = hn::GatherIndex(d, kLogFraction.data(), fraction);  // q = 16 n + m
    const V b = hn::Max(hn::Sub(n, hn::Set(d, 16)), zero);
    const V u = s.deep ? hn::Max(hn::Sub(n, hn::Set(d, 15)), zero) : zero;
    const V p = hn::Load(d, s.prediction + i);
    hn::Store(hn::Add(hn::ShiftLeft<4>(n), m), d, s.log_scale + i);
    hn::Store(hn::GatherIndex(d, kMantissa.data(), m), d, s.mantissa + i);
    hn::Store(u, d, s.pre_shift + i);
    hn::Store(hn::Sub(hn::Sub(n, one), u), d, s.post_shift + i);
    hn::Store(hn::GatherIndex(d, kRatio.data(), m), d, s.ratio + i);
    hn::Store(hn::Add(hn::Set(d, 23), hn::Sub(b, n)), d, s.mean_shift + i);
    hn::Store(b, d, s.low_bits + i);
    const V eight = hn::Set(d, 8);
    hn::Store(hn::Sub(hn::Shr(hn::Add(hn::Add(p, p), eight), b), eight), d, s.center + i);
    hn::Store(hn::Shr(min, b), d, s.min_high + i);
    hn::Store(hn::Shr(max, b), d, s.max_high + i);
  }
}

void SitesToMixture(SiteStep& s) {
  const D d;
  const int components = s.net->net.components;
  const V one = hn::Set(d, 1);
  for (int i = 0; i < kNetSites; i += kVectorLanes) {
    const V shift = hn::Load(d, s.mean_shift + i), ratio = hn::Load(d, s.ratio + i);
    const V half = hn::Shl(one, hn::Sub(shift, one));
    const V low_bits = hn::Load(d, s.low_bits + i);
    const V octaves = hn::Sub(hn::ShiftLeft<4>(hn::Load(d, s.log_scale + i)),
                              hn::ShiftLeft<8>(hn::Add(low_bits, hn::Set(d, 12))));
    for (int k = 0; k < components; ++k) {
      int32_t* mean = s.heads[components + k] + i;
      int32_t* scale = s.heads[2 * components + k] + i;
      hn::Store(hn::Shr(hn::Add(hn::Mul(hn::Load(d, mean), ratio), half), shift), d, mean);
      hn::Store(hn::Add(hn::Load(d, scale), octaves), d, scale);
    }
  }
}

// Writes features in pairs.
class Pairs {
 public:
  explicit Pairs(int32_t* to) : to_(to) {}
  HWY_INLINE void Put(V f) {
    const D d;
    if (second_) {
      hn::Store(hn::Or(first_, hn::ShiftLeft<16>(f)), d, to_);
      to_ += kNetSites;
    } else {
      first_ = hn::And(f, hn::Set(d, 0xFFFF));
    }
    second_ = !second_;
  }
  void Finish() {
    if (second_) hn::Store(first_, D(), to_);
  }

 private:
  int32_t* to_;
  V first_ = hn::Zero(D());
  bool second_ = false;
};

// floor(v mantissa / 2^shift) for |v| < 2^16, mantissa <= 2^14 and 8 <= shift <= 23: what SiteStep
// shifts a shallow channel's (of at most 10 bits) and, less, a deep one's by.
class Scaler {
 public:
#if HWY_TARGET == HWY_WASM
  // Lanes can only be shifted alike, so that Highway takes fifteen operations for it. The upper
  // half of a product is three.
  Scaler(V mantissa, V shift) : factor_(hn::Shl(mantissa, hn::Sub(hn::Set(D(), 23), shift))) {}
  HWY_INLINE V operator()(V v) const {
    const v128_t by_512 = hn::ShiftLeft<9>(v).raw;
    const v128_t low = wasm_i64x2_extmul_low_i32x4(by_512, factor_.raw);
    const v128_t high = wasm_i64x2_extmul_high_i32x4(by_512, factor_.raw);
    return V{wasm_i32x4_shuffle(low, high, 1, 3, 5, 7)};
  }

 private:
  V factor_;
#else
  Scaler(V mantissa, V shift) : mantissa_(mantissa), shift_(shift) {}
  HWY_INLINE V operator()(V v) const { return hn::Shr(hn::Mul(v, mantissa_), shift_); }

 private:
  V mantissa_, shift_;
#endif
};

template <bool kDeep>
HWY_INLINE void FeaturesOf(SiteStep& s, int step, int i) {
  const D d;
  Pairs pairs(s.pairs + i);
  const Scaler scaled(hn::Load(d, s.mantissa + i), hn::Load(d, s.post_shift + i));
  const V pre = hn::Load(d, s.pre_shift + i);
  const V low = hn::Set(d, -kFeatureLimit), high = hn::Set(d, kFeatureLimit);
  const V cut_low = hn::Set(d, -65535), cut_high = hn::Set(d, 65535);
  const auto relative = [&](V v) HWY_ATTR {
    if (kDeep) v = hn::Shr(v, pre);
    v = Clamp(v, cut_low, cut_high);
    return Clamp(scaled(v), low, high);
  };
  const auto residual = [&](const int32_t* r, const SiteOffset& o) HWY_ATTR {
    const V f = relative(hn::LoadU(d, r + SkewedPlane::Distance(o.dx, o.dy)));
    pairs.Put(f);
    pairs.Put(hn::Abs(f));
  };
  const V p = hn::Load(d, s.prediction + i);
  pairs.Put(
      hn::Min(hn::Sub(hn::ShiftLeft<3>(hn::Load(d, s.log_scale + i)), hn::Set(d, 1408)), high));
  pairs.Put(relative(hn::Sub(hn::Set(d, 8 * s.max), p)));
  pairs.Put(relative(hn::Sub(p, hn::Set(d, 8 * s.min))));
  const int32_t middle = 4 * (s.min + s.max), span = (512 << 12) / (s.max - s.min + 1);
  pairs.Put(hn::ShiftRight<12>(hn::Mul(hn::Sub(p, hn::Set(d, middle)), hn::Set(d, span))));
  const int32_t* own = s.planes[s.channel]->Values(step) + i;
#pragma GCC unroll 24
  for (int k = 0; k < kOwnSites; ++k) {
    const SiteOffset o = kOwnOffsets[static_cast<size_t>(k)];
    const V v = hn::LoadU(d, own + SkewedPlane::Distance(o.dx, o.dy));
    pairs.Put(relative(hn::Sub(hn::ShiftLeft<3>(v), p)));
  }
  const int32_t* r = s.planes[s.channel]->Residuals(step) + i;
#pragma GCC unroll 12
  for (int k = 0; k < kOwnScaleSites; ++k) residual(r, kOwnOffsets[static_cast<size_t>(k)]);
  for (int c = 0; c < s.channel; ++c) {
    const int32_t* other = s.planes[c]->Values(step) + i;
    const int32_t* other_r = s.planes[c]->Residuals(step) + i;
    const V here = hn::LoadU(d, other);
    residual(other_r, kCrossOffsets[0]);
#pragma GCC unroll 8
    for (int k = 1; k < kCrossSites; ++k) {
      const SiteOffset o = kCrossOffsets[static_cast<size_t>(k)];
      residual(other_r, o);
      const V v = hn::LoadU(d, other + SkewedPlane::Distance(o.dx, o.dy));
      pairs.Put(relative(hn::ShiftLeft<3>(hn::Sub(v, here))));
    }
  }
  pairs.Finish();
}

void SiteFeatures(SiteStep& s, int step) {
  for (int i = 0; i < kNetSites; i += kVectorLanes) {
    s.deep ? FeaturesOf<true>(s, step, i) : FeaturesOf<false>(s, step, i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace flowzip
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace flowzip {

FLOWZIP_EXPORT(PredictSites);
FLOWZIP_EXPORT(NormaliseSites);
FLOWZIP_EXPORT(SiteFeatures);
FLOWZIP_EXPORT(SitesToMixture);

void SiteStep::Run(int step) {
  if (ScalarDefinitionForced()) {
    site_scalar::Predict(*this, step);
    site_scalar::Normalise(*this);
    site_scalar::Features(*this, step);
    net->net.EvaluateScalar(pairs, heads[0]);
    return site_scalar::ToMixture(*this);
  }
  FLOWZIP_DISPATCH(PredictSites)(*this, step);
  FLOWZIP_DISPATCH(NormaliseSites)(*this);
  FLOWZIP_DISPATCH(SiteFeatures)(*this, step);
  net->net.Evaluate(pairs, heads[0]);
  FLOWZIP_DISPATCH(SitesToMixture)(*this);
}

}  // namespace flowzip
#endif  // HWY_ONCE
