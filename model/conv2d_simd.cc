// SPDX-License-Identifier: BSD-3-Clause
// The vector kernels behind ConvRows, compiled once per instruction set by Highway.
//
// A block of kPixels neighbouring pixels x kVectors vectors of output channels is
// accumulated in registers. For every pair of input channels the block loads kVectors
// weight vectors and broadcasts kPixels activation pairs, for kPixels * kVectors
// multiply-adds, so that the loads keep up with the multipliers.
#include "model/simd_targets.h"  // before Highway: selects the targets
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/conv2d_simd.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include <algorithm>
#include <cassert>
#include <cstring>

#include "model/conv2d.h"
#include "model/simd_dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace flowzip {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

// One lane cannot hold a pair; the definition is as good.
void ConvRowsImpl(const Conv2d& conv, const Tensor& in, const Tensor* addend, int lo, int hi,
                  Tensor& out, int y0, int y1) {
  ConvRowsScalar(conv, in, addend, lo, hi, out, y0, y1);
}

#else

namespace hn = hwy::HWY_NAMESPACE;

// At most 16 lanes, the padding of the packed weights.
using D32 = hn::CappedTag<int32_t, 16>;
using D16 = hn::Repartition<int16_t, D32>;  // a pair per 32-bit lane
using DOut = hn::Rebind<int16_t, D32>;      // results, narrowed
using V32 = hn::Vec<D32>;
using V16 = hn::Vec<D16>;
using VOut = hn::Vec<DOut>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(D32()));
constexpr int kOutputGroup = 16;  // as in conv2d.cc
constexpr int kMaxChannels = 1024;

// Register blocking, chosen by measurement (tools/bench_kernels.cc): pixels per block
// for one, two and three groups of 16 output channels; 0 is "not used".
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
constexpr int kPixels1 = 16, kPixels2 = 13, kPixels3 = 8;  // 32 registers of 16 lanes
#elif HWY_TARGET == HWY_AVX2
constexpr int kPixels1 = 6, kPixels2 = 0, kPixels3 = 0;  // 16 registers of 8 lanes
#else
constexpr int kPixels1 = 3, kPixels2 = 0, kPixels3 = 0;  // 4 lanes; NEON keeps two sums
#endif

// One row of one group of output channels.
struct Job {
  // Of the row's first pixel: the left of its window in each of the window's rows; the first
  // channel of the group.
  const int16_t* in[3];
  const int16_t* addend;  // or null
  int16_t* out;
  ptrdiff_t in_depth, out_depth;
  int width;
  int kernel, pairs;       // pairs in one row of the window: kernel * in_depth / 2
  const int16_t* weights;  // packed, from the first channel of the group on
  ptrdiff_t weight_step;   // from one pair to the next
  const int32_t* start;    // bias + rounding, from the first channel of the group on
  int channels;            // stored channels from the first of the group on
  int shift, lo, hi;
};

// sum[lane] += a[2 lane] b[2 lane] + a[2 lane + 1] b[2 lane + 1], possibly spread over
// both sums until RearrangeToOddPlusEven. Nothing here saturates.
HWY_INLINE V32 MultiplyAdd(V16 a, V16 b, V32 sum0, V32& sum1) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL
  // One instruction instead of two, 15 % faster on Zen 5. Highway detects VNNI for this
  // target but does not let the compiler use it, hence assembly. (Not vpdpwssds, which
  // saturates.)
  (void)sum1;
  asm("vpdpwssd %2, %1, %0" : "+v"(sum0.raw) : "v"(a.raw), "v"(b.raw));
  return sum0;
#else
  return hn::ReorderWidenMulAccumulate(D32(), a, b, sum0, sum1);
#endif
}

HWY_INLINE V16 BroadcastPair(const int16_t* pair) {
  int32_t both;
  std::memcpy(&both, pair, sizeof(both));
  return hn::BitCast(D16(), hn::Set(D32(), both));
}

