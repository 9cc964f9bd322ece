// SPDX-License-Identifier: BSD-3-Clause
// The vector kernels of MixtureRow::Tilt, compiled once per instruction set by Highway: a lane per
// site.
#include "model/simd_targets.h"  // before Highway: selects the targets
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/mixture_tilt_simd.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include "model/mixture_lanes-inl.h"
#include "model/mixture_row.h"
#include "model/range_lanes.h"
#include "model/simd_dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace flowzip {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

// Emulation gains nothing: the definition is as good.
void RowTiltRanges(const MixtureRow& row, const int32_t* values, MixtureRow::Tilt& tilt,
                   CdfRange* ranges) {
  for (int j = 0; j < row.count; ++j) row.TiltRange(j, values[j], &tilt, &ranges[j]);
}

void RowTiltFind(const MixtureRow& row, const int32_t* slots, MixtureRow::Tilt& tilt,
                 int32_t* values, CdfRange* ranges) {
  for (int j = 0; j < row.count; ++j) {
    row.TiltFind(j, static_cast<uint32_t>(slots[j]), &tilt, &values[j], &ranges[j]);
  }
}

#else

// TiltedStarts of mixture_row.cc, for the sites from j on, and `chance`.
HWY_INLINE void TiltSites(const MixtureRow& row, int j, const MixtureRow::Tilt& tilt, V* starts,
                          V* chance) {
  constexpr int kGroup = MixtureRow::kGroup;
  const D d;
  const DU du;
  const V zero = hn::Zero(d), one = hn::Set(d, 1);
  const V lo = hn::Load(d, row.lo + j), end = hn::Add(hn::Load(d, row.hi + j), one);
  const V mask = hn::Load(d, tilt.mask + j), weight = hn::Load(d, tilt.weight + j);
  V value = hn::Load(d, tilt.first + j);
  V sums[kGroup], there[kGroup], sum = zero, inside = zero, count = zero;
  starts[0] = Cumulative(row, j, Clamp(value, lo, end));
  for (int k = 0; k < kGroup; ++k) {
    value = hn::Add(value, one);
    starts[k + 1] = Cumulative(row, j, Clamp(value, lo, end));
    const V mass = hn::Sub(starts[k + 1], starts[k]);
    const auto on = hn::TestBit(mask, hn::Set(d, 1 << k));
    const V weighed = hn::Mul(mass, hn::IfThenElse(on, weight, hn::Set(d, 64)));
    sums[k] = sum;
    there[k] = count;
    sum = hn::Add(sum, weighed);
    inside = hn::Add(inside, hn::IfThenElseZero(on, weighed));
    count = hn::Add(count, hn::IfThenElseZero(hn::Gt(mass, zero), one));
  }
  // The whole's zeros before its first bit, less the sign's.
  V zeros = zero, whole = hn::Max(sum, one);
  for (int shift = 16; shift > 0; shift /= 2) {
    const auto small = hn::Lt(whole, hn::Set(d, 1 << (31 - shift)));
    whole = hn::IfThenElse(small, hn::ShiftLeftSame(whole, shift), whole);
    zeros = hn::Add(zeros, hn::IfThenElseZero(small, hn::Set(d, shift)));
  }
  const auto reciprocal = hn::BitCast(du, Reciprocal(hn::ShiftRight<15>(whole)));
  const auto share = [&](V part) HWY_ATTR {
    const V scaled = hn::ShiftRight<15>(hn::Shl(part, zeros));
    return hn::ShiftRight<15>(hn::Mul(hn::BitCast(du, scaled), reciprocal));
  };
  const V first = starts[0], last = starts[kGroup];
  const auto spare = hn::BitCast(du, hn::Sub(hn::Sub(last, first), count));
  for (int k = 0; k < kGroup; ++k) {
    const V shared = hn::BitCast(d, hn::ShiftRight<16>(hn::Mul(share(sums[k]), spare)));
    starts[k] =
        hn::IfThenElse(hn::Lt(starts[k], last), hn::Add(hn::Add(first, there[k]), shared), last);
  }
  *chance = hn::BitCast(d, share(inside));
}

