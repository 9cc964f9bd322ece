// SPDX-License-Identifier: BSD-3-Clause
// The vector kernels of online_linear.h, compiled once per instruction set by Highway.
#include "model/simd_targets.h"  // before Highway: selects the targets
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec/bits/online_linear_simd.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include "codec/bits/online_linear.h"
#include "model/simd_dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace flowzip {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

// One lane cannot hold a product of 64 bits, and emulation, which is there for machines of other
// byte orders as well, gains nothing: the definition is as good.
using online_scalar::StepFilters;
using online_scalar::StepMixers;
using online_scalar::WeighInputs;

#else

namespace hn = hwy::HWY_NAMESPACE;

// Rows are whole vectors.
using D32 = hn::CappedTag<int32_t, kRowGroup>;
using D64 = hn::Repartition<int64_t, D32>;
using DU32 = hn::RebindToUnsigned<D32>;
using DU64 = hn::RebindToUnsigned<D64>;
using V32 = hn::Vec<D32>;
using VU32 = hn::Vec<DU32>;
using V64 = hn::Vec<D64>;

// Products of the even lanes, of the odd ones.
#if HWY_TARGET == HWY_WASM
// Highway 1.0.3's MulEven takes signed lanes for unsigned ones there.
HWY_INLINE V64 EvenProducts(V32 a, V32 b) {
  return V64{wasm_i64x2_extmul_low_i32x4(wasm_i32x4_shuffle(a.raw, a.raw, 0, 2, 0, 2),
                                         wasm_i32x4_shuffle(b.raw, b.raw, 0, 2, 0, 2))};
}
HWY_INLINE V64 OddProducts(V32 a, V32 b) {
  return V64{wasm_i64x2_extmul_low_i32x4(wasm_i32x4_shuffle(a.raw, a.raw, 1, 3, 1, 3),
                                         wasm_i32x4_shuffle(b.raw, b.raw, 1, 3, 1, 3))};
}
#else
HWY_INLINE V64 EvenProducts(V32 a, V32 b) { return hn::MulEven(a, b); }
HWY_INLINE V64 OddProducts(V32 a, V32 b) { return hn::MulEven(hn::DupOdd(a), hn::DupOdd(b)); }
#endif

void WeighInputs(const int32_t* HWY_RESTRICT inputs, int row, const int32_t* const* weights,
                 int models, int64_t* HWY_RESTRICT sums) {
  const D32 d;
  for (int m = 0; m < models; ++m) {
    const int32_t* HWY_RESTRICT w = weights[m];
    auto even = hn::Zero(D64()), odd = even;
    for (int i = 0; i < row; i += static_cast<int>(hn::Lanes(d))) {
      const V32 x = hn::LoadU(d, inputs + i), v = hn::LoadU(d, w + i);
      even = hn::Add(even, EvenProducts(x, v));
      odd = hn::Add(odd, OddProducts(x, v));
    }
    sums[m] = hn::GetLane(hn::SumOfLanes(D64(), hn::Add(even, odd)));
  }
}

// The low halves of even's and odd's lanes, side by side.
HWY_INLINE V32 Together(hn::Vec<DU64> even, hn::Vec<DU64> odd) {
  const D32 d;
  return hn::OddEven(hn::BitCast(d, hn::ShiftLeft<32>(odd)), hn::BitCast(d, even));
}

HWY_INLINE void AddWithin(int32_t limit, V32 change, int32_t* weight) {
  const D32 d;
  const V32 sum = hn::Add(hn::LoadU(d, weight), change);
  hn::StoreU(hn::Min(hn::Max(sum, hn::Set(d, -limit)), hn::Set(d, limit)), d, weight);
}

void StepMixers(const int32_t* HWY_RESTRICT inputs, int row, int32_t* const* weights, int models,
                const int32_t* HWY_RESTRICT steps) {
  const D32 d;
  const DU64 du;
  // Above 0 a shift without a sign will do; it is taken off afterwards.
  const auto above = hn::Set(du, (uint64_t{1} << 40) + (1 << 19));
  const auto change = [&](hn::Vec<D64> product) HWY_ATTR {
    return hn::ShiftRight<20>(hn::Add(hn::BitCast(du, product), above));
  };
  for (int m = 0; m < models; ++m) {
    const V32 step = hn::Set(d, steps[m]);
    for (int i = 0; i < row; i += static_cast<int>(hn::Lanes(d))) {
      const V32 x = hn::LoadU(d, inputs + i);
      const V32 changes = Together(change(EvenProducts(x, step)), change(OddProducts(x, step)));
      AddWithin(kMaxMixerWeight, hn::Sub(changes, hn::Set(d, 1 << 20)), weights[m] + i);
    }
  }
}

void StepFilters(const int32_t* HWY_RESTRICT inputs, int row, int32_t* const* weights, int models,
                 const int32_t* HWY_RESTRICT steps) {
  const D32 d;
  const DU32 du;
  for (int m = 0; m < models; ++m) {
    const V32 step = hn::Set(d, steps[m]);
    const VU32 size = hn::BitCast(du, hn::Abs(step));
    for (int i = 0; i < row; i += static_cast<int>(hn::Lanes(d))) {
      // Towards zero: the size is shifted, then signed.
      const V32 x = hn::LoadU(d, inputs + i);
      const VU32 a = hn::BitCast(du, hn::Abs(x));
      const V32 sizes = Together(hn::ShiftRight<16>(hn::MulEven(a, size)),
                                 hn::ShiftRight<16>(hn::MulEven(hn::DupOdd(a), size)));
      const V32 sign = hn::BroadcastSignBit(hn::Xor(x, step));
      AddWithin(kMaxFilterWeight, hn::Sub(hn::Xor(sizes, sign), sign), weights[m] + i);
    }
  }
}

#endif  // HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

}  // namespace HWY_NAMESPACE
}  // namespace flowzip
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace flowzip {

FLOWZIP_EXPORT(WeighInputs);
FLOWZIP_EXPORT(StepMixers);
FLOWZIP_EXPORT(StepFilters);

void WeighInputs(const int32_t* inputs, int row, const int32_t* const* weights, int models,
                 int64_t* sums) {
  if (ScalarDefinitionForced()) {
    return online_scalar::WeighInputs(inputs, row, weights, models, sums);
  }
  FLOWZIP_DISPATCH(WeighInputs)(inputs, row, weights, models, sums);
}

void StepMixers(const int32_t* inputs, int row, int32_t* const* weights, int models,
                const int32_t* steps) {
  if (ScalarDefinitionForced()) {
    return online_scalar::StepMixers(inputs, row, weights, models, steps);
  }
  FLOWZIP_DISPATCH(StepMixers)(inputs, row, weights, models, steps);
}

void StepFilters(const int32_t* inputs, int row, int32_t* const* weights, int models,
                 const int32_t* steps) {
  if (ScalarDefinitionForced()) {
    return online_scalar::StepFilters(inputs, row, weights, models, steps);
  }
  FLOWZIP_DISPATCH(StepFilters)(inputs, row, weights, models, steps);
}

}  // namespace flowzip
#endif  // HWY_ONCE