// Loads or stores the first `count` channels (an even number; none if negative, all if
// more than a vector). Never touches what follows them: it may be the next row's first
// pixel, which another thread is writing.
HWY_INLINE VOut LoadSome(const int16_t* from, int count) {
  if (count >= kLanes) return hn::LoadU(DOut(), from);
  HWY_ALIGN int16_t buffer[kLanes] = {};
  for (int i = 0; i < count; i += 2) std::memcpy(buffer + i, from + i, 2 * sizeof(int16_t));
  return hn::Load(DOut(), buffer);
}

HWY_INLINE void StoreSome(VOut v, int16_t* to, int count) {
  if (count >= kLanes) return hn::StoreU(v, DOut(), to);
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  hn::BlendedStore(v, hn::FirstN(DOut(), static_cast<size_t>(std::max(count, 0))), DOut(), to);
#else
  HWY_ALIGN int16_t buffer[kLanes];
  hn::Store(v, DOut(), buffer);
  for (int i = 0; i < count; i += 2) std::memcpy(to + i, buffer + i, 2 * sizeof(int16_t));
#endif
}

// Computes kPixels pixels from `x` on and stores all but the first `skip`. kFull: all of
// the kVectors * kLanes channels exist.
template <int kPixels, int kVectors, bool kFull>
HWY_INLINE void Block(const Job& job, int x, int skip) {
  V32 sum0[kPixels][kVectors], sum1[kPixels][kVectors];
#pragma GCC unroll 32
  for (int p = 0; p < kPixels; ++p) {
#pragma GCC unroll 32
    for (int v = 0; v < kVectors; ++v) sum0[p][v] = sum1[p][v] = hn::Zero(D32());
  }

  const ptrdiff_t depth = job.in_depth;
  const int16_t* HWY_RESTRICT weights = job.weights;
  for (int ky = 0; ky < job.kernel; ++ky) {
    // A row of the window is contiguous: kx and the input channel are one loop.
    const int16_t* HWY_RESTRICT pixel = job.in[ky] + x * depth;
    for (int pair = 0; pair < job.pairs; ++pair) {
      V16 w[kVectors];
#pragma GCC unroll 32
      for (int v = 0; v < kVectors; ++v) w[v] = hn::LoadU(D16(), weights + v * kLanes * 2);
#pragma GCC unroll 32
      for (int p = 0; p < kPixels; ++p) {
        const V16 a = BroadcastPair(pixel + p * depth);
#pragma GCC unroll 32
        for (int v = 0; v < kVectors; ++v) {
          sum0[p][v] = MultiplyAdd(a, w[v], sum0[p][v], sum1[p][v]);
        }
      }
      weights += job.weight_step;
      pixel += 2;
    }
  }

  // Narrowing first is safe: it saturates to a range that contains [lo, hi].
  const VOut lo = hn::Set(DOut(), static_cast<int16_t>(job.lo));
  const VOut hi = hn::Set(DOut(), static_cast<int16_t>(job.hi));
#pragma GCC unroll 32
  for (int p = 0; p < kPixels; ++p) {
    if (p < skip) continue;
    const ptrdiff_t at = (x + p) * job.out_depth;
#pragma GCC unroll 32
    for (int v = 0; v < kVectors; ++v) {
      const int first = v * kLanes;
      const int count = kFull ? kLanes : job.channels - first;
      // The bias comes last because the sums' lanes are in order only now.
      V32 sum = hn::RearrangeToOddPlusEven(sum0[p][v], sum1[p][v]);
      sum = hn::ShiftRightSame(hn::Add(sum, hn::LoadU(D32(), job.start + first)), job.shift);
      if (job.addend != nullptr) {
        sum = hn::Add(sum, hn::PromoteTo(D32(), LoadSome(job.addend + at + first, count)));
      }
      const VOut narrow = hn::DemoteTo(DOut(), sum);
      StoreSome(hn::Min(hn::Max(narrow, lo), hi), job.out + at + first, count);
    }
  }
}

