// SPDX-License-Identifier: BSD-3-Clause
// What the vector kernels of MixtureRow share: a lane per site. Included once for each instruction
// set, after <hwy/highway.h>.
#if defined(FLOWZIP_MODEL_MIXTURE_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FLOWZIP_MODEL_MIXTURE_LANES_INL_H_
#undef FLOWZIP_MODEL_MIXTURE_LANES_INL_H_
#else
#define FLOWZIP_MODEL_MIXTURE_LANES_INL_H_
#endif

#include <cstdint>

#include "model/mixture_row.h"
#include "model/mixture_tables.h"

HWY_BEFORE_NAMESPACE();
namespace flowzip {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace mt = mixture_tables;

using D = hn::CappedTag<int32_t, 16>;
using DU = hn::RebindToUnsigned<D>;
using V = hn::Vec<D>;

HWY_INLINE V Clamp(V v, V lo, V hi) { return hn::Min(hn::Max(v, lo), hi); }

// floor(2^31 / sum) for sum in 2^15 .. 2^19. The quotient is at most 2^16 and the float one
// is off by less than 2^-7, so that rounding it down errs by one at the most; the remainder
// says which way, and the result is exact.
HWY_INLINE V Reciprocal(V sum) {
  const D d;
  const hn::RebindToFloat<D> df;
  const V one = hn::Set(d, 1);
  const V q = hn::ConvertTo(d, hn::Div(hn::Set(df, 2147483648.0f), hn::ConvertTo(df, sum)));
  // 2^31 - q * sum modulo 2^32, which holds it.
  const V rest = hn::Sub(hn::Set(d, INT32_MIN), hn::Mul(q, sum));
  const V low = hn::IfThenZeroElse(hn::Lt(rest, sum), one);
  const V high = hn::IfThenElseZero(hn::Lt(rest, hn::Zero(d)), one);
  return hn::Sub(hn::Add(q, low), high);
}

// C(v) for the sites from j on.
HWY_INLINE V Cumulative(const MixtureRow& row, int j, V v) {
  const D d;
  const DU du;
  const V zero = hn::Zero(d), one = hn::Set(d, 1);
  const V edge = hn::Sub(hn::ShiftLeft<4>(v), hn::Set(d, 8));
  const V end = hn::Set(d, mt::kArgumentEnd);
  V sum = zero;
  for (int k = 0; k < row.components; ++k) {
    const V reach = hn::Load(d, row.reach[k] + j);
    const V distance = Clamp(hn::Sub(edge, hn::Load(d, row.mean[k] + j)), hn::Neg(reach), reach);
    const V scaled = hn::ShiftRight<11>(
        hn::Add(hn::Mul(distance, hn::Load(d, row.inverse[k] + j)), hn::Set(d, 1024)));
    const V t = hn::Add(Clamp(scaled, hn::Neg(end), end), end);
    const V entry = hn::GatherIndex(d, mt::kSigmaRise.data(), hn::ShiftRight<8>(t));
    const V rise =
        hn::Mul(hn::And(entry, hn::Set(d, (1 << mt::kRiseBits) - 1)), hn::And(t, hn::Set(d, 255)));
    const V sigma = hn::Add(hn::ShiftRight<mt::kRiseBits>(entry),
                            hn::ShiftRight<8>(hn::Add(rise, hn::Set(d, 128))));
    sum = hn::Add(sum, hn::Mul(hn::Load(d, row.weight[k] + j), sigma));
  }
  const V lo = hn::Load(d, row.lo + j), hi = hn::Load(d, row.hi + j);
  const V low_escape = hn::Load(d, row.low_escape + j);
  const V high_escape = hn::Load(d, row.high_escape + j);
  const auto share =
      hn::ShiftRight<16>(hn::Mul(hn::BitCast(du, hn::ShiftRight<mt::kWeightBits>(sum)),
                                 hn::BitCast(du, hn::Load(d, row.factor + j))));
  V c = hn::Add(hn::Add(low_escape, hn::Sub(v, lo)), hn::BitCast(d, share));
  // Below the window, and at its end where no escape is: v < lo + (no low escape).
  c = hn::IfThenElse(hn::Lt(v, hn::Sub(hn::Add(lo, one), low_escape)), zero, c);
  c = hn::IfThenElse(hn::Gt(v, hn::Add(hi, high_escape)),
                     hn::Set(d, static_cast<int32_t>(mt::kTotal)), c);
  return c;
}

}  // namespace HWY_NAMESPACE
}  // namespace flowzip
HWY_AFTER_NAMESPACE();

#endif  // FLOWZIP_MODEL_MIXTURE_LANES_INL_H_
