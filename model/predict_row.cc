// SPDX-License-Identifier: BSD-3-Clause
// The definition of PredictRow and its vector kernels.
#include "model/simd_targets.h"  // before Highway: selects the targets
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/predict_row.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include "model/predict_row.h"
#include "model/simd_dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace flowzip {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Columns from `begin` on, kVectors vectors of them, in registers throughout.
template <int kVectors>
HWY_INLINE void Columns(const RowFilter& filter, int begin, int16_t* out) {
  const hn::ScalableTag<int32_t> d;
  const hn::Rebind<int16_t, decltype(d)> d16;
  const auto load = [&](const int16_t* from) { return hn::PromoteTo(d, hn::LoadU(d16, from)); };
  const int lanes = static_cast<int>(hn::Lanes(d));
  hn::Vec<decltype(d)> sum[kVectors];
  for (int v = 0; v < kVectors; ++v) sum[v] = hn::Zero(d);
  for (int k = 0; k < filter.taps; ++k) {
    const auto weight = hn::Set(d, filter.weight[k]);
    const int16_t* x = filter.x[k] + begin;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      sum[v] = hn::Add(sum[v], hn::Mul(weight, load(x + v * lanes)));
    }
  }
  for (int c = 0; c < kChannels; ++c) {
    const auto norm = hn::Set(d, filter.norm[c]);
    const int16_t* m = filter.m[c] + begin;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      sum[v] = hn::Sub(sum[v], hn::Mul(norm, load(m + v * lanes)));
    }
  }
  constexpr int kShift = kFilterBits - kPredictionBits;
  const auto round = hn::Set(d, 1 << (kShift - 1));
  const auto lo = hn::Set(d, filter.lo), hi = hn::Set(d, filter.hi);
  const int16_t* m = filter.m[filter.channel] + begin;
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) {
    const auto step = hn::ShiftRight<kShift>(hn::Add(sum[v], round));
    const auto centre = hn::ShiftLeft<kPredictionBits>(load(m + v * lanes));
    const auto clamped = hn::Min(hn::Max(hn::Add(centre, step), lo), hi);
    hn::StoreU(hn::DemoteTo(d16, clamped), d16, out + begin + v * lanes);
  }
}

void PredictRowImpl(const RowFilter& filter, int width, int16_t* out) {
  constexpr int kVectors = 4;
  const int lanes = static_cast<int>(hn::Lanes(hn::ScalableTag<int32_t>()));
  int j = 0;
  for (; j + kVectors * lanes <= width; j += kVectors * lanes) Columns<kVectors>(filter, j, out);
  for (; j + lanes <= width; j += lanes) Columns<1>(filter, j, out);
  // The last vector overlaps what is done already.
  if (j < width && width >= lanes) {
    Columns<1>(filter, width - lanes, out);
  } else {
    PredictRowScalar(filter, j, width, out);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace flowzip
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>

namespace flowzip {

FLOWZIP_EXPORT(PredictRowImpl);

void PredictRow(const RowFilter& filter, int width, int16_t* out) {
  if (ScalarDefinitionForced()) return PredictRowScalar(filter, 0, width, out);
  FLOWZIP_DISPATCH(PredictRowImpl)(filter, width, out);
}

void PredictRowScalar(const RowFilter& filter, int begin, int end, int16_t* out) {
  for (int j = begin; j < end; ++j) {
    // Modulo 2^32: what a sum passes on its way does not matter, and its end fits.
    uint32_t sum = 0;
    for (int k = 0; k < filter.taps; ++k) {
      sum += static_cast<uint32_t>(filter.weight[k] * filter.x[k][j]);
    }
    for (int c = 0; c < kChannels; ++c) {
      sum -= static_cast<uint32_t>(filter.norm[c] * filter.m[c][j]);
    }
    constexpr int kShift = kFilterBits - kPredictionBits;
    const int32_t step = (static_cast<int32_t>(sum) + (1 << (kShift - 1))) >> kShift;
    out[j] = static_cast<int16_t>(
        std::clamp(16 * filter.m[filter.channel][j] + step, filter.lo, filter.hi));
  }
}

}  // namespace flowzip
#endif  // HWY_ONCE
