// SPDX-License-Identifier: BSD-3-Clause
// Speed of the kernels on this machine, one thread, for every target:
//   bench_kernels [seconds per measurement] [target]
// GMAC/s counts useful multiply-accumulates (not padding); "of peak" is relative to the
// same multiply-add done on registers only. Then the entropy stage: mixtures made, tilted towards
// events, values of known slots; and rANS alone, which is the same for all targets.
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
#include "model/coupling_net.h"
#include "model/gram.h"
#include "model/mixture_row.h"
#include "model/simd_dispatch.h"
#include "model/site_step.h"
#include "rans/escape.h"

namespace flowzip {
namespace {

FLOWZIP_EXPORT(PeakLoop);

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

DenseLayer RandomLayer(std::mt19937& random, int inputs, int outputs, int32_t largest) {
  DenseLayer layer;
  layer.inputs = inputs;
  layer.outputs = outputs;
  layer.shift = 8;
  for (int i = 0; i < inputs * outputs; ++i) {
    layer.weight.push_back(static_cast<int16_t>(random() % 127) - 63);
  }
  layer.bias.assign(static_cast<size_t>(outputs), 1000);
  layer.Prepare(largest);
  return layer;
}

// The network of a channel, 16 sites at a time.
void BenchNet(int features, int width, int blocks, double seconds, double peak) {
  std::mt19937 random(1);
  CouplingNet net;
  net.features = features;
  net.width = width;
  net.blocks = blocks;
  net.components = 3;
  net.layers.push_back(RandomLayer(random, features, width, kMaxFeature));
  for (int l = 0; l < 2 * blocks; ++l) {
    net.layers.push_back(RandomLayer(random, width, width, kMaxHidden));
  }
  net.layers.push_back(RandomLayer(random, width, net.outputs(), kMaxHidden));
  alignas(64) int32_t pairs[(kMaxFeatures + 1) / 2 * kNetSites] = {};
  alignas(64) int32_t out[3 * 8 * kNetSites];
  for (int i = 0; i < net.pairs() * kNetSites; ++i) {
    pairs[i] = static_cast<int32_t>(random() & 0x00FF00FF);
  }
  const double rate = Measure(seconds, [&] {
    constexpr int kSteps = 4096;
    for (int i = 0; i < kSteps; ++i) net.Evaluate(pairs, out);
    return static_cast<double>(net.Macs()) * kNetSites * kSteps;
  });
  std::printf("  network %d -> %d, %d blocks  %8.2f GMAC/s", features, width, blocks, rate);
  if (peak > 0) std::printf("  %5.1f %% of peak", 100 * rate / peak);
  std::printf("\n");
}

// Sites like those of a photograph: some components near the prediction, a few steps wide.
void BenchMixtures(int components, double seconds) {
  constexpr int kRows = 64, kSites = MixtureRow::kSites;
  std::mt19937 random(3);
  const auto within = [&](int n) { return static_cast<int>(random() % (2 * n + 1)) - n; };
  struct alignas(64) Heads {
    int32_t values[3 * Mixture::kMaxComponents][kSites], center[kSites], low[kSites], high[kSites];
  };
  std::vector<Heads> heads(kRows);
  std::vector<int32_t> values;
  std::vector<uint32_t> slots;
  for (Heads& h : heads) {
    for (int j = 0; j < kSites; ++j) {
      for (int k = 0; k < components; ++k) {
        h.values[k][j] = within(600);
        h.values[components + k][j] = within(20);
        h.values[2 * components + k][j] = within(300) - 100;
      }
      h.center[j] = 16 * 128 + within(1000);
      h.low[j] = 0;
      h.high[j] = 255;
      slots.push_back(random() & 65535);
    }
  }
  std::vector<MixtureRow> rows(kRows);
  const auto set = [&] {
    for (int r = 0; r < kRows; ++r) {
      const Heads& h = heads[static_cast<size_t>(r)];
      rows[r].SetRows(h.values[0], kSites, components, h.center, h.low, h.high, kSites);
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
  MixtureRow::Tilt tilt{};
  tilt.events = MixtureRow::kEvents;
  for (auto& mask : tilt.mask) {
    for (int32_t& values_of_event : mask) values_of_event = static_cast<int32_t>(random() & 255);
  }
  std::fill_n(tilt.first, MixtureRow::kTiltSites, 124);
  const auto tilts = [&] {
    for (MixtureRow& row : rows) {
      row.count = MixtureRow::kTiltSites;
      row.TiltAll(&tilt);
    }
    return double{kRows * MixtureRow::kTiltSites};
  };
  const double sets = Measure(seconds, set);
  const double finds = Measure(seconds, find);
  const double tilted = Measure(seconds, tilts);
  std::printf("  mixtures, K = %d: %.1f M built/s, %.1f M tilted/s, %.1f M found/s\n", components,
              1e3 * sets, 1e3 * tilted, 1e3 * finds);
}

void BenchFilters(double seconds) {
  constexpr int kTaps = RasterTaps(2);
  std::mt19937 random(4);
  std::vector<int16_t> block((kTaps + 1) * kGramBlock);
  for (int16_t& v : block) v = static_cast<int16_t>(random() % 401) - 200;
  constexpr int kPairs = (kTaps + 1) * (kTaps + 2) / 2;
  std::vector<int64_t> gram(kPairs);
  const double products = Measure(seconds, [&] {
    for (int i = 0; i < 8; ++i) AddGram(block.data(), kTaps + 1, gram.data());
    return double{8} * kPairs * kGramBlock;
  });
  std::printf("  filter, %d taps: normal equations %.2f GMAC/s\n", kTaps, products);
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
  for (const int channel : {0, 2}) BenchNet(FeatureCount(channel), 64, 1, seconds, peak);
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