// A row's last block overlaps the one before and stores only what is new, so that an
// addend in place is added once. Rows shorter than a block go pixel by pixel.
template <int kPixels, int kVectors, bool kFull>
HWY_NOINLINE void Row(const Job& job) {
  if (job.width < kPixels) {
    for (int x = 0; x < job.width; ++x) Block<1, kVectors, kFull>(job, x, 0);
    return;
  }
  for (int x = 0; x < job.width; x += kPixels) {
    const int from = std::min(x, job.width - kPixels);
    Block<kPixels, kVectors, kFull>(job, from, x - from);
  }
}

// The first kGroups * 16 of the remaining output channels.
template <int kPixels, int kGroups>
void Groups(const Job& job) {
  constexpr int kVectors = kGroups * kOutputGroup / kLanes;
  if (job.channels >= kGroups * kOutputGroup) {
    Row<kPixels, kVectors, true>(job);
  } else {
    Row<kPixels, kVectors, false>(job);
  }
}

void ConvRowsImpl(const Conv2d& conv, const Tensor& in, const Tensor* addend, int lo, int hi,
                  Tensor& out, int y0, int y1) {
  const int padded = (conv.out + kOutputGroup - 1) / kOutputGroup * kOutputGroup;
  assert(conv.packed.size() ==
         static_cast<size_t>(in.depth()) * conv.kernel * conv.kernel * padded);
  HWY_ALIGN int32_t start[kMaxChannels];
  std::fill(std::copy(conv.bias.begin(), conv.bias.end(), start), start + padded, 0);
  for (int o = 0; o < padded; ++o) start[o] += int32_t{1} << (conv.shift - 1);

  const int reach = conv.kernel / 2;
  Job job = {};
  job.in_depth = in.depth();
  job.out_depth = out.depth();
  job.width = out.width();
  job.kernel = conv.kernel;
  job.pairs = conv.kernel * in.depth() / 2;
  job.weight_step = padded * 2;
  job.shift = conv.shift;
  job.lo = lo;
  job.hi = hi;
  for (int y = y0; y < y1; ++y) {
    for (int o = 0; o < padded;) {
      for (int ky = 0; ky < conv.kernel; ++ky) job.in[ky] = in.At(-reach, y + ky - reach);
      job.addend = addend == nullptr ? nullptr : addend->At(0, y) + o;
      job.out = out.At(0, y) + o;
      job.weights = conv.packed.data() + o * 2;
      job.start = start + o;
      job.channels = out.depth() - o;
      int groups = 1;
      if constexpr (kPixels2 > 0) groups = padded - o == 48 ? 3 : padded - o >= 32 ? 2 : 1;
      if (groups == 1) Groups<kPixels1, 1>(job);
      if constexpr (kPixels2 > 0) {
        if (groups == 2) Groups<kPixels2, 2>(job);
        if (groups == 3) Groups<kPixels3, 3>(job);
      }
      o += groups * kOutputGroup;
    }
  }
}

#endif  // HWY_TARGET == HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace flowzip
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace flowzip {

FLOWZIP_EXPORT(ConvRowsImpl);

void ConvRows(const Conv2d& conv, const Tensor& in, const Tensor* addend, int lo, int hi,
              Tensor& out, int y0, int y1) {
  assert(in.channels() == conv.in && out.channels() == conv.out);
  assert(in.width() == out.width() && in.height() == out.height());
  assert(&in != &out && lo <= 0 && hi >= 0);
  if (ScalarDefinitionForced()) return ConvRowsScalar(conv, in, addend, lo, hi, out, y0, y1);
  FLOWZIP_DISPATCH(ConvRowsImpl)(conv, in, addend, lo, hi, out, y0, y1);
}

}  // namespace flowzip
#endif  // HWY_ONCE
