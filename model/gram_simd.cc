// SPDX-License-Identifier: BSD-3-Clause
// The vector kernel of the filter fit, compiled once per instruction set by Highway.
#include "model/simd_targets.h"  // before Highway: selects the targets
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/gram_simd.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>

#include "model/gram.h"
#include "model/simd_dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace flowzip {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

// One lane cannot hold a pair; the definition is as good.
using gram_scalar::AddGram;

#else

namespace hn = hwy::HWY_NAMESPACE;

// At most a block at a time, so that whole vectors always fit.
using D16 = hn::CappedTag<int16_t, kGramBlock>;
using D32 = hn::Repartition<int32_t, D16>;

// sum[lane] += a[2 lane] b[2 lane] + a[2 lane + 1] b[2 lane + 1], possibly spread over both sums:
// lanes are added up in the end anyway.
using V16 = hn::Vec<D16>;
using V32 = hn::Vec<D32>;
HWY_INLINE V32 MultiplyAdd(V16 a, V16 b, V32 sum0, V32& sum1) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL
  (void)sum1;  // as in coupling_net_simd.cc
  asm("vpdpwssd %2, %1, %0" : "+v"(sum0.raw) : "v"(a.raw), "v"(b.raw));
  return sum0;
#else
  return hn::ReorderWidenMulAccumulate(D32(), a, b, sum0, sum1);
#endif
}

// Rows and columns of a tile of dot products: its sums and operands fit the registers.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
constexpr int kTileRows = 4;
#else
constexpr int kTileRows = 1;
#endif
constexpr int kTileColumns = 4;

// Four sums, one for each place in a block of 128 bits.
template <class D>
HWY_INLINE void StoreFolded(D d, hn::Vec<D> v, int32_t* to) {
  if constexpr (hn::MaxLanes(D()) > 4) {
    const hn::Half<D> half;
    StoreFolded(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)), to);
  } else {
    hn::StoreU(v, d, to);
  }
}

// The sums over the lanes of four vectors, at least four lanes each.
HWY_INLINE void SumFour(V32 a, V32 b, V32 c, V32 e, int32_t* to) {
  const D32 d;
  const hn::Repartition<int64_t, D32> d64;
  const V32 ab = hn::Add(hn::InterleaveLower(d, a, b), hn::InterleaveUpper(d, a, b));
  const V32 ce = hn::Add(hn::InterleaveLower(d, c, e), hn::InterleaveUpper(d, c, e));
  const auto ab2 = hn::BitCast(d64, ab), ce2 = hn::BitCast(d64, ce);
  const V32 all = hn::Add(hn::BitCast(d, hn::InterleaveLower(d64, ab2, ce2)),
                          hn::BitCast(d, hn::InterleaveUpper(d64, ab2, ce2)));
  StoreFolded(d, all, to);
}

// dots[i][j]: dot product of row a + i with row b + j.
template <int kRows>
HWY_INLINE void DotTile(const int16_t* HWY_RESTRICT a, const int16_t* HWY_RESTRICT b,
                        int32_t (*dots)[kTileColumns]) {
  V32 sum0[kRows][kTileColumns], sum1[kRows][kTileColumns];
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < kTileColumns; ++j) sum0[i][j] = sum1[i][j] = hn::Zero(D32());
  }
  for (size_t t = 0; t < kGramBlock; t += hn::Lanes(D16())) {
    V16 y[kTileColumns];
#pragma GCC unroll 8
    for (int j = 0; j < kTileColumns; ++j) y[j] = hn::LoadU(D16(), b + j * kGramBlock + t);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
      const V16 x = hn::LoadU(D16(), a + i * kGramBlock + t);
#pragma GCC unroll 8
      for (int j = 0; j < kTileColumns; ++j) {
        sum0[i][j] = MultiplyAdd(x, y[j], sum0[i][j], sum1[i][j]);
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < kTileColumns; ++j) sum0[i][j] = hn::Add(sum0[i][j], sum1[i][j]);
    SumFour(sum0[i][0], sum0[i][1], sum0[i][2], sum0[i][3], dots[i]);
  }
}

HWY_INLINE int32_t Dot(const int16_t* HWY_RESTRICT a, const int16_t* HWY_RESTRICT b) {
  V32 sum0 = hn::Zero(D32()), sum1 = sum0;
  for (size_t t = 0; t < kGramBlock; t += hn::Lanes(D16())) {
    sum0 = MultiplyAdd(hn::LoadU(D16(), a + t), hn::LoadU(D16(), b + t), sum0, sum1);
  }
  return hn::GetLane(hn::SumOfLanes(D32(), hn::Add(sum0, sum1)));
}

