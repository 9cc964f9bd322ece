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
#include "model/simd_dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace flowzip {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

// Emulation gains nothing: the definition is as good.
void RowTiltAll(const MixtureRow& row, MixtureRow::Tilt& tilt) {
  for (int j = 0; j < row.count; ++j) row.TiltSite(j, &tilt);
}

#else

constexpr int kGroup = MixtureRow::kGroup;

// a + b where the bit of `mask` is set.
HWY_INLINE V AddWhere(V mask, int bit, V a, V b) {
  return hn::Add(a, hn::IfThenElseZero(hn::TestBit(mask, hn::Set(D(), 1 << bit)), b));
}

// MixtureRow::TiltSite, for the sites from j on.
HWY_INLINE void TiltSites(const MixtureRow& row, int j, MixtureRow::Tilt& tilt) {
  const D d;
  const DU du;
  const V zero = hn::Zero(d), one = hn::Set(d, 1);
  const V lo = hn::Load(d, row.lo + j), end = hn::Add(hn::Load(d, row.hi + j), one);
  V value = hn::Load(d, tilt.first + j);
  V starts[kGroup + 1], mass[kGroup], logs[kGroup];
  starts[0] = Cumulative(row, j, Clamp(value, lo, end));
  HWY_UNROLL(kGroup)
  for (int k = 0; k < kGroup; ++k) {
    value = hn::Add(value, one);
    starts[k + 1] = Cumulative(row, j, Clamp(value, lo, end));
    mass[k] = hn::Sub(starts[k + 1], starts[k]);
    logs[k] = zero;
  }
  const V first = starts[0], last = starts[kGroup], all = hn::Sub(last, first);
  const V thrice = hn::Add(hn::Add(all, all), all);
  const V west = hn::Load(d, tilt.west + j), north = hn::Load(d, tilt.north + j);
  for (int e = 0; e < tilt.events; ++e) {
    const V mask = hn::Load(d, tilt.mask[e] + j);
    V in = zero;
    HWY_UNROLL(kGroup)
    for (int k = 0; k < kGroup; ++k) in = AddWhere(mask, k, in, mass[k]);
    const V event = hn::Set(d, 1 << e);
    V context = hn::IfThenElseZero(hn::TestBit(west, event), hn::Set(d, 8));
    context = hn::Add(context, hn::IfThenElseZero(hn::TestBit(north, event), hn::Set(d, 4)));
    const auto reached = [&](V parts, V wanted)
                             HWY_ATTR { return hn::IfThenElse(hn::Gt(wanted, parts), zero, one); };
    context = hn::Add(context, reached(hn::ShiftLeft<3>(in), all));
    context = hn::Add(context, reached(hn::Add(in, in), all));
    context = hn::Add(context, reached(hn::ShiftLeft<2>(in), thrice));
    hn::Store(context, d, tilt.context[e] + j);
#if HWY_TARGET <= HWY_AVX3
    static_assert(hn::MaxLanes(d) == MixtureRow::kContexts);
    const V weight =
        hn::TableLookupLanes(hn::Load(d, tilt.weight[e]), hn::IndicesFromVec(d, context));
#else
    const V weight = hn::GatherIndex(d, tilt.weight[e], context);
#endif
    HWY_UNROLL(kGroup)
    for (int k = 0; k < kGroup; ++k) logs[k] = AddWhere(mask, k, logs[k], weight);
  }
  V weighed[kGroup], sums[kGroup], there[kGroup], sum = zero, count = zero;
  const V most = hn::Set(d, MixtureRow::kMaxTilt), unit = hn::Set(d, 256);
  HWY_UNROLL(kGroup)
  for (int k = 0; k < kGroup; ++k) {
    const V x = hn::ShiftRight<8>(hn::Add(Clamp(logs[k], hn::Neg(most), most), most));
    const V mantissa = hn::Or(hn::And(x, hn::Set(d, 255)), unit);
    const V factor = hn::ShiftRight<6>(hn::Shl(mantissa, hn::ShiftRight<8>(x)));
    weighed[k] = hn::Mul(mass[k], factor);
    sums[k] = sum;
    there[k] = count;
    sum = hn::Add(sum, weighed[k]);
    count = hn::Add(count, hn::IfThenElseZero(hn::Gt(mass[k], zero), one));
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
  const auto spare = hn::BitCast(du, hn::Sub(all, count));
  HWY_UNROLL(kGroup)
  for (int k = 0; k < kGroup; ++k) {
    const V shared = hn::BitCast(d, hn::ShiftRight<16>(hn::Mul(share(sums[k]), spare)));
    const V begin = hn::Add(hn::Add(first, there[k]), shared);
    hn::Store(hn::IfThenElse(hn::Lt(starts[k], last), begin, last), d, tilt.start[k] + j);
  }
  hn::Store(last, d, tilt.start[kGroup] + j);
  const auto one_whole = hn::Set(du, 65536);
  for (int e = 0; e < tilt.events; ++e) {
    const V mask = hn::Load(d, tilt.mask[e] + j);
    V in = zero;
    HWY_UNROLL(kGroup)
    for (int k = 0; k < kGroup; ++k) in = AddWhere(mask, k, in, weighed[k]);
    const auto q = share(in);
    hn::Store(hn::BitCast(d, q), d, tilt.chance[e] + j);
    const auto shown = hn::ShiftRight<16>(hn::Mul(q, hn::Sub(one_whole, q)));
    hn::Store(hn::BitCast(d, shown), d, tilt.shown[e] + j);
  }
}

void RowTiltAll(const MixtureRow& row, MixtureRow::Tilt& tilt) {
  for (int j = 0; j < row.count; j += static_cast<int>(hn::Lanes(D()))) TiltSites(row, j, tilt);
}

#endif  // HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

}  // namespace HWY_NAMESPACE
}  // namespace flowzip
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace flowzip {

FLOWZIP_EXPORT(RowTiltAll);

void MixtureRow::TiltAll(Tilt* tilt) const {
  if (ScalarDefinitionForced()) {
    for (int j = 0; j < count; ++j) TiltSite(j, tilt);
    return;
  }
  FLOWZIP_DISPATCH(RowTiltAll)(*this, *tilt);
}

}  // namespace flowzip
#endif  // HWY_ONCE
