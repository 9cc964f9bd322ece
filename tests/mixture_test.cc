// SPDX-License-Identifier: BSD-3-Clause
// Mixtures of logistics in integers: they tile 2^16, invert, and are the float ones to 1 in 2^16.
#include "model/mixture.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "mixture_cases.h"
#include "model/mixture_row.h"
#include "model/simd_targets.h"

namespace flowzip {
namespace {

constexpr int kScales = 192;

// Whether the ranges of the window and the escapes tile [0, 2^16) in order.
bool Tiles(const Case& c, const Mixture& m) {
  if (m.lo() < c.vmin || m.hi() > c.vmax || m.lo() > m.hi()) return false;
  if (m.hi() - m.lo() >= Mixture::kMaxWindow) return false;
  uint32_t next = 0;
  const int32_t first = m.lo() > c.vmin ? m.lo() - 1 : m.lo();
  const int32_t last = m.hi() < c.vmax ? m.hi() + 1 : m.hi();
  for (int32_t v = first; v <= last; ++v) {
    const CdfRange r = m.Range(v);
    if (r.start != next || r.freq < 1) return false;
    next += r.freq;
  }
  return next == 65536;
}

bool FindInverts(const Mixture& m, uint32_t slot) {
  CdfRange range;
  const int32_t v = m.Find(slot, &range);
  return v >= m.lo() - 1 && v <= m.hi() + 1 && range == m.Range(v) &&
         slot - range.start < range.freq;
}

int ScaleIndex(int output) { return std::clamp(((output + 8) >> 4) + 96, 0, kScales - 1); }
double Scale(int index) { return std::exp2(index / 16.0 - 5); }

// The mixture's probability of "below v - 1/2" in floating point; scales are rounded to the
// nearest index as in the definition, all else is exact.
double FloatCdf(const Case& c, double v) {
  double sum = 0, weights = 0;
  const int top = *std::max_element(c.head, c.head + c.components);
  for (int k = 0; k < c.components; ++k) {
    const double weight = std::exp2((c.head[k] - top) / 256.0);
    const double mean = std::clamp(c.center + c.head[c.components + k], 16 * c.vmin, 16 * c.vmax);
    const double s = Scale(ScaleIndex(c.head[2 * c.components + k]));
    weights += weight;
    sum += weight / (1 + std::exp(-(v - 0.5 - mean / 16) / s));
  }
  return sum / weights;
}

}  // namespace

TEST_CASE("The logistic CDF is monotone, symmetric and exact to 3/2^16", "[mixture]") {
  bool monotone = true;
  double worst = 0;
  int32_t asymmetry = 0;
  for (int index = 0; index < kScales; ++index) {
    const int reach = static_cast<int>(std::ceil(12 * 16 * Scale(index))) + 40;
    int32_t previous = 0;
    for (int32_t d = -reach; d <= reach; ++d) {
      const int32_t s = LogisticCdf(d, index);
      monotone &= s >= previous && s <= 65536;
      previous = s;
      worst = std::max(worst, std::abs(s - 65536 / (1 + std::exp(-d / 16.0 / Scale(index)))));
      asymmetry = std::max(asymmetry, std::abs(s + LogisticCdf(-d, index) - 65536));
    }
    monotone &= LogisticCdf(-reach, index) == 0 && previous == 65536;
    monotone &= LogisticCdf(-(1 << 26), index) == 0 && LogisticCdf(1 << 26, index) == 65536;
  }
  CHECK(monotone);
  CHECK(worst < 3);
  CHECK(asymmetry <= 4);
  std::printf("logistic CDF: largest error %.2f / 65536, asymmetry %d\n", worst, asymmetry);
}

TEST_CASE("Ranges tile, and Find inverts them", "[mixture]") {
  Rng rng(1);
  for (int extremity = 0; extremity < 3; ++extremity) {
    int bad_tiles = 0, bad_finds = 0;
    for (int i = 0; i < 3000; ++i) {
      const Case c = RandomCase(rng, extremity);
      const Mixture m = c.Make();
      bad_tiles += !Tiles(c, m);
      for (int j = 0; j < 60; ++j) bad_finds += !FindInverts(m, rng() % 65536);
      for (uint32_t slot : {0, 1, 32768, 65534, 65535}) bad_finds += !FindInverts(m, slot);
    }
    CHECK(bad_tiles == 0);
    CHECK(bad_finds == 0);
  }
}

TEST_CASE("Find inverts Range for every slot", "[mixture]") {
  Rng rng(2);
  for (int i = 0; i < 15; ++i) {
    const Case c = RandomCase(rng, i % 3);
    const Mixture m = c.Make();
    int bad = 0;
    for (uint32_t slot = 0; slot < 65536; ++slot) bad += !FindInverts(m, slot);
    CHECK(bad == 0);
  }
}

TEST_CASE("A range of one value costs nothing", "[mixture]") {
  Rng rng(3);
  for (int i = 0; i < 100; ++i) {
    Case c = RandomCase(rng, i % 3);
    c.vmax = c.vmin;
    const Mixture m = c.Make();
    CHECK(m.lo() == c.vmin);
    CHECK(m.hi() == c.vmin);
    CHECK(m.Range(c.vmin) == CdfRange{0, 65536});
    CdfRange range;
    CHECK(m.Find(rng() % 65536, &range) == c.vmin);
    CHECK(range == CdfRange{0, 65536});
  }
}

TEST_CASE("Escapes exist exactly where values lie beyond the window", "[mixture]") {
  const int16_t narrow[3] = {0, 0, -32768};  // scale 2^-5
  const Mixture inside(narrow, 1, 100 * 16, 0, 255);
  CHECK(inside.lo() == 100);
  CHECK(inside.hi() == 100);
  CHECK(inside.Range(99) == CdfRange{0, 1});
  CHECK(inside.Range(3) == CdfRange{0, 1});
  CHECK(inside.Range(100) == CdfRange{1, 65534});
  CHECK(inside.Range(255) == CdfRange{65535, 1});
  const Mixture low(narrow, 1, 0, 0, 255);
  CHECK(low.Range(0) == CdfRange{0, 65535});
  CHECK(low.Range(1) == CdfRange{65535, 1});
  const Mixture high(narrow, 1, 255 * 16, 0, 255);
  CHECK(high.Range(255) == CdfRange{1, 65535});

  // Two equal components far apart: the window keeps to the first.
  const int16_t two[6] = {0, 0, -8000, 8000, 8191, 8191};
  const Mixture wide(two, 2, 0, -131072, 131071);
  CHECK(wide.hi() - wide.lo() < Mixture::kMaxWindow);
  const int16_t far[6] = {5, 5, -32768, 32767, 0, 0};
  const Mixture apart(far, 2, 0, -131072, 131071);
  CHECK(apart.lo() <= -2048);
  CHECK(apart.hi() >= 2047);
}

TEST_CASE("The mixture is the float mixture of logistics", "[mixture]") {
  Rng rng(4);
  double worst = 0;
  for (int i = 0; i < 4000; ++i) {
    const Case c = RandomCase(rng, i % 2);
    const Mixture m = c.Make();
    const double values = m.hi() - m.lo() + 1;
    for (int j = 0; j < 50; ++j) {
      const int32_t v = m.lo() + static_cast<int32_t>(rng() % (m.hi() - m.lo() + 1));
      const double below = v == c.vmin ? 0 : FloatCdf(c, v);
      const double to = v == c.vmax ? 1 : FloatCdf(c, v + 1.0);
      const double expected = 1 + (to - below) * (65536 - values);
      // Two CDF values with the error of the first test, weights known to 2^-11.
      worst = std::max(worst, std::abs(m.Range(v).freq - expected) - (to - below) * 32);
    }
  }
  CHECK(worst < 8);
  std::printf("mixture: largest deviation of a frequency %.2f beyond 2^-11\n", worst);
}

TEST_CASE("Expected code length is near the float entropy", "[mixture]") {
  std::printf("scale: entropy, loss in bits and per cent (escapes cost 1 + 2 log2 distance)\n");
  for (double octave : {-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.9}) {
    double entropy = 0, length = 0;
    for (int offset = 0; offset < 16; ++offset) {
      Case c{
          1, {0, 0, static_cast<int16_t>(std::lround((octave - 1) * 256))}, offset, -65535, 65535};
      const Mixture m = c.Make();
      const int span = static_cast<int>(40 * std::exp2(octave)) + 3;
      for (int v = -span; v <= span; ++v) {
        // The tail on the side where differences keep their precision.
        const bool flip = 16 * v > offset;
        const Case mirrored{1, {0, 0, c.head[2]}, -offset, -65535, 65535};
        const double p = flip ? FloatCdf(mirrored, -v + 1.0) - FloatCdf(mirrored, -v)
                              : FloatCdf(c, v + 1.0) - FloatCdf(c, v);
        if (p < 1e-13) continue;
        double bits = Bits(m.Range(v));
        if (v < m.lo()) bits += 1 + 2 * std::floor(std::log2(m.lo() - v));
        if (v > m.hi()) bits += 1 + 2 * std::floor(std::log2(v - m.hi()));
        entropy -= p * std::log2(p) / 16;
        length += p * bits / 16;
      }
    }
    const double loss = length - entropy;
    std::printf("  %8.3f  %8.5f  %8.6f  %.4f %%\n", std::exp2(octave), entropy, loss,
                100 * loss / entropy);
    // Each value in the window has 2^-16 for certain, which wide windows feel.
    if (octave <= 3) CHECK(loss < 0.001 * entropy + 1e-4);
    CHECK(loss < 0.01 * entropy);
    CHECK(loss > 0);
  }
}

TEST_CASE("Weights follow the logits", "[mixture]") {
  // Two narrow components 10 apart; the mass at each mean is its weight.
  const auto masses = [](int logit0, int logit1) {
    const int16_t head[6] = {
        static_cast<int16_t>(logit0), static_cast<int16_t>(logit1), 0, 160, -2000, -2000};
    const Mixture m(head, 2, 0, -100, 100);
    return std::pair(m.Range(0).freq / 65536.0, m.Range(10).freq / 65536.0);
  };
  CHECK(masses(0, 0).first == Approx(0.5).margin(1e-3));
  CHECK(masses(256, 0).first == Approx(2.0 / 3).margin(1e-3));
  CHECK(masses(0, 512).second == Approx(0.8).margin(1e-3));
  CHECK(masses(8191, -8192).first == Approx(1).margin(1e-3));
  CHECK(masses(-32768, 32767).second == Approx(1).margin(1e-3));
  CHECK(masses(32767, 32767).second == Approx(0.5).margin(1e-3));
}

TEST_CASE("mixtures by rows, each with a range of its own, on every target", "[mixture]") {
  for (const std::string& target : SupportedSimdTargets()) {
    REQUIRE(ForceSimdTarget(target));
    Rng rng(8);
    int bad_windows = 0, bad_ranges = 0, bad_finds = 0;
    for (int i = 0; i < 900; ++i) {
      constexpr int kSites = RowCase::kSites;
      // Beyond int16, as the network coder's outputs may be.
      const RowCase c(rng, i % 3, i % 2 == 0 ? 1 : 32);
      const MixtureRow row = c.Make();
      alignas(64) int32_t values[kSites], slots[kSites], found[kSites];
      std::vector<Mixture> mixtures;
      for (int j = 0; j < kSites; ++j) {
        const Mixture& m = mixtures.emplace_back(c.rows[0] + j, kSites, c.components, c.centers[j],
                                                 c.vmin[j], c.vmax[j]);
        values[j] = std::clamp(m.lo() - 2 + static_cast<int32_t>(rng() % (m.hi() - m.lo() + 5)),
                               c.vmin[j], c.vmax[j]);
        slots[j] = static_cast<int32_t>(i % 7 == 0 ? 0 : i % 7 == 1 ? 65535 : rng() % 65536);
      }
      CdfRange found_ranges[kSites];
      row.FindAll(slots, found, found_ranges);
      for (int j = 0; j < kSites; ++j) {
        const Mixture& m = mixtures[static_cast<size_t>(j)];
        bad_windows += row.lo[j] != m.lo() || row.hi[j] != m.hi();
        bad_ranges += !(row.Range(j, values[j]) == m.Range(values[j]));
        CdfRange expected, one;
        const auto slot = static_cast<uint32_t>(slots[j]);
        const int32_t v = m.Find(slot, &expected);
        bad_finds += found[j] != v || !(found_ranges[j] == expected);
        bad_finds += row.Find(j, slot, &one) != v || !(one == expected);
      }
    }
    INFO(target);
    CHECK(bad_windows == 0);
    CHECK(bad_ranges == 0);
    CHECK(bad_finds == 0);
  }
  ResetSimdTarget();
}

}  // namespace flowzip
