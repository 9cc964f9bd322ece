// SPDX-License-Identifier: BSD-3-Clause
// AdaptiveCoupling and the features: only what is known is read, nothing overflows, and the
// residual gives the sample back.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "model/adaptive_coupling.h"
#include "model/features.h"
#include "model/filter_set.h"
#include "model/predict_row.h"
#include "model/simd_targets.h"
#include "model/squeeze.h"
#include "tests/tiny_model.h"

namespace flowzip {
namespace {

using testing::Random;

void FillRandom(Random& random, SitePlane& plane, int lo, int hi, bool extreme) {
  for (int y = 0; y < plane.height(); ++y) {
    for (int x = 0; x < plane.width(); ++x) {
      plane.At(x, y) =
          static_cast<int16_t>(extreme ? (random.Between(0, 1) ? lo : hi) : random.Between(lo, hi));
    }
  }
  plane.ExtendBorder();
}

LevelPlanes RandomLevel(Random& random, const LevelSize& size, int lo, int hi, bool extreme) {
  LevelPlanes level(size);
  for (auto& lattice : level.x) {
    for (SitePlane& plane : lattice) FillRandom(random, plane, lo, hi, extreme);
  }
  return level;
}

Filter RandomFilter(Random& random, size_t taps, int32_t norm) {
  Filter filter(taps);
  for (size_t k = 0; k < taps; ++k) {
    const int32_t most = std::min<int32_t>(norm, 32767);
    const int32_t w = k + 1 == taps ? most : random.Between(0, most);
    filter[k] = static_cast<int16_t>(random.Between(0, 1) ? w : -w);
    norm -= w;
  }
  return filter;
}

// Sample offset of a tap from its site, in the picture.
std::pair<int, int> SampleOffset(const Tap& tap, Lattice site) {
  return {2 * tap.dx + OffsetX(tap.lattice) - OffsetX(site),
          2 * tap.dy + OffsetY(tap.lattice) - OffsetY(site)};
}

TEST_CASE("taps lie within their radius, each once, in the documented order") {
  const ContextRadii widest{{36, 36, 36}, {36, 36, 36}, {36, 36, 36}};
  for (const ContextRadii& radii : {ContextRadii{}, widest}) {
    for (int g = 0; g < kGroups; ++g) {
      for (int c = 0; c < kChannels; ++c) {
        std::tuple<int, int, int> last{-1, 0, 0};
        for (const Tap& tap : MakeTaps(radii, g, c)) {
          const auto [dx, dy] = SampleOffset(tap, kGroupLattice[g]);
          const int radius = tap.channel == c  ? radii.own[g]
                             : tap.channel < c ? radii.earlier[g]
                                               : radii.later[g];
          CHECK(dx * dx + dy * dy <= radius);
          CHECK(std::abs(int{tap.dx}) <= kLatticeBorder);
          CHECK(std::abs(int{tap.dy}) <= kLatticeBorder);
          const std::tuple<int, int, int> now{tap.channel, dy, dx};
          CHECK(last < now);
          last = now;
        }
      }
    }
  }
}

TEST_CASE("the nearest known samples are taps, and radius 0 leaves none of the own channel") {
  // D sees A diagonally; B sees A at the sides and D above and below.
  const auto has = [](const std::vector<Tap>& taps, Lattice site, int dx, int dy) {
    return std::any_of(taps.begin(), taps.end(), [&](const Tap& tap) {
      return tap.channel == 0 && SampleOffset(tap, site) == std::pair(dx, dy);
    });
  };
  const auto d = MakeTaps({}, 0, 0), b = MakeTaps({}, 1, 0);
  CHECK(has(d, kD, -1, -1));
  CHECK(has(d, kD, 1, 1));
  CHECK_FALSE(has(d, kD, 1, 0));
  CHECK_FALSE(has(d, kD, 0, 0));
  CHECK(has(b, kB, -1, 0));
  CHECK(has(b, kB, 0, 1));
  CHECK_FALSE(has(b, kB, 0, 0));
  const ContextRadii none{{0, 0, 0}, {0, 0, 0}, {0, 0, 0}};
  CHECK(MakeTaps(none, 0, 0).empty());
  CHECK(MakeTaps(none, 2, 2).size() == 2);  // the same site of channels 0 and 1
}

TEST_CASE("references and predictions depend on nothing that is not known yet") {
  Random random(1);
  const ContextRadii widest{{36, 36, 36}, {36, 36, 36}, {36, 36, 36}};
  const LevelSize size{13, 10};
  const int rows = size.grid_height();
  for (int g = 0; g < kGroups; ++g) {
    for (int c = 0; c < kChannels; ++c) {
      const std::vector<Tap> taps = MakeTaps(widest, g, c);
      const Filter filter = RandomFilter(random, taps.size(), kMaxFilterNorm / 8);
      LevelPlanes level = RandomLevel(random, size, -kMaxSample, kMaxSample, false);
      LevelPlanes poisoned = level;
      for (int l = 0; l < kLattices; ++l) {
        for (int k = 0; k < kChannels; ++k) {
          const bool known =
              KnownBefore(static_cast<Lattice>(l), g) || (k < c && l == kGroupLattice[g]);
          if (!known) FillRandom(random, poisoned.x[l][k], -kMaxSample, kMaxSample, true);
        }
      }
      for (LevelPlanes* planes : {&level, &poisoned}) {
        ComputeReference(*planes, g, 0, rows);
        Predict(*planes, taps, filter, c, {-kMaxSample, kMaxSample}, 0, rows);
      }
      for (int y = 0; y < rows; ++y) {
        for (int x = 0; x < size.grid_width(); ++x) {
          REQUIRE(level.reference[c].At(x, y) == poisoned.reference[c].At(x, y));
          REQUIRE(level.prediction[c].At(x, y) == poisoned.prediction[c].At(x, y));
        }
      }
    }
  }
}

// p by its formula, in int64.
int64_t Expected(const LevelPlanes& level, const std::vector<Tap>& taps, const Filter& filter,
                 int c, const SampleRange& range, int j, int i) {
  int64_t sum = 0;
  for (size_t k = 0; k < taps.size(); ++k) {
    const int64_t x = level.x[taps[k].lattice][taps[k].channel].At(j + taps[k].dx, i + taps[k].dy);
    sum += filter[k] * (x - level.reference[taps[k].channel].At(j, i));
  }
  const int64_t p = 16 * int64_t{level.reference[c].At(j, i)} + ((sum + 32) >> 6);
  return std::clamp<int64_t>(p, 16 * range.min, 16 * range.max);
}

TEST_CASE("predictions equal their formula for the largest samples and filters") {
  Random random(2);
  const ContextRadii widest{{36, 36, 36}, {36, 36, 36}, {36, 36, 36}};
  const SampleRange range{-kMaxSample, kMaxSample};
  for (int trial = 0; trial < 40; ++trial) {
    const LevelSize size{random.Between(9, 20), random.Between(1, 20)};
    LevelPlanes level = RandomLevel(random, size, -kMaxSample, kMaxSample, trial % 4 != 0);
    const int g = trial % kGroups, c = trial / kGroups % kChannels, rows = size.grid_height();
    const std::vector<Tap> taps = MakeTaps(widest, g, c);
    Filter filter = RandomFilter(random, taps.size(), kMaxFilterNorm);
    REQUIRE(FilterIsSafe(filter));
    ComputeReference(level, g, 0, rows);
    if (trial % 5 == 0) {
      // The worst there is: every product as large as possible, all of one sign.
      for (int16_t& w : filter) w = static_cast<int16_t>(std::abs(w));
      const int sign = trial % 2 ? 1 : -1;
      for (auto& lattice : level.x) {
        for (SitePlane& plane : lattice) plane.Fill(static_cast<int16_t>(sign * kMaxSample));
      }
      for (SitePlane& plane : level.reference) plane.Fill(static_cast<int16_t>(-sign * kMaxSample));
    }
    Predict(level, taps, filter, c, range, 0, rows);
    for (int i = 0; i < rows; ++i) {
      for (int j = 0; j < size.grid_width(); ++j) {
        REQUIRE(level.prediction[c].At(j, i) == Expected(level, taps, filter, c, range, j, i));
      }
    }
  }
}

TEST_CASE("unsafe filters are known as such") {
  Filter filter(32, 32767);
  filter.push_back(32);
  CHECK(FilterIsSafe(filter));  // exactly 2^20
  filter.push_back(-1);
  CHECK_FALSE(FilterIsSafe(filter));
  CHECK_FALSE(FilterIsSafe(Filter(40, -32768)));
  CHECK(FilterIsSafe({}));
}

TEST_CASE("z = x - round(p) is inverted, and missing sites hold the prediction") {
  Random random(3);
  const SampleRange range{-300, 400};
  for (const auto& size :
       {LevelSize{9, 9}, LevelSize{16, 11}, LevelSize{1, 12}, LevelSize{12, 1}}) {
    for (int g = 0; g < kGroups; ++g) {
      LevelPlanes level = RandomLevel(random, size, range.min, range.max, false);
      const Lattice lattice = kGroupLattice[g];
      const SitePlane before = level.x[lattice][1];
      const int rows = size.grid_height();
      const std::vector<Tap> taps = MakeTaps({}, g, 1);
      ComputeReference(level, g, 0, rows);
      Predict(level, taps, RandomFilter(random, taps.size(), 3000), 1, range, 0, rows);
      FinishChannel(level, g, 1, range);
      for (int i = 0; i < rows; ++i) {
        for (int j = 0; j < size.grid_width(); ++j) {
          const int32_t p = level.prediction[1].At(j, i), rounded = (p + 8) >> 4;
          const int32_t r = level.residual[g][1].At(j, i), x = level.x[lattice][1].At(j, i);
          CHECK(p >= 16 * range.min);
          CHECK(p <= 16 * range.max);
          if (i < size.valid_height(lattice) && j < size.valid_width(lattice)) {
            const int32_t z = before.At(j, i) - rounded;
            CHECK(x == before.At(j, i));
            CHECK(z + rounded == x);
            CHECK(r == 16 * x - p);
            CHECK((r + p) / 16 == x);
          } else {
            CHECK(x == rounded);
            CHECK(r == 0);
          }
        }
      }
      CHECK(level.x[lattice][1].At(-kLatticeBorder, 0) == level.x[lattice][1].At(0, 0));
    }
  }
}

TEST_CASE("log magnitudes are exact") {
  CHECK(LogMagnitude(0) == 0);
  CHECK(LogMagnitude(16) == 256);
  CHECK(LogMagnitude(-16) == 256);
  CHECK(LogMagnitude(48) == 512);
  for (int32_t r = 1; r <= 2 * kMaxActivation; ++r) {
    const long double exact = 256 * std::log2(static_cast<long double>(16 + r)) - 1024;
    // Where 16 + r is no power of two the logarithm is irrational; none comes near an integer.
    const bool power = ((16 + r) & (15 + r)) == 0;
    if (!power) REQUIRE(std::abs(exact - std::round(exact)) > 1e-9);
    REQUIRE(LogMagnitude(r) == static_cast<int>(power ? std::round(exact) : std::floor(exact)));
    REQUIRE(LogMagnitude(-r) == LogMagnitude(r));
  }
  CHECK(LogMagnitude(32768) == LogMagnitude(2 * kMaxActivation));
}

TEST_CASE("features are the stated differences, clamped, whichever rows are asked for") {
  Random random(4);
  const LevelSize size{11, 14};
  const int rows = size.grid_height();
  LevelPlanes level = RandomLevel(random, size, -kMaxSample, kMaxSample, true);
  std::array<SitePlane, kChannels> coarse;
  for (SitePlane& plane : coarse) {
    plane = SitePlane(size.grid_width(), rows);
    FillRandom(random, plane, -32000, 32000, false);
  }
  const SampleRange range{-kMaxSample, kMaxSample};
  for (int g = 0; g < kGroups; ++g) {
    ComputeReference(level, g, 0, rows);
    for (int c = 0; c < kChannels; ++c) {
      const std::vector<Tap> taps = MakeTaps({}, g, c);
      Predict(level, taps, RandomFilter(random, taps.size(), 4000), c, range, 0, rows);
      FinishChannel(level, g, c, range);
    }
    Tensor whole(size.grid_width(), rows, kTrunkInputs[g]), parts = whole;
    TrunkFeatures(level, coarse, g, 8, whole, 0, rows);
    for (int y = rows; y-- > 0;) TrunkFeatures(level, coarse, g, 8, parts, y, y + 1);
    for (int y = -1; y <= rows; ++y) {
      REQUIRE(std::equal(whole.At(-1, y), whole.At(-1, y) + whole.row_stride(), parts.At(-1, y)));
    }
    const auto clamped = [](int v) { return std::clamp(v, -kMaxDifference, kMaxDifference); };
    const int16_t* at = whole.At(3, 2);
    for (int c = 0; c < kChannels; ++c) {
      const int a = level.x[kA][c].At(3, 2), m = level.reference[c].At(3, 2);
      CHECK(at[c] == clamped(16 * (a - m)));
      if (g == 0) {
        const int raw = 8 * (a - (c == 0 ? 128 : 0));
        CHECK(at[3 + c] == std::clamp(raw, -kMaxActivation, kMaxActivation));
        CHECK(at[7 + c] == LogMagnitude(coarse[c].At(3, 2)));
      } else {
        const int r = level.residual[g - 1][c].At(3, 2), first = g == 1 ? 6 : 9;
        CHECK(at[first + c] == clamped(r));
        CHECK(at[first + 3 + c] == LogMagnitude(r));
      }
    }
    const int p = level.prediction[0].At(3, 2), m = level.reference[0].At(3, 2);
    CHECK(at[g == 0 ? 6 : kTrunkInputs[g] - 1] == clamped(p - 16 * m));

    for (int c = 1; c < kChannels; ++c) {
      Tensor head(size.grid_width(), rows, kHeadInputs[c]);
      HeadFeatures(level, g, c, head, 0, rows);
      for (int k = 0; k < c; ++k) {
        CHECK(head.At(3, 2)[2 * k] == clamped(level.residual[g][k].At(3, 2)));
        CHECK(head.At(3, 2)[2 * k + 1] == LogMagnitude(level.residual[g][k].At(3, 2)));
      }
      CHECK(head.At(3, 2)[2 * c] ==
            clamped(level.prediction[c].At(3, 2) - 16 * level.reference[c].At(3, 2)));
    }
  }
}

TEST_CASE("a row's predictions are the same on every target") {
  Random random(17);
  for (const std::string& target : SupportedSimdTargets()) {
    REQUIRE(ForceSimdTarget(target));
    bool same = true;
    for (int round = 0; round < 60; ++round) {
      const int width = round < 40 ? round + 1 : random.Between(41, 300);
      RowFilter filter;
      filter.taps = random.Between(0, 70);
      const auto sample = [&] {
        return static_cast<int16_t>(random.Between(-kMaxSample, kMaxSample));
      };
      std::vector<int16_t> samples(filter.taps + width), m[kChannels];
      std::vector<int32_t> weights(filter.taps);
      for (int16_t& x : samples) x = sample();
      for (int32_t& w : weights) w = random.Between(-14000, 14000);
      std::vector<const int16_t*> rows;
      for (int k = 0; k < filter.taps; ++k) rows.push_back(samples.data() + k);
      filter.x = rows.data();
      filter.weight = weights.data();
      for (int c = 0; c < kChannels; ++c) {
        for (int j = 0; j < width; ++j) m[c].push_back(sample());
        filter.m[c] = m[c].data();
        filter.norm[c] = random.Between(-300000, 300000);
      }
      filter.channel = round % kChannels;
      filter.lo = random.Between(-16 * kMaxSample, 0);
      filter.hi = random.Between(filter.lo, 16 * kMaxSample);
      std::vector<int16_t> out(width), expected(width);
      PredictRow(filter, width, out.data());
      PredictRowScalar(filter, 0, width, expected.data());
      same &= out == expected;
    }
    INFO(target);
    CHECK(same);
  }
  ResetSimdTarget();
}

}  // namespace
}  // namespace flowzip