HWY_INLINE hn::Mask<D> Outside(const MixtureRow& row, int j, V value) {
  const D d;
  return hn::Or(hn::Lt(value, hn::Load(d, row.lo + j)), hn::Gt(value, hn::Load(d, row.hi + j)));
}

// Escapes keep what they have.
HWY_INLINE void StoreUnless(hn::Mask<D> outside, int j, V from, V to, RangeLanes& ranges) {
  const D d;
  int32_t *start = ranges.start + j, *freq = ranges.freq + j;
  hn::Store(hn::IfThenElse(outside, hn::Load(d, start), from), d, start);
  hn::Store(hn::IfThenElse(outside, hn::Load(d, freq), hn::Sub(to, from)), d, freq);
}

void RowTiltRanges(const MixtureRow& row, const int32_t* values, MixtureRow::Tilt& tilt,
                   CdfRange* ranges) {
  const D d;
  V starts[MixtureRow::kGroup + 1], chance;
  RangeLanes lanes;
  lanes.Take(ranges, row.count);
  for (int j = 0; j < row.count; j += static_cast<int>(hn::Lanes(d))) {
    TiltSites(row, j, tilt, starts, &chance);
    const V value = hn::Load(d, values + j);
    const V place = hn::Sub(value, hn::Load(d, tilt.first + j));
    V from = starts[0], to = starts[1];
    for (int k = 1; k < MixtureRow::kGroup; ++k) {
      const auto here = hn::Eq(place, hn::Set(d, k));
      from = hn::IfThenElse(here, starts[k], from);
      to = hn::IfThenElse(here, starts[k + 1], to);
    }
    StoreUnless(Outside(row, j, value), j, from, to, lanes);
    hn::Store(chance, d, tilt.chance + j);
  }
  lanes.CopyTo(ranges, row.count);
}

void RowTiltFind(const MixtureRow& row, const int32_t* slots, MixtureRow::Tilt& tilt,
                 int32_t* values, CdfRange* ranges) {
  const D d;
  const V one = hn::Set(d, 1);
  V starts[MixtureRow::kGroup + 1], chance;
  RangeLanes lanes;
  lanes.Take(ranges, row.count);
  for (int j = 0; j < row.count; j += static_cast<int>(hn::Lanes(d))) {
    TiltSites(row, j, tilt, starts, &chance);
    const V slot = hn::Load(d, slots + j), value = hn::Load(d, values + j);
    V found = hn::Load(d, tilt.first + j);
    V from = starts[0], to = starts[1];
    for (int k = 1; k < MixtureRow::kGroup; ++k) {
      const auto before = hn::Gt(starts[k], slot);
      found = hn::Add(found, hn::IfThenZeroElse(before, one));
      from = hn::IfThenElse(before, from, starts[k]);
      to = hn::IfThenElse(before, to, starts[k + 1]);
    }
    const auto outside = Outside(row, j, value);
    StoreUnless(outside, j, from, to, lanes);
    hn::Store(hn::IfThenElse(outside, value, found), d, values + j);
    hn::Store(chance, d, tilt.chance + j);
  }
  lanes.CopyTo(ranges, row.count);
}

#endif  // HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

}  // namespace HWY_NAMESPACE
}  // namespace flowzip
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace flowzip {

FLOWZIP_EXPORT(RowTiltRanges);
FLOWZIP_EXPORT(RowTiltFind);

void MixtureRow::TiltRanges(const int32_t* values, Tilt* tilt, CdfRange* ranges) const {
  if (ScalarDefinitionForced()) {
    for (int j = 0; j < count; ++j) TiltRange(j, values[j], tilt, &ranges[j]);
    return;
  }
  FLOWZIP_DISPATCH(RowTiltRanges)(*this, values, *tilt, ranges);
}

void MixtureRow::TiltFindAll(const int32_t* slots, Tilt* tilt, int32_t* values,
                             CdfRange* ranges) const {
  if (ScalarDefinitionForced()) {
    for (int j = 0; j < count; ++j) {
      TiltFind(j, static_cast<uint32_t>(slots[j]), tilt, &values[j], &ranges[j]);
    }
    return;
  }
  FLOWZIP_DISPATCH(RowTiltFind)(*this, slots, *tilt, values, ranges);
}

}  // namespace flowzip
#endif  // HWY_ONCE
