// SPDX-License-Identifier: BSD-3-Clause
// The raster coder's inner loops: definitions, and vector kernels by Highway.
#include "model/simd_targets.h"  // before Highway: selects the targets
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/raster_row.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include <cstddef>
#include <cstring>

#include "model/raster_row.h"
#include "model/simd_dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace flowzip {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

using raster_scalar::RasterCosts;
using raster_scalar::RasterSums;

#else

namespace hn = hwy::HWY_NAMESPACE;

void RasterSums(const int16_t* const* rows, int taps, const RasterWeights* filters,
                const uint8_t* label, int width, int32_t* out) {
  const hn::CappedTag<int32_t, kRasterBlock> d;
  const hn::Rebind<int16_t, decltype(d)> d16;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (int x = 0; x < width; x += kRasterBlock) {
    const int16_t* weight = filters[label != nullptr ? label[x / kRasterBlock] : 0];
    for (int i = x; i < x + kRasterBlock; i += lanes) {
      auto sum = hn::Zero(d);
      for (int k = 0; k < taps; ++k) {
        const auto value = hn::PromoteTo(d, hn::LoadU(d16, rows[k] + i));
        sum = hn::Add(sum, hn::Mul(hn::Set(d, int32_t{weight[k]}), value));
      }
      hn::StoreU(sum, d, out + i);
    }
  }
}

template <int kPairs>
HWY_INLINE void Costs(const RasterPair* pairs, const int16_t* target, const RasterWeights* filters,
                      int filter_count, uint32_t* cost) {
  const hn::CappedTag<int16_t, 2 * kRasterSites> d16;
  const hn::Repartition<int32_t, decltype(d16)> d32;
  const hn::Rebind<int16_t, decltype(d32)> half;
  const size_t lanes = hn::Lanes(d32);
  hn::Vec<decltype(d32)> total[kMaxRasterFilters];
  for (int f = 0; f < filter_count; ++f) total[f] = hn::Zero(d32);
  for (size_t t = 0; t < kRasterSites; t += lanes) {
    hn::Vec<decltype(d16)> x[kPairs];
#pragma GCC unroll 16
    for (int p = 0; p < kPairs; ++p) x[p] = hn::LoadU(d16, pairs[p] + 2 * t);
    const auto wanted =
        hn::ShiftLeft<kRasterWeightBits>(hn::PromoteTo(d32, hn::LoadU(half, target + t)));
    for (int f = 0; f < filter_count; ++f) {
      auto sum0 = hn::Zero(d32), sum1 = sum0;
#pragma GCC unroll 16
      for (int p = 0; p < kPairs; ++p) {
        int32_t both;  // two weights, in memory's order on every machine
        std::memcpy(&both, filters[f] + 2 * p, sizeof(both));
        const auto weights = hn::BitCast(d16, hn::Set(d32, both));
        sum0 = hn::ReorderWidenMulAccumulate(d32, x[p], weights, sum0, sum1);
      }
      const auto error = hn::Abs(hn::Sub(wanted, hn::RearrangeToOddPlusEven(sum0, sum1)));
      total[f] = hn::Add(total[f], hn::ShiftRight<kRasterCostShift>(error));
    }
  }
  for (int f = 0; f < filter_count; ++f) {
    cost[f] = static_cast<uint32_t>(hn::GetLane(hn::SumOfLanes(d32, total[f])));
  }
}

void RasterCosts(const RasterPair* pairs, int pair_count, const int16_t* target,
                 const RasterWeights* filters, int filter_count, uint32_t* cost) {
  switch (pair_count) {
    case 7: return Costs<7>(pairs, target, filters, filter_count, cost);
    case 12: return Costs<12>(pairs, target, filters, filter_count, cost);
    case 16: return Costs<16>(pairs, target, filters, filter_count, cost);
    default: raster_scalar::RasterCosts(pairs, pair_count, target, filters, filter_count, cost);
  }
}

#endif  // HWY_TARGET == HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace flowzip
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <cstdlib>

namespace flowzip {
namespace raster_scalar {

void RasterSums(const int16_t* const* rows, int taps, const RasterWeights* filters,
                const uint8_t* label, int width, int32_t* out) {
  for (int x0 = 0; x0 < width; x0 += kRasterBlock) {
    const int16_t* weight = filters[label != nullptr ? label[x0 / kRasterBlock] : 0];
    for (int x = x0; x < x0 + kRasterBlock; ++x) {
      int32_t sum = 0;
      for (int k = 0; k < taps; ++k) sum += weight[k] * rows[k][x];
      out[x] = sum;
    }
  }
}

void RasterCosts(const RasterPair* pairs, int pair_count, const int16_t* target,
                 const RasterWeights* filters, int filter_count, uint32_t* cost) {
  for (int f = 0; f < filter_count; ++f) {
    cost[f] = 0;
    for (int t = 0; t < kRasterSites; ++t) {
      int32_t sum = 0;
      for (int k = 0; k < 2 * pair_count; ++k) {
        sum += filters[f][k] * pairs[k / 2][2 * t + k % 2];
      }
      const int32_t error = target[t] * (1 << kRasterWeightBits) - sum;
      cost[f] += static_cast<uint32_t>(std::abs(error) >> kRasterCostShift);
    }
  }
}

}  // namespace raster_scalar

FLOWZIP_EXPORT(RasterSums);
FLOWZIP_EXPORT(RasterCosts);

void RasterSums(const int16_t* const* rows, int taps, const RasterWeights* filters,
                const uint8_t* label, int width, int32_t* out) {
  if (ScalarDefinitionForced()) {
    return raster_scalar::RasterSums(rows, taps, filters, label, width, out);
  }
  FLOWZIP_DISPATCH(RasterSums)(rows, taps, filters, label, width, out);
}

void RasterCosts(const RasterPair* pairs, int pair_count, const int16_t* target,
                 const RasterWeights* filters, int filter_count, uint32_t* cost) {
  if (ScalarDefinitionForced()) {
    return raster_scalar::RasterCosts(pairs, pair_count, target, filters, filter_count, cost);
  }
  FLOWZIP_DISPATCH(RasterCosts)(pairs, pair_count, target, filters, filter_count, cost);
}

}  // namespace flowzip
#endif  // HWY_ONCE
