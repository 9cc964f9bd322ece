// SPDX-License-Identifier: BSD-3-Clause
// The vector kernels of the filter fit, compiled once per instruction set by Highway.
#include "model/simd_targets.h"  // before Highway: selects the targets
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/gram_simd.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include "model/gram.h"

HWY_BEFORE_NAMESPACE();
namespace flowzip {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

// One lane cannot hold a pair; the definitions are as good.
using gram_scalar::AddGram;
using gram_scalar::ScaleRow;
using gram_scalar::SubtractScaled;
using gram_scalar::WeightRow;

#else

namespace hn = hwy::HWY_NAMESPACE;

// At most a block at a time, so that whole vectors always fit.
using D16 = hn::CappedTag<int16_t, kGramBlock>;
using D32 = hn::Repartition<int32_t, D16>;

// Dot products of row `a` with kRows rows starting at `b`.
template <int kRows>
HWY_INLINE void Dots(const int16_t* HWY_RESTRICT a, const int16_t* HWY_RESTRICT b, int64_t* to) {
  const D16 d16;
  const D32 d32;
  // Two accumulators each: on some targets the multiply-add fills both (lanes reordered; the
  // sum over all lanes does not care).
  auto s0 = hn::Zero(d32), s1 = s0, s2 = s0, s3 = s0;
  auto t0 = s0, t1 = s0, t2 = s0, t3 = s0;
  for (size_t t = 0; t < kGramBlock; t += hn::Lanes(d16)) {
    const auto x = hn::LoadU(d16, a + t);
    s0 = hn::ReorderWidenMulAccumulate(d32, x, hn::LoadU(d16, b + t), s0, t0);
    if constexpr (kRows == 4) {
      s1 = hn::ReorderWidenMulAccumulate(d32, x, hn::LoadU(d16, b + kGramBlock + t), s1, t1);
      s2 = hn::ReorderWidenMulAccumulate(d32, x, hn::LoadU(d16, b + 2 * kGramBlock + t), s2, t2);
      s3 = hn::ReorderWidenMulAccumulate(d32, x, hn::LoadU(d16, b + 3 * kGramBlock + t), s3, t3);
    }
  }
  to[0] += hn::GetLane(hn::SumOfLanes(d32, hn::Add(s0, t0)));
  if constexpr (kRows == 4) {
    to[1] += hn::GetLane(hn::SumOfLanes(d32, hn::Add(s1, t1)));
    to[2] += hn::GetLane(hn::SumOfLanes(d32, hn::Add(s2, t2)));
    to[3] += hn::GetLane(hn::SumOfLanes(d32, hn::Add(s3, t3)));
  }
}

void AddGram(const int16_t* rows, int count, int64_t* gram) {
  for (int i = 0; i < count; ++i) {
    const int16_t* a = rows + i * kGramBlock;
    int j = i;
    for (; j + 4 <= count; j += 4, gram += 4) Dots<4>(a, rows + j * kGramBlock, gram);
    for (; j < count; ++j, ++gram) Dots<1>(a, rows + j * kGramBlock, gram);
  }
}

void WeightRow(const int32_t* x, const int32_t* m, const int32_t* weight, int count,
               int16_t* out) {
  const hn::ScalableTag<int32_t> d;
  const hn::Rebind<int16_t, decltype(d)> d16;
  const auto lo = hn::Set(d, -kGramClip), hi = hn::Set(d, kGramClip);
  const int lanes = static_cast<int>(hn::Lanes(d));
  int t = 0;
  for (; t + lanes <= count; t += lanes) {
    const auto difference = hn::Sub(hn::LoadU(d, x + t), hn::LoadU(d, m + t));
    const auto scaled = hn::ShiftRight<8>(hn::Mul(difference, hn::LoadU(d, weight + t)));
    hn::StoreU(hn::DemoteTo(d16, hn::Min(hn::Max(scaled, lo), hi)), d16, out + t);
  }
  for (; t < count; ++t) {
    const int32_t scaled = ((x[t] - m[t]) * weight[t]) >> 8;
    out[t] = static_cast<int16_t>(scaled < -kGramClip  ? -kGramClip
                                  : scaled > kGramClip ? kGramClip
                                                       : scaled);
  }
}

void SubtractScaled(const int16_t* row, int32_t w, int32_t* error) {
  const hn::CappedTag<int32_t, kGramBlock> d;
  const hn::Rebind<int16_t, decltype(d)> d16;
  const auto factor = hn::Set(d, w);
  for (size_t t = 0; t < kGramBlock; t += hn::Lanes(d)) {
    const auto product = hn::Mul(factor, hn::PromoteTo(d, hn::LoadU(d16, row + t)));
    hn::StoreU(hn::Sub(hn::LoadU(d, error + t), product), d, error + t);
  }
}

void ScaleRow(const int32_t* factor, int16_t* row) {
  const hn::CappedTag<int32_t, kGramBlock> d;
  const hn::Rebind<int16_t, decltype(d)> d16;
  for (size_t t = 0; t < kGramBlock; t += hn::Lanes(d)) {
    const auto value = hn::PromoteTo(d, hn::LoadU(d16, row + t));
    const auto scaled = hn::ShiftRight<8>(hn::Mul(value, hn::LoadU(d, factor + t)));
    hn::StoreU(hn::DemoteTo(d16, scaled), d16, row + t);
  }
}

#endif  // HWY_TARGET == HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace flowzip
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace flowzip {

HWY_EXPORT(AddGram);
HWY_EXPORT(WeightRow);
HWY_EXPORT(SubtractScaled);
HWY_EXPORT(ScaleRow);

void AddGram(const int16_t* rows, int count, int64_t* gram) {
  if (ScalarDefinitionForced()) return gram_scalar::AddGram(rows, count, gram);
  HWY_DYNAMIC_DISPATCH(AddGram)(rows, count, gram);
}
void WeightRow(const int32_t* x, const int32_t* m, const int32_t* weight, int count,
               int16_t* out) {
  if (ScalarDefinitionForced()) return gram_scalar::WeightRow(x, m, weight, count, out);
  HWY_DYNAMIC_DISPATCH(WeightRow)(x, m, weight, count, out);
}
void SubtractScaled(const int16_t* row, int32_t w, int32_t* error) {
  if (ScalarDefinitionForced()) return gram_scalar::SubtractScaled(row, w, error);
  HWY_DYNAMIC_DISPATCH(SubtractScaled)(row, w, error);
}
void ScaleRow(const int32_t* factor, int16_t* row) {
  if (ScalarDefinitionForced()) return gram_scalar::ScaleRow(factor, row);
  HWY_DYNAMIC_DISPATCH(ScaleRow)(factor, row);
}

}  // namespace flowzip
#endif  // HWY_ONCE
