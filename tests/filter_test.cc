// SPDX-License-Identifier: BSD-3-Clause
// Adaptive filters: their codes, and how the encoder fits them.
#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "model/filter_fit.h"
#include "model/filter_set.h"
#include "model/levels.h"
#include "model/simd_targets.h"
#include "rans/escape.h"
#include "tests/tiny_model.h"

namespace flowzip {
namespace {

using testing::Random;

constexpr ContextRadii kRadii{{10, 5, 5}, {2, 2, 2}, {2, 2, 2}};

std::array<IntPlane, kChannels> ToPlanes(const Image& image) {
  std::array<IntPlane, kChannels> planes;
  for (int c = 0; c < kChannels; ++c) {
    planes[c] = IntPlane(static_cast<int>(image.width), static_cast<int>(image.height));
    for (int y = 0; y < planes[c].height(); ++y) {
      for (int x = 0; x < planes[c].width(); ++x) {
        planes[c].At(x, y) = image.samples[(static_cast<size_t>(y) * image.width + x) * 3 + c];
      }
    }
  }
  return planes;
}

FilterSet ZeroFilters(const TapSet& taps) {
  FilterSet filters;
  for (int g = 0; g < kGroups; ++g) {
    for (int c = 0; c < kChannels; ++c) filters[g][c].resize(taps.taps[g][c].size());
  }
  return filters;
}

std::vector<double> ToReal(const Filter& filter) {
  std::vector<double> w;
  for (const int16_t v : filter) w.push_back(v / 1024.0);
  return w;
}

bool Same(const FilterCodes& a, const FilterCodes& b) {
  for (int g = 0; g < kGroups; ++g) {
    for (int c = 0; c < kChannels; ++c) {
      const FilterCode &p = a[g][c], &q = b[g][c];
      if (p.custom != q.custom || p.step_log2 != q.step_log2 || p.golomb != q.golomb ||
          p.deltas != q.deltas) {
        return false;
      }
    }
  }
  return true;
}

TEST_CASE("a code stands for the default plus its steps") {
  const Filter base = {10, -20, 30000};
  FilterCode code;
  CHECK(ApplyCode(base, code) == base);
  code = {.custom = true, .step_log2 = 3, .golomb = 0, .deltas = {1, -2, 345}};
  CHECK(ApplyCode(base, code) == Filter{18, -36, 32760});
}

TEST_CASE("codes that leave int16 or could overflow are refused") {
  const auto apply = [](const Filter& base, int step, const std::vector<int32_t>& deltas) {
    ApplyCode(base, {.custom = true, .step_log2 = step, .golomb = 0, .deltas = deltas});
  };
  CHECK_NOTHROW(apply({32766}, 1, {0}));
  CHECK_NOTHROW(apply({-32768}, 1, {0}));
  CHECK_THROWS_WITH(apply({32766}, 1, {1}), "filter coefficient out of range");
  CHECK_THROWS_WITH(apply({-32768}, 1, {-1}), "filter coefficient out of range");
  // What a hostile file can hold at most.
  CHECK_THROWS_WITH(apply({0}, 4, {INT32_MAX}), "filter coefficient out of range");
  CHECK_THROWS_WITH(apply({0}, 4, {INT32_MIN}), "filter coefficient out of range");
  const Filter large(33, 32000);
  const std::vector<int32_t> none(33, 0);
  CHECK_THROWS_WITH(apply(large, 1, none), "filter could overflow");
}

TEST_CASE("DeltaBits counts what the escape code writes") {
  for (int k = 0; k <= kMaxFilterGolomb; ++k) {
    for (const int32_t delta : {0, 1, -1, 2, 5, -9, 100, -1000, 29999, -30000}) {
      SymbolLog log;
      log.AddExpGolomb(ZigZag(delta), k);
      CHECK(DeltaBits(delta, k) == Approx(log.IdealBits()));
    }
  }
}

TEST_CASE("a known filter is recovered from what it made") {
  Random random(1);
  LevelPlanes level(LevelSize{160, 160});
  for (auto& lattice : level.x) {
    for (SitePlane& plane : lattice) {
      for (int y = 0; y < plane.height(); ++y) {
        for (int x = 0; x < plane.width(); ++x)
          plane.At(x, y) = static_cast<int16_t>(random.Between(0, 255));
      }
      plane.ExtendBorder();
    }
  }
  const TapSet taps(kRadii);
  Filter truth;
  for (size_t k = 0; k < taps.taps[0][0].size(); ++k) {
    truth.push_back(static_cast<int16_t>(random.Between(-150, 150)));
  }
  const SampleRange wide{-1023, 1023};
  ComputeReference(level, 0, 0, level.size.grid_height());
  Predict(level, taps.taps[0][0], truth, 0, wide, 0, level.size.grid_height());
  for (int y = 0; y < level.size.grid_height(); ++y) {
    for (int x = 0; x < level.size.grid_width(); ++x) {
      level.x[kD][0].At(x, y) = (level.prediction[0].At(x, y) + 8) >> 4;
    }
  }
  level.x[kD][0].ExtendBorder();
  ThreadPool pool(1);
  const FilterCodes codes = FitFilters(level, taps, ZeroFilters(taps), {wide, wide, wide}, pool);
  REQUIRE(codes[0][0].custom);
  // Coefficients alone are not unique (the nearest taps' differences from their own mean add up
  // to nothing), so compare what the filters say.
  const SitePlane expected = level.prediction[0];
  ComputeReferences(level, 0, pool);
  Predict(level, taps.taps[0][0], ApplyCode(ZeroFilters(taps)[0][0], codes[0][0]), 0, wide, 0,
          level.size.grid_height());
  double difference = 0, spread = 0;
  for (int y = 0; y < level.size.grid_height(); ++y) {
    for (int x = 0; x < level.size.grid_width(); ++x) {
      difference += std::abs(level.prediction[0].At(x, y) - expected.At(x, y));
      spread += std::abs(expected.At(x, y) - 16 * level.reference[0].At(x, y));
    }
  }
  CAPTURE(difference, spread);
  CHECK(difference < 0.1 * spread);  // the measure does not pay for errors of a few steps
}

TEST_CASE("a fitted filter is safe, and no worse than the default in squared error") {
  const TapSet taps(kRadii);
  ThreadPool pool(2);
  int custom = 0;
  for (uint32_t seed = 0; seed < 12; ++seed) {
    Random random(seed);
    const int kind = static_cast<int>(seed % 4);
    const uint32_t width = 70 + 13 * seed, height = 90 - seed;
    const Image image = kind == 0   ? testing::Scene(width, height, 3, seed)
                        : kind == 1 ? testing::Noise(width, height, 3, seed)
                        : kind == 2 ? testing::Checkerboard(width, height, 3)
                                    : testing::Gradient(width, height, 3);
    std::vector<LevelPlanes> levels = MakeLevels(ToPlanes(image));
    FilterSet defaults = ZeroFilters(taps);
    for (auto& group : defaults) {
      for (Filter& filter : group) {
        for (int16_t& w : filter) w = static_cast<int16_t>(random.Between(-40, 40));
      }
    }
    const auto ranges = FindRanges(ToPlanes(image));
    const FilterCodes codes = FitFilters(levels[0], taps, defaults, ranges, pool);
    for (int g = 0; g < kGroups; ++g) {
      ComputeReferences(levels[0], g, pool);
      for (int c = 0; c < kChannels; ++c) {
        if (!codes[g][c].custom) continue;
        ++custom;
        const Filter fit = ApplyCode(defaults[g][c], codes[g][c]);
        CHECK(FilterIsSafe(fit));
        const NormalEquations eq = Accumulate(levels[0], taps.taps[g][c], g, c, nullptr, pool);
        // The encoder's measure is robust to outliers and may give up a little here.
        CHECK(eq.Error(ToReal(fit)) <= 1.05 * eq.Error(ToReal(defaults[g][c])));
      }
    }
  }
  CHECK(custom >= 20);
}

TEST_CASE("the fit is the same for any number of threads") {
  const TapSet taps(kRadii);
  const FilterSet defaults = ZeroFilters(taps);
  for (const uint32_t seed : {1u, 2u}) {
    const auto planes = ToPlanes(testing::Scene(301, 211, 3, seed));
    const auto ranges = FindRanges(planes);
    ThreadPool one(1);
    std::vector<LevelPlanes> levels = MakeLevels(planes);
    const FilterCodes codes = FitFilters(levels[0], taps, defaults, ranges, one);
    const NormalEquations eq = Accumulate(levels[0], taps.taps[1][0], 1, 0, nullptr, one);
    const Reweighting reweighting{ToReal(ApplyCode(defaults[1][0], codes[1][0])), 100};
    const NormalEquations weighted =
        Accumulate(levels[0], taps.taps[1][0], 1, 0, &reweighting, one);
    for (const int threads : {2, 3, 8}) {
      ThreadPool pool(threads);
      CHECK(Same(FitFilters(levels[0], taps, defaults, ranges, pool), codes));
      const NormalEquations again = Accumulate(levels[0], taps.taps[1][0], 1, 0, nullptr, pool);
      CHECK(again.gram == eq.gram);
      CHECK(again.sites == eq.sites);
      CHECK(Accumulate(levels[0], taps.taps[1][0], 1, 0, &reweighting, pool).gram == weighted.gram);
    }
  }
}

TEST_CASE("large levels are fitted to some of their rows, small ones to all") {
  const TapSet taps(kRadii);
  ThreadPool pool(1);
  const auto sites = [&](int width, int height) {
    const LevelSize size{width, height};
    LevelPlanes level(size);
    for (auto& lattice : level.x) {
      for (SitePlane& plane : lattice) {
        plane.Fill(3);
      }
    }
    ComputeReference(level, 0, 0, size.grid_height());
    return Accumulate(level, taps.taps[0][0], 0, 0, nullptr, pool).sites;
  };
  CHECK(sites(512, 520) == 256 * 260);
  CHECK(sites(724, 722) == 362 * 361);    // 130682
  CHECK(sites(1024, 1024) == 512 * 103);  // every fifth row
  CHECK(sites(20, 40000) == 10 * 6667);   // every third
}

TEST_CASE("the equations are the same for every instruction set") {
  const TapSet taps(kRadii);
  ThreadPool pool(2);
  Random random(3);
  for (const Image& image : {testing::Scene(101, 77, 3, 4), testing::Checkerboard(70, 60, 3)}) {
    std::vector<LevelPlanes> levels = MakeLevels(ToPlanes(image));
    for (int g = 0; g < kGroups; ++g) {
      ComputeReference(levels[0], g, 0, levels[0].size.grid_height());
      for (int c = 0; c < kChannels; ++c) {
        Reweighting reweighting;
        for (size_t k = 0; k < taps.taps[g][c].size(); ++k) {
          reweighting.filter.push_back(random.Between(-3000, 3000) / 1000.0);
        }
        reweighting.scale = random.Between(1, 300);
        for (const Reweighting* used : {static_cast<const Reweighting*>(nullptr),
                                        static_cast<const Reweighting*>(&reweighting)}) {
          REQUIRE(ForceSimdTarget(kScalarDefinition));
          const auto expected = Accumulate(levels[0], taps.taps[g][c], g, c, used, pool).gram;
          for (const std::string& target : SupportedSimdTargets()) {
            INFO(target);
            REQUIRE(ForceSimdTarget(target));
            CHECK(Accumulate(levels[0], taps.taps[g][c], g, c, used, pool).gram == expected);
          }
          ResetSimdTarget();
        }
      }
    }
  }
}

TEST_CASE("constant channels and small levels keep the defaults") {
  const TapSet taps(kRadii);
  ThreadPool pool(1);
  Image gray = testing::Scene(80, 80, 3, 7);
  for (size_t i = 0; i < gray.samples.size(); i += 3) gray.samples[i + 1] = gray.samples[i + 2] = 9;
  std::vector<LevelPlanes> levels = MakeLevels(ToPlanes(gray));
  const auto codes =
      FitFilters(levels[0], taps, ZeroFilters(taps), FindRanges(ToPlanes(gray)), pool);
  for (int g = 0; g < kGroups; ++g) {
    CHECK_FALSE(codes[g][1].custom);
    CHECK_FALSE(codes[g][2].custom);
  }
  const auto planes = ToPlanes(testing::Scene(40, 40, 3, 7));  // 400 sites
  levels = MakeLevels(planes);
  for (const auto& group :
       FitFilters(levels[0], taps, ZeroFilters(taps), FindRanges(planes), pool)) {
    for (const FilterCode& code : group) CHECK_FALSE(code.custom);
  }
}

TEST_CASE("equations without information or without taps give back the start") {
  const NormalEquations empty(3);
  const std::vector<double> start = {0.5, -0.25, 0};
  CHECK(Solve(empty, start, 1e-4) == start);
  CHECK(Solve(NormalEquations(0), {}, 1e-4).empty());
  // Two identical taps: singular but for the ridge.
  NormalEquations twins(2);
  twins.gram = {1'000'000, 1'000'000, 800'000, 1'000'000, 800'000, 640'000};
  const std::vector<double> w = Solve(twins, {0, 0}, 1e-4);
  CHECK(w[0] + w[1] == Approx(0.8).epsilon(1e-3));
  CHECK(twins.Error(w) < twins.Error({0, 0}));
}

}  // namespace
}  // namespace flowzip