void AddGram(const int16_t* rows, int count, int64_t* gram) {
  // Where row i begins in the triangle, less i: element (i, j) is at start(i) + j.
  const auto start = [&](int i) { return gram + ptrdiff_t{i} * (2 * count - i - 1) / 2; };
  int32_t dots[kTileRows][kTileColumns];
  int i = 0;
  for (; i + kTileRows <= count; i += kTileRows) {
    const int16_t* a = rows + i * kGramBlock;
    // From the diagonal on; of the tile there, the part below it is computed in vain.
    int j = i;
    for (; j + kTileColumns <= count; j += kTileColumns) {
      DotTile<kTileRows>(a, rows + j * kGramBlock, dots);
      for (int k = 0; k < kTileRows; ++k) {
        for (int l = std::max(0, i + k - j); l < kTileColumns; ++l) {
          start(i + k)[j + l] += dots[k][l];
        }
      }
    }
    for (int k = 0; k < kTileRows; ++k) {
      for (int l = std::max(j, i + k); l < count; ++l) {
        start(i + k)[l] += Dot(a + k * kGramBlock, rows + l * kGramBlock);
      }
    }
  }
  for (; i < count; ++i) {
    for (int j = i; j < count; ++j) {
      start(i)[j] += Dot(rows + i * kGramBlock, rows + j * kGramBlock);
    }
  }
}

#endif  // HWY_TARGET == HWY_SCALAR

#if HWY_TARGET == HWY_SCALAR || !HWY_HAVE_FLOAT64

using gram_scalar::BlockErrors;

#else

using DF = hn::CappedTag<double, kFormLanes>;
constexpr int kFormVectors = kFormLanes / static_cast<int>(hn::MaxLanes(DF()));

// A sum waits for the one before it: several blocks at a time keep the adders busy.
template <int kBlocks>
HWY_INLINE void ErrorsOf(const double* const* grams, const FormLanes* HWY_RESTRICT forms, int count,
                         FormLanes* errors) {
  const DF d;
  hn::Vec<DF> sum[kBlocks][kFormVectors];
  for (auto& of_block : sum) {
    for (auto& s : of_block) s = hn::Zero(d);
  }
  for (int i = 0; i < count; ++i) {
#pragma GCC unroll 8
    for (int v = 0; v < kFormVectors; ++v) {
      const auto form = hn::LoadU(d, forms[i] + v * static_cast<int>(hn::MaxLanes(d)));
#pragma GCC unroll 4
      for (int b = 0; b < kBlocks; ++b) {
        sum[b][v] = hn::Add(sum[b][v], hn::Mul(hn::Set(d, grams[b][i]), form));
      }
    }
  }
  for (int b = 0; b < kBlocks; ++b) {
    for (int v = 0; v < kFormVectors; ++v) {
      hn::StoreU(sum[b][v], d, errors[b] + v * static_cast<int>(hn::MaxLanes(d)));
    }
  }
}

void BlockErrors(const double* const* grams, int blocks, const FormLanes* forms, int count,
                 FormLanes* errors) {
  constexpr int kBlocks = kFormVectors <= 2 ? 4 : kFormVectors == 4 ? 2 : 1;
  int b = 0;
  for (; b + kBlocks <= blocks; b += kBlocks)
    ErrorsOf<kBlocks>(grams + b, forms, count, errors + b);
  for (; b < blocks; ++b) ErrorsOf<1>(grams + b, forms, count, errors + b);
}

#endif  // HWY_TARGET == HWY_SCALAR || !HWY_HAVE_FLOAT64

}  // namespace HWY_NAMESPACE
}  // namespace flowzip
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace flowzip {

FLOWZIP_EXPORT(AddGram);
FLOWZIP_EXPORT(BlockErrors);

void AddGram(const int16_t* rows, int count, int64_t* gram) {
  if (ScalarDefinitionForced()) return gram_scalar::AddGram(rows, count, gram);
  FLOWZIP_DISPATCH(AddGram)(rows, count, gram);
}

void BlockErrors(const double* const* grams, int blocks, const FormLanes* forms, int count,
                 FormLanes* errors) {
  if (ScalarDefinitionForced()) {
    return gram_scalar::BlockErrors(grams, blocks, forms, count, errors);
  }
  FLOWZIP_DISPATCH(BlockErrors)(grams, blocks, forms, count, errors);
}

}  // namespace flowzip
#endif  // HWY_ONCE
