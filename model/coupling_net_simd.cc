// SPDX-License-Identifier: BSD-3-Clause
// The vector kernel of CouplingNet, compiled once per instruction set by Highway: a lane per site,
// weights broadcast in pairs.
#include "model/simd_targets.h"  // before Highway: selects the targets
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/coupling_net_simd.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include <algorithm>

#include "model/coupling_net.h"
#include "model/simd_dispatch.h"

HWY_BEFORE_NAMESPACE();
namespace flowzip {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR

// One lane cannot hold a pair; the definition is as good.
void EvaluateNet(const CouplingNet& net, const int32_t* features, int32_t* out) {
  net.EvaluateScalar(features, out);
}

#else

namespace hn = hwy::HWY_NAMESPACE;

using D32 = hn::CappedTag<int32_t, kNetSites>;
using D16 = hn::Repartition<int16_t, D32>;
using V32 = hn::Vec<D32>;
using V16 = hn::Vec<D16>;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(D32()));
constexpr int kVectors = kNetSites / kLanes;
// Outputs at a time: as many sums as registers hold beside the operands. A sum waits for the one
// before it, so few sums would leave the multipliers idle.
constexpr int kOutputs = kVectors == 1 ? 16 : kVectors == 2 ? 4 : 2;
static_assert(DenseLayer::kOutputGroup % kOutputs == 0);

// sum[lane] += a[2 lane] b[2 lane] + a[2 lane + 1] b[2 lane + 1], possibly spread over both sums
// until RearrangeToOddPlusEven. Nothing here saturates.
HWY_INLINE V32 MultiplyAdd(V16 a, V16 b, V32 sum0, V32& sum1) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL
  // Highway detects VNNI for this target but does not let the compiler use it (and vpdpwssds,
  // which it might choose, saturates).
  (void)sum1;
  asm("vpdpwssd %2, %1, %0" : "+v"(sum0.raw) : "v"(a.raw), "v"(b.raw));
  return sum0;
#else
  return hn::ReorderWidenMulAccumulate(D32(), a, b, sum0, sum1);
#endif
}

// Layers alternate between buffers of pairs; a block's input is also what it adds to.
struct LayerRun {
  const DenseLayer& layer;
  const int32_t* HWY_RESTRICT in;
  const int32_t* skip;
  int32_t* out;
  bool last;
};

// Outputs `first` to first + kCount - 1; those beyond the layer's have weights of 0.
template <int kCount>
HWY_INLINE void Outputs(const LayerRun& run, int first) {
  const D32 d;
  const int pairs = run.layer.pairs();
  V32 sum0[kCount][kVectors], sum1[kCount][kVectors];
#pragma GCC unroll 16
  for (int u = 0; u < kCount; ++u) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sum0[u][v] = sum1[u][v] = hn::Zero(d);
  }
  constexpr int kGroup = DenseLayer::kOutputGroup;
  const int32_t* HWY_RESTRICT weights = run.layer.packed.data() +
                                        static_cast<ptrdiff_t>(first - first % kGroup) * pairs +
                                        first % kGroup;
  for (int p = 0; p < pairs; ++p, weights += kGroup) {
    V16 a[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      a[v] = hn::BitCast(D16(), hn::Load(d, run.in + p * kNetSites + v * kLanes));
    }
#pragma GCC unroll 16
    for (int u = 0; u < kCount; ++u) {
      const V16 w = hn::BitCast(D16(), hn::Set(d, weights[u]));
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) {
        sum0[u][v] = MultiplyAdd(a[v], w, sum0[u][v], sum1[u][v]);
      }
    }
  }
  const V32 low = run.last ? hn::Set(d, -kMaxOutput) : hn::Zero(d);
  const V32 high = hn::Set(d, run.last ? kMaxOutput : kMaxHidden);
#pragma GCC unroll 16
  for (int u = 0; u < kCount; u += 2) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      V32 result[2];
      for (int i = 0; i < 2; ++i) {
        const V32 sum = hn::RearrangeToOddPlusEven(sum0[u + i][v], sum1[u + i][v]);
        result[i] = hn::ShiftRightSame(hn::Add(sum, hn::Set(d, run.layer.start[first + u + i])),
                                       run.layer.shift);
      }
      const ptrdiff_t at = v * kLanes;
      if (run.last) {
        for (int i = 0; i < 2; ++i) {
          if (first + u + i >= run.layer.outputs) break;
          hn::Store(hn::Min(hn::Max(result[i], low), high), d,
                    run.out + (first + u + i) * kNetSites + at);
        }
        continue;
      }
      const ptrdiff_t pair = (first + u) / 2 * kNetSites + at;
      if (run.skip != nullptr) {
        const V32 both = hn::Load(d, run.skip + pair);
        result[0] = hn::Add(result[0], hn::And(both, hn::Set(d, 0xFFFF)));  // none is negative
        result[1] = hn::Add(result[1], hn::ShiftRight<16>(both));
      }
      for (V32& r : result) r = hn::Min(hn::Max(r, low), high);
      hn::Store(hn::Or(result[0], hn::ShiftLeft<16>(result[1])), d, run.out + pair);
    }
  }
}

HWY_INLINE void Layer(const LayerRun& run) {
  int o = 0;
  for (; o + kOutputs <= run.layer.outputs; o += kOutputs) Outputs<kOutputs>(run, o);
  const int left = run.layer.outputs - o;
  if (left > kOutputs * 3 / 4) {
    Outputs<kOutputs>(run, o);
  } else if (left > kOutputs / 2) {
    Outputs<(kOutputs * 3 / 4 + 1) / 2 * 2>(run, o);
  } else if (left > 0) {
    Outputs<(kOutputs / 2 + 1) / 2 * 2>(run, o);
  }
}

void EvaluateNet(const CouplingNet& net, const int32_t* features, int32_t* out) {
  HWY_ALIGN int32_t buffer[3][(kMaxNetWidth / 2 + 8) * kNetSites];
  const int32_t* in = features;
  const int count = static_cast<int>(net.layers.size());
  for (int l = 0; l < count; ++l) {
    const bool last = l == count - 1, closes = !last && l > 0 && l % 2 == 0;
    int32_t* to = last ? out : buffer[l % 3];
    Layer(
        {net.layers[static_cast<size_t>(l)], in, closes ? buffer[(l + 1) % 3] : nullptr, to, last});
    in = to;
  }
}

#endif  // HWY_TARGET == HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace flowzip
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace flowzip {

FLOWZIP_EXPORT(EvaluateNet);

void CouplingNet::Evaluate(const int32_t* feature_pairs, int32_t* out) const {
  if (ScalarDefinitionForced()) return EvaluateScalar(feature_pairs, out);
  FLOWZIP_DISPATCH(EvaluateNet)(*this, feature_pairs, out);
}

}  // namespace flowzip
#endif  // HWY_ONCE
