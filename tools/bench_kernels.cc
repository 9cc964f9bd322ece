// SPDX-License-Identifier: BSD-3-Clause
// Speed of the kernels on this machine, one thread, for every target:
//   bench_kernels [seconds per measurement] [target]
// GMAC/s counts useful multiply-accumulates (not padding); "of peak" is relative to the
// same multiply-add done on registers only. Then the entropy stage: mixtures made, intervals
// of known values, values of known slots; and rANS alone, which is the same for all targets.
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
#include <iterator>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "codec/coders/raster/raster_channel.h"
#include "model/adaptive_coupling.h"
#include "model/conv2d.h"
#include "model/gram.h"
#include "model/mixture_component.h"
#include "model/mixture_row.h"
#include "model/predict_row.h"
#include "model/simd_dispatch.h"
#include "rans/escape.h"

namespace flowzip {
namespace {

FLOWZIP_EXPORT(PeakLoop);

constexpr int kSize = 256;

// Repeats `work` (which returns how much it did) for `seconds`; billions per second of the
// best round.
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

// Sites like those of a photograph: some components near the prediction, a few steps wide.
void BenchMixtures(int components, double seconds) {
  constexpr int kRows = 64;
  const int step = 3 * components + 1;
  constexpr int kSites = MixtureRow::kSites;
  std::mt19937 random(3);
  const auto within = [&](int n) { return static_cast<int>(random() % (2 * n + 1)) - n; };
  std::vector<int16_t> head(kRows * kSites * step);
  std::vector<int32_t> center, values;
  std::vector<uint32_t> slots;
  for (int site = 0; site < kRows * kSites; ++site) {
    int16_t* h = head.data() + site * step;
    for (int k = 0; k < components; ++k) {
      h[k] = static_cast<int16_t>(within(600));
      h[components + k] = static_cast<int16_t>(within(20));
      h[2 * components + k] = static_cast<int16_t>(within(300) - 100);
    }
    center.push_back(16 * 128 + within(1000));
    slots.push_back(random() & 65535);
  }
  std::vector<MixtureRow> rows(kRows);
  const auto set = [&] {
    for (int r = 0; r < kRows; ++r) {
      rows[r].Set(head.data() + r * kSites * step, step, components, center.data() + r * kSites, 0,
                  255, kSites);
    }
    return double{kRows * kSites};
  };
  std::vector<CdfRange> ranges(kRows * kSites);
  values.resize(kRows * kSites);
  const auto find = [&] {
    for (int site = 0; site < kRows * kSites; ++site) {
      values[site] = rows[site / kSites].Find(site % kSites, slots[site], &ranges[site]);
    }
    return double{kRows * kSites};
  };
  const auto range = [&] {
    for (int r = 0; r < kRows; ++r) {
      rows[r].Ranges(values.data() + r * kSites, ranges.data() + r * kSites);
    }
    return double{kRows * kSites};
  };
  // The same with the component as a latent variable: three steps, and no search in the sum.
  std::vector<uint32_t> component_slots;
  for (int site = 0; site < kRows * kSites; ++site) component_slots.push_back(random() & 65535);
  uint32_t sum = 0;
  const auto find_latent = [&] {
    for (int site = 0; site < kRows * kSites; ++site) {
      const MixtureRow& row = rows[site / kSites];
      const int j = site % kSites;
      CdfRange prior, found;
      const int k = FindComponent(row, j, component_slots[site], &prior);
      values[site] = FindInComponent(row, j, k, slots[site], &found);
      sum += prior.freq + found.freq + ComponentPosterior(row, j, values[site]).Range(k).freq;
    }
    return double{kRows * kSites};
  };
  const double sets = Measure(seconds, set);
  const double latents = Measure(seconds, find_latent);
  const double finds = Measure(seconds, find);
  const double both = Measure(seconds, range);
  std::printf(
      "  mixtures, K = %d: %.1f M built/s, %.1f M intervals/s, %.1f M found/s, %.1f M by a "
      "latent component/s%s\n",
      components, 1e3 * sets, 1e3 * both, 1e3 * finds, 1e3 * latents, sum == 0 ? " (none)" : "");
}

void BenchFilters(double seconds) {
  constexpr int kTaps = 60, kWidth = 512;
  std::mt19937 random(4);
  std::vector<int16_t> samples(kTaps + kWidth), out(kWidth);
  std::vector<int32_t> weights(kTaps);
  for (int16_t& x : samples) x = static_cast<int16_t>(random() % 256);
  for (int32_t& w : weights) w = static_cast<int32_t>(random() % 101) - 50;
  std::vector<const int16_t*> rows;
  for (int k = 0; k < kTaps; ++k) rows.push_back(samples.data() + k);
  RowFilter filter;
  filter.taps = kTaps;
  filter.x = rows.data();
  filter.weight = weights.data();
  for (int c = 0; c < kChannels; ++c) filter.m[c] = samples.data();
  filter.hi = 255 * 16;
  const double predict = Measure(seconds, [&] {
    for (int i = 0; i < 64; ++i) PredictRow(filter, kWidth, out.data());
    return double{64} * kTaps * kWidth;
  });
  std::vector<int16_t> block((kTaps + 1) * kGramBlock);
  for (int16_t& v : block) v = static_cast<int16_t>(random() % 401) - 200;
  constexpr int kPairs = (kTaps + 1) * (kTaps + 2) / 2;
  std::vector<int64_t> gram(kPairs);
  const double products = Measure(seconds, [&] {
    for (int i = 0; i < 8; ++i) AddGram(block.data(), kTaps + 1, gram.data());
    return double{8} * kPairs * kGramBlock;
  });
  std::printf("  filter, %d taps: prediction %.2f GMAC/s, normal equations %.2f GMAC/s\n", kTaps,
              predict, products);
}

// The raster coder's kernels for the third channel, whose filters have the most taps.
void BenchRaster(double seconds) {
  constexpr int kTaps = RasterTaps(2), kPairs = (kTaps + 1) / 2, kWidth = 1024;
  std::mt19937 random(6);
  const auto fill = [&](auto* values, size_t count) {
    for (size_t i = 0; i < count; ++i) values[i] = static_cast<int16_t>(random() % 401 - 200);
  };
  static RasterWeights filters[kMaxRasterFilters];
  static RasterPair pairs[kPairs];
  int16_t target[kRasterSites];
  std::vector<int16_t> row(kWidth + 32);
  fill(&filters[0][0], std::size(filters) * kMaxRasterTaps);
  fill(&pairs[0][0], std::size(pairs) * 2 * kRasterSites);
  fill(target, kRasterSites);
  fill(row.data(), row.size());
  const std::vector<const int16_t*> rows(kTaps, row.data() + 16);
  std::vector<uint8_t> labels(kWidth / kRasterBlock);
  for (size_t i = 0; i < labels.size(); ++i) labels[i] = i % kMaxRasterFilters;
  std::vector<int32_t> sums(kWidth);
  const double predict = Measure(seconds, [&] {
    for (int i = 0; i < 64; ++i) {
      RasterSums(rows.data(), kTaps, filters, labels.data(), kWidth, sums.data());
    }
    return double{64} * kTaps * kWidth;
  });
  uint32_t cost[kMaxRasterFilters];
  const double costs = Measure(seconds, [&] {
    for (int i = 0; i < 256; ++i) {
      RasterCosts(pairs, kPairs, target, filters, kMaxRasterFilters, cost);
    }
    return double{256} * kTaps * kRasterSites * kMaxRasterFilters;
  });
  std::printf("  raster, %d taps: prediction %.2f GMAC/s, choice among %d filters %.2f GMAC/s\n",
              kTaps, predict, kMaxRasterFilters, costs);
}

void BenchRans(double seconds) {
  constexpr int kSymbols = 200'000, kLanes = 4;
  std::mt19937 random(5);
  std::vector<Interval> symbols;
  for (int i = 0; i < kSymbols; ++i) {
    const uint32_t freq = 1 + random() % 32768, start = random() % (kProbScale - freq);
    symbols.push_back({start, freq});
  }
  std::vector<uint8_t> bytes;
  const double encode = Measure(seconds, [&] {
    RansStack stack(kLanes);
    for (size_t i = symbols.size(); i-- > 0;) stack.Push(symbols[i]);
    bytes = stack.Finish();
    return double{kSymbols};
  });
  const double decode = Measure(seconds, [&] {
    RansStack stack = RansStack::FromBytes(bytes, kLanes);
    for (const Interval& symbol : symbols) stack.Pop(symbol);
    return double{kSymbols};
  });
  const double size = static_cast<double>(bytes.size()) / kSymbols;
  std::printf(
      "rANS, %d lanes, %.2f bytes a symbol: %.0f M pushed/s (%.0f MB/s), "
      "%.0f M popped/s (%.0f MB/s)\n",
      kLanes, size, 1e3 * encode, 1e3 * encode * size, 1e3 * decode, 1e3 * decode * size);
}

// What a second thread adds to pure multiply-adds: no program can gain more from it.
void BenchThreads(double seconds) {
  const auto run = [&](int threads) {
    return Measure(seconds, [&] {
      constexpr int64_t kRounds = 4'000'000;
      std::vector<std::thread> others;
      double macs = 0;
      for (int t = 1; t < threads; ++t) {
        others.emplace_back([] { FLOWZIP_DISPATCH(PeakLoop)(kRounds); });
      }
      macs += static_cast<double>(kRounds) * FLOWZIP_DISPATCH(PeakLoop)(kRounds) * threads;
      for (std::thread& other : others) other.join();
      return macs;
    });
  };
  const double one = run(1), two = run(2);
  std::printf("two threads: %.2f x the multiply-adds of one\n", two / one);
}

void BenchTarget(const char* name, double seconds) {
  ForceSimdTarget(name);
  const bool scalar = ScalarDefinitionForced();
  const double peak = scalar ? 0 : Measure(seconds, [] {
    constexpr int64_t kRounds = 1'000'000;
    return static_cast<double>(kRounds) * FLOWZIP_DISPATCH(PeakLoop)(kRounds);
  });
  std::printf("%s", name);
  if (peak > 0) std::printf(": multiply-add peak %.2f GMAC/s", peak);
  std::printf("\n");
  BenchLayer(3, 32, 32, seconds, peak);
  BenchLayer(3, 48, 48, seconds, peak);
  BenchLayer(3, 10, 32, seconds, peak);
  BenchLayer(3, 3, 32, seconds, peak);
  BenchLayer(1, 32, 32, seconds, peak);
  BenchLayer(1, 32, 9, seconds, peak);
  BenchFilters(seconds);
  BenchRaster(seconds);
  for (const int components : {3, 4, 8}) BenchMixtures(components, seconds);
}

}  // namespace
}  // namespace flowzip

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0.5;
  for (const std::string& name : flowzip::SupportedSimdTargets()) {
    if (argc > 2 && name != argv[2]) continue;
    flowzip::BenchTarget(name.c_str(), seconds);
  }
  flowzip::ResetSimdTarget();
  flowzip::BenchRans(seconds);
  flowzip::BenchThreads(seconds);
  return 0;
}
#endif  // HWY_ONCE
