// SPDX-License-Identifier: BSD-3-Clause
// Speed of the convolution kernels on this machine, one thread, for every target:
//   bench_kernels [seconds per measurement]
// GMAC/s counts useful multiply-accumulates (not padding); "of peak" is relative to the
// same multiply-add done on registers only.
#include "model/simd_targets.h"  // before Highway: selects the targets
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tools/bench_kernels.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include <cstdint>

HWY_BEFORE_NAMESPACE();
namespace flowzip {
namespace HWY_NAMESPACE {

// Runs `rounds` x kChains multiply-adds on registers. Returns the int16 products done
// per multiply-add, 0 where there is no vector unit to measure.
#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128
int PeakLoop(int64_t) { return 0; }
#else
namespace hn = hwy::HWY_NAMESPACE;
// Enough to hide the latency, few enough for the registers.
constexpr int kChains = HWY_ARCH_X86 && HWY_TARGET > HWY_AVX3 ? 8 : 12;

int PeakLoop(int64_t rounds) {
  const hn::CappedTag<int32_t, 16> d32;
  const hn::Repartition<int16_t, decltype(d32)> d16;
  using V32 = hn::Vec<decltype(d32)>;
  hn::Vec<decltype(d16)> a[2], b = hn::Set(d16, 3);
  a[0] = hn::Set(d16, 1);
  a[1] = hn::Set(d16, 2);
  V32 sum0[kChains], sum1[kChains];
#pragma GCC unroll 32
  for (int i = 0; i < kChains; ++i) sum0[i] = sum1[i] = hn::Zero(d32);
  for (int64_t r = 0; r < rounds; ++r) {
#pragma GCC unroll 32
    for (int i = 0; i < kChains; ++i) {
      // Hides from the compiler that the product is always the same one.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
      asm volatile("" : "+v"(a[i % 2].raw));
#elif HWY_ARCH_X86
      asm volatile("" : "+x"(a[i % 2].raw));
#else
      asm volatile("" : "+w"(a[i % 2].raw));
#endif
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL  // as the kernels do
      asm volatile("vpdpwssd %2, %1, %0" : "+v"(sum0[i].raw) : "v"(a[i % 2].raw), "v"(b.raw));
#else
      sum0[i] = hn::ReorderWidenMulAccumulate(d32, a[i % 2], b, sum0[i], sum1[i]);
#endif
    }
  }
  V32 total = hn::Zero(d32);
#pragma GCC unroll 32
  for (int i = 0; i < kChains; ++i) {
    total = hn::Add(total, hn::RearrangeToOddPlusEven(sum0[i], sum1[i]));
  }
  HWY_ALIGN int32_t sink[16];
  hn::Store(total, d32, sink);
  asm volatile("" : : "r"(sink) : "memory");
  return kChains * static_cast<int>(hn::Lanes(d16));
}
#endif

}  // namespace HWY_NAMESPACE
}  // namespace flowzip
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "model/conv2d.h"

namespace flowzip {
namespace {

HWY_EXPORT(PeakLoop);

constexpr int kSize = 256;

// Repeats `work` (which returns the MACs it did) for `seconds`; GMAC/s of the best round.
template <class Work>
double Measure(double seconds, Work work) {
  using Clock = std::chrono::steady_clock;
  double best = 0, total = 0;
  for (int round = 0; total < seconds || round < 3; ++round) {
    const auto start = Clock::now();
    const double macs = work();
    const double taken = std::chrono::duration<double>(Clock::now() - start).count();
    if (round > 0 && macs / taken > best) best = macs / taken;
    total += taken;
  }
  return best * 1e-9;
}

Conv2d RandomLayer(int kernel, int in, int out) {
  std::mt19937 random(1);
  Conv2d conv;
  conv.kernel = kernel;
  conv.in = in;
  conv.out = out;
  conv.shift = 8;
  conv.weight.resize(static_cast<size_t>(conv.Macs()));
  for (int16_t& w : conv.weight) w = static_cast<int16_t>(random() % 127) - 63;
  conv.bias.assign(static_cast<size_t>(out), 1000);
  conv.Prepare();
  return conv;
}

void BenchLayer(int kernel, int in, int out, double seconds, double peak) {
  const Conv2d conv = RandomLayer(kernel, in, out);
  Tensor from(kSize, kSize, in), to(kSize, kSize, out);
  std::mt19937 random(2);
  for (int y = 0; y < kSize; ++y) {
    for (int x = 0; x < kSize; ++x) {
      for (int i = 0; i < in; ++i) from.At(x, y)[i] = static_cast<int16_t>(random() % 511) - 255;
    }
  }
  const double rate = Measure(seconds, [&] {
    ConvRows(conv, from, nullptr, 0, kMaxActivation, to, 0, kSize);
    return static_cast<double>(conv.Macs()) * kSize * kSize;
  });
  std::printf("  %dx%d %2d->%2d  %8.2f GMAC/s", kernel, kernel, in, out, rate);
  if (peak > 0) std::printf("  %5.1f %% of peak", 100 * rate / peak);
  std::printf("\n");
}

void BenchTarget(const char* name, double seconds) {
  ForceSimdTarget(name);
  const bool scalar = ScalarDefinitionForced();
  const double peak = scalar ? 0 : Measure(seconds, [] {
    constexpr int64_t kRounds = 1'000'000;
    return static_cast<double>(kRounds) * HWY_DYNAMIC_DISPATCH(PeakLoop)(kRounds);
  });
  std::printf("%s", name);
  if (peak > 0) std::printf(": multiply-add peak %.2f GMAC/s", peak);
  std::printf("\n");
  BenchLayer(3, 32, 32, seconds, peak);
  BenchLayer(3, 48, 48, seconds, peak);
  BenchLayer(3, 10, 32, seconds, peak);
  BenchLayer(1, 32, 32, seconds, peak);
  BenchLayer(1, 32, 9, seconds, peak);
}

}  // namespace
}  // namespace flowzip

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0.5;
  for (const std::string& name : flowzip::SupportedSimdTargets()) {
    flowzip::BenchTarget(name.c_str(), seconds);
  }
  return 0;
}
#endif  // HWY_ONCE
