// SPDX-License-Identifier: BSD-3-Clause
// The vector kernels of MixtureRow, compiled once per instruction set by Highway: a lane per
// site.
#include "model/simd_targets.h"  // before Highway: selects the targets
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/mixture_simd.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include <cassert>

#include "model/mixture_lanes-inl.h"
#include "model/mixture_row.h"
#include "model/mixture_tables.h"
#include "model/simd_dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace flowzip {
namespace HWY_NAMESPACE {

// `rows`: (logit, mean, scale) x components, `pitch` apart, as the heads give them.
void SetRow(const int32_t* rows, int pitch, const int32_t* center, const int32_t* vmin,
            const int32_t* vmax, MixtureRow& row) {
  const D d;
  const DU du;
  const int components = row.components;
  const V zero = hn::Zero(d);
  const V spread_limit = hn::Set(d, 65535);
  const auto values = [rows, pitch](int i) { return rows + i * pitch; };
  for (int j = 0; j < row.count; j += static_cast<int>(hn::Lanes(d))) {
    const V value_min = hn::Load(d, vmin + j), value_max = hn::Load(d, vmax + j);
    const V mean_min = hn::ShiftLeft<4>(value_min), mean_max = hn::ShiftLeft<4>(value_max);
    V top = hn::Load(d, values(0) + j);
    for (int k = 1; k < components; ++k) top = hn::Max(top, hn::Load(d, values(k) + j));
    V sum = zero;
    for (int k = 0; k < components; ++k) {
      const V diff = hn::Sub(top, hn::Load(d, values(k) + j));
      const V power = hn::GatherIndex(d, mt::kExp2, hn::And(diff, hn::Set(d, 255)));
      const V shift = hn::Min(hn::ShiftRight<8>(diff), hn::Set(d, 31));
      V share = hn::Shr(power, shift);
      share = hn::IfThenElseZero(hn::Lt(diff, hn::Set(d, 16 << 8)), share);
      hn::Store(share, d, row.weight[k] + j);
      sum = hn::Add(sum, share);
    }
    const V reciprocal = Reciprocal(sum);

    const V center_j = hn::Load(d, center + j);
    V missing = hn::Set(d, 1 << mt::kWeightBits);
    V lo = value_max, hi = value_min, heaviest_mean = zero, middle = zero, spread = zero;
    auto found = hn::Lt(zero, zero);
    for (int k = 0; k < components; ++k) {
      const auto product =
          hn::Mul(hn::BitCast(du, hn::Load(d, row.weight[k] + j)), hn::BitCast(du, reciprocal));
      const V weight = hn::BitCast(d, hn::ShiftRight<31 - mt::kWeightBits>(product));
      missing = hn::Sub(missing, weight);
      hn::Store(weight, d, row.weight[k] + j);
      const V mean =
          Clamp(hn::Add(center_j, hn::Load(d, values(components + k) + j)), mean_min, mean_max);
      const V scale = hn::Load(d, values(2 * components + k) + j);
      const V index = Clamp(
          hn::Add(hn::ShiftRight<4>(hn::Add(scale, hn::Set(d, 8))), hn::Set(d, mt::kScaleOfZero)),
          zero, hn::Set(d, mt::kScales - 1));
      const V reach = hn::GatherIndex(d, mt::kReach, index);
      hn::Store(mean, d, row.mean[k] + j);
      hn::Store(hn::GatherIndex(d, mt::kInverseScale, index), d, row.inverse[k] + j);
      hn::Store(reach, d, row.reach[k] + j);

      const auto heavy = hn::Gt(weight, hn::Set(d, mt::kMinWindowWeight - 1));
      const V first = hn::ShiftRight<4>(hn::Add(hn::Sub(mean, reach), hn::Set(d, 8)));
      const V last = hn::ShiftRight<4>(hn::Add(hn::Add(mean, reach), hn::Set(d, 7)));
      lo = hn::IfThenElse(heavy, hn::Min(lo, first), lo);
      hi = hn::IfThenElse(heavy, hn::Max(hi, last), hi);

      const auto is_top = hn::AndNot(found, hn::Eq(hn::Load(d, values(k) + j), top));
      heaviest_mean = hn::IfThenElse(is_top, mean, heaviest_mean);
      found = hn::Or(found, is_top);
      // Sums of at most 2^14 * 2^16.
      const V offset = Clamp(hn::Sub(mean, center_j), hn::Neg(spread_limit), spread_limit);
      middle = hn::Add(middle, hn::Mul(weight, offset));
      spread = hn::Add(spread, hn::Mul(weight, reach));
    }
    found = hn::Lt(zero, zero);
    for (int k = 0; k < components; ++k) {
      const auto is_top = hn::AndNot(found, hn::Eq(hn::Load(d, values(k) + j), top));
      const V weight = hn::Load(d, row.weight[k] + j);
      hn::Store(hn::Add(weight, hn::IfThenElseZero(is_top, missing)), d, row.weight[k] + j);
      found = hn::Or(found, is_top);
    }

    lo = hn::Max(lo, value_min);
    hi = hn::Min(hi, value_max);
    const auto wide = hn::Gt(hn::Sub(hi, lo), hn::Set(d, Mixture::kMaxWindow - 1));
    const V last_of_window = hn::Set(d, Mixture::kMaxWindow - 1);
    V cut_lo =
        hn::Max(lo, hn::Sub(hn::ShiftRight<4>(heaviest_mean), hn::Set(d, Mixture::kMaxWindow / 2)));
    const V cut_hi = hn::Min(hi, hn::Add(cut_lo, last_of_window));
    cut_lo = hn::Max(cut_lo, hn::Sub(cut_hi, last_of_window));
    lo = hn::IfThenElse(wide, cut_lo, lo);
    hi = hn::IfThenElse(wide, cut_hi, hi);

    const V one = hn::Set(d, 1);
    const V low_escape = hn::IfThenElseZero(hn::Gt(lo, value_min), one);
    const V high_escape = hn::IfThenElseZero(hn::Lt(hi, value_max), one);
    const V taken = hn::Add(hn::Add(hn::Sub(hi, lo), one), hn::Add(low_escape, high_escape));
    hn::Store(lo, d, row.lo + j);
    hn::Store(hi, d, row.hi + j);
    hn::Store(low_escape, d, row.low_escape + j);
    hn::Store(high_escape, d, row.high_escape + j);
    hn::Store(hn::Sub(hn::Set(d, static_cast<int32_t>(mt::kTotal)), taken), d, row.factor + j);
    const V center_near = Clamp(center_j, mean_min, mean_max);
    hn::Store(hn::Add(center_near, hn::ShiftRight<mt::kWeightBits>(middle)), d, row.middle + j);
    hn::Store(hn::ShiftRight<mt::kWeightBits>(spread), d, row.spread + j);
  }
}

// The value of each slot: from a guess that needs the quantiles only, on by what the density there
// suggests, then by halves. Only the speed depends on guess and steps.
void RowFind(const MixtureRow& row, const int32_t* slots, int32_t* values, int32_t* starts,
             int32_t* freqs) {
  const D d;
  const hn::RebindToFloat<D> df;
  const V one = hn::Set(d, 1), two = hn::Set(d, 2);
  for (int j = 0; j < row.count; j += static_cast<int>(hn::Lanes(d))) {
    const V slot = hn::Load(d, slots + j);
    const V lo = hn::Load(d, row.lo + j), hi = hn::Load(d, row.hi + j);
    const V quantile = hn::GatherIndex(d, mt::kWideQuantile.data(), hn::ShiftRight<8>(slot));
    const V begin = hn::Add(hn::Load(d, row.middle + j),
                            hn::ShiftRight<15>(hn::Mul(hn::Load(d, row.spread + j), quantile)));
    V v = Clamp(hn::ShiftRight<4>(hn::Add(begin, hn::Set(d, 8))), lo, hi);
    // C(left) = from <= slot < to = C(right).
    V left = hn::Sub(lo, one), right = hn::Add(hi, two);
    V from = hn::Zero(d), to = hn::Set(d, static_cast<int32_t>(mt::kTotal));
    for (int round = 0;; ++round) {
      const V c0 = Cumulative(row, j, v), c1 = Cumulative(row, j, hn::Add(v, one));
      const auto above = hn::Not(hn::Gt(c1, slot)), below = hn::Gt(c0, slot);  // of v + 1, of v
      const auto hit = hn::Not(hn::Or(above, below));
      left = hn::IfThenElse(above, hn::Add(v, one), hn::IfThenElse(hit, v, left));
      from = hn::IfThenElse(above, c1, hn::IfThenElse(hit, c0, from));
      right = hn::IfThenElse(below, v, hn::IfThenElse(hit, hn::Add(v, one), right));
      to = hn::IfThenElse(below, c0, hn::IfThenElse(hit, c1, to));
      const V open = hn::Sub(right, left);
      if (hn::AllTrue(d, hn::Eq(open, one))) break;
      const V half = hn::Add(left, hn::ShiftRight<1>(open));
      if (round < 3) {
        const V gap = hn::IfThenElse(above, hn::Sub(slot, c1), hn::Sub(hn::Sub(c0, one), slot));
        const V mass = hn::Max(hn::Sub(c1, c0), one);
        const V jump = hn::ConvertTo(
            d, hn::Div(hn::ConvertTo(df, hn::Max(gap, hn::Zero(d))), hn::ConvertTo(df, mass)));
        const V next =
            hn::IfThenElse(above, hn::Add(left, jump), hn::Sub(hn::Sub(right, one), jump));
        v = Clamp(next, left, hn::Sub(right, one));
      } else {
        v = hn::Min(half, hn::Sub(right, one));
      }
      v = hn::IfThenElse(hn::Eq(open, one), left, v);
    }
    hn::Store(left, d, values + j);
    hn::Store(from, d, starts + j);
    hn::Store(hn::Sub(to, from), d, freqs + j);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace flowzip
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>

namespace flowzip {

FLOWZIP_EXPORT(SetRow);
FLOWZIP_EXPORT(RowFind);

void MixtureRow::SetRows(const int32_t* rows, int pitch, int new_components,
                         const int32_t* center_q4, const int32_t* vmin, const int32_t* vmax,
                         int new_count) {
  assert(new_count >= 1 && new_count <= kSites && pitch >= new_count);
  components = new_components;
  count = new_count;
  if (ScalarDefinitionForced()) {
    for (int j = 0; j < count; ++j) {
      Take(j, Mixture(rows + j, pitch, components, center_q4[j], vmin[j], vmax[j]));
    }
    return;
  }
  FLOWZIP_DISPATCH(SetRow)(rows, pitch, center_q4, vmin, vmax, *this);
}

void MixtureRow::FindAll(const int32_t* slots, int32_t* values, CdfRange* ranges) const {
  if (ScalarDefinitionForced()) {
    for (int j = 0; j < count; ++j) {
      values[j] = Find(j, static_cast<uint32_t>(slots[j]), &ranges[j]);
    }
    return;
  }
  alignas(64) int32_t starts[kSites], freqs[kSites];
  FLOWZIP_DISPATCH(RowFind)(*this, slots, values, starts, freqs);
  for (int j = 0; j < count; ++j) {
    ranges[j] = {static_cast<uint32_t>(starts[j]), static_cast<uint32_t>(freqs[j])};
  }
}

}  // namespace flowzip
#endif  // HWY_ONCE
