// SPDX-License-Identifier: BSD-3-Clause
// Tilted mixtures: they tile what the eight values had, follow their events' weights, and are the
// same on every target.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "mixture_cases.h"
#include "model/mixture_row.h"
#include "model/simd_targets.h"
#include "model/site_events.h"
#include "model/skewed_plane.h"

namespace flowzip {
namespace {

constexpr int kGroup = MixtureRow::kGroup, kEvents = MixtureRow::kEvents;

// A row of mixtures, and a tilt: each site has one of the eight values at least.
struct TiltCase {
  static constexpr int kSites = RowCase::kSites;
  MixtureRow row;
  MixtureRow::Tilt tilt{};

  TiltCase(Rng& rng, int extremity) : row(RowCase(rng, extremity, 1).Make()) {
    tilt.events = 1 + static_cast<int>(rng() % kEvents);
    for (auto& weights : tilt.weight) {
      for (int32_t& weight : weights) {
        const int32_t size = static_cast<int32_t>(rng() % (MixtureRow::kMaxTilt + 1));
        weight = rng() % 4 == 0 ? 0 : rng() % 2 == 0 ? size : -size;
      }
    }
    for (int j = 0; j < kSites; ++j) {
      const auto window = static_cast<uint32_t>(row.hi[j] - row.lo[j] + 1);
      const bool middle = rng() % 2 == 0;  // where most of the mass is
      const int32_t v = middle ? std::clamp(row.middle[j] >> 4, row.lo[j], row.hi[j])
                               : row.lo[j] + static_cast<int32_t>(rng() % window);
      tilt.first[j] = v - static_cast<int32_t>(rng() % kGroup);
      for (auto& mask : tilt.mask) mask[j] = rng() % 3 == 0 ? 0 : static_cast<int32_t>(rng() % 256);
      tilt.west[j] = static_cast<int32_t>(rng() % (1u << kEvents));
      tilt.north[j] = static_cast<int32_t>(rng() % (1u << kEvents));
    }
  }
};

TEST_CASE("tilted ranges tile their group, as they do without, and finds invert them") {
  Rng rng(12);
  for (int i = 0; i < 600; ++i) {
    TiltCase c(rng, i % 3);
    c.row.TiltAll(&c.tilt);
    for (int j = 0; j < TiltCase::kSites; ++j) {
      CAPTURE(i, j);
      uint32_t begin = 0, next = 0, before = 0;
      double inside[kEvents] = {};
      bool begun = false;
      for (int k = 0; k < kGroup; ++k) {
        const int32_t v = c.tilt.first[j] + k;
        if (!c.row.Inside(j, v)) continue;
        const CdfRange plain = c.row.Range(j, v), range = c.tilt.Range(j, v);
        if (!begun) begin = next = before = plain.start;
        begun = true;
        REQUIRE(range.start == next);
        REQUIRE(range.freq >= 1);
        for (const uint32_t slot : {range.start, range.start + range.freq - 1}) {
          REQUIRE(c.tilt.Find(j, slot) == v);
        }
        for (int e = 0; e < c.tilt.events; ++e) {
          if ((c.tilt.mask[e][j] >> k & 1) != 0) inside[e] += range.freq;
        }
        next += range.freq;
        before += plain.freq;
      }
      REQUIRE(begun);
      REQUIRE(next == before);
      const double whole = next - begin;
      if (whole <= 4096) continue;
      for (int e = 0; e < c.tilt.events; ++e) {
        const int32_t q = c.tilt.chance[e][j];
        CHECK(std::abs(inside[e] / whole - q / 65536.0) < 0.01);
        CHECK(std::abs(q / 65536.0 * (65536 - q) - c.tilt.shown[e][j]) <= 1);
      }
    }
  }
}

TEST_CASE("an event's odds are multiplied by its weight, that of its context") {
  Rng rng(14);
  int seen = 0;
  for (int i = 0; i < 300; ++i) {
    TiltCase c(rng, 0);
    c.tilt.events = 1;
    for (int32_t& weight : c.tilt.weight[0]) weight = 0;
    c.row.TiltAll(&c.tilt);
    TiltCase heavier = c;
    for (int j = 0; j < TiltCase::kSites; ++j) {
      const double q = c.tilt.chance[0][j] / 65536.0;
      const int32_t context = c.tilt.context[0][j];
      CHECK((context >> 3 & 1) == (c.tilt.west[j] & 1));
      CHECK((context >> 2 & 1) == (c.tilt.north[j] & 1));
      if (std::abs(q - 0.3) < 0.1) CHECK((context & 3) == 1);
      if (std::abs(q - 0.6) < 0.05) CHECK((context & 3) == 2);
      if (q > 0.8) CHECK((context & 3) == 3);
      for (int k = 0; k < kGroup; ++k) {
        const int32_t v = c.tilt.first[j] + k;
        if (!c.row.Inside(j, v)) continue;
        const int rounded = 2 * kGroup;
        CHECK(std::abs(int(c.tilt.Range(j, v).freq) - int(c.row.Range(j, v).freq)) <= rounded);
      }
    }
    for (int32_t& weight : heavier.tilt.weight[0]) weight = 3 << 16;  // times 8
    heavier.row.TiltAll(&heavier.tilt);
    for (int j = 0; j < TiltCase::kSites; ++j) {
      const double q = c.tilt.chance[0][j] / 65536.0, p = heavier.tilt.chance[0][j] / 65536.0;
      if (q < 0.05 || q > 0.95) continue;
      CHECK(p / (1 - p) == Approx(8 * q / (1 - q)).epsilon(0.02));
      ++seen;
    }
  }
  CHECK(seen > 500);
}

TEST_CASE("tilts by rows, on every target") {
  for (const std::string& target : SupportedSimdTargets()) {
    INFO(target);
    Rng rng(13);
    int bad = 0;
    for (int i = 0; i < 600; ++i) {
      TiltCase expected(rng, i % 3);
      TiltCase c = expected;
      for (int j = 0; j < TiltCase::kSites; ++j) expected.row.TiltSite(j, &expected.tilt);
      ForceSimdTarget(target);
      c.row.TiltAll(&c.tilt);
      ResetSimdTarget();
      const auto same = [](const auto& a, const auto& b) {
        return std::equal(std::begin(a), std::end(a), std::begin(b));
      };
      for (int k = 0; k <= kGroup; ++k) bad += !same(c.tilt.start[k], expected.tilt.start[k]);
      for (int e = 0; e < expected.tilt.events; ++e) {
        bad += !same(c.tilt.context[e], expected.tilt.context[e]);
        bad += !same(c.tilt.chance[e], expected.tilt.chance[e]);
        bad += !same(c.tilt.shown[e], expected.tilt.shown[e]);
      }
    }
    CHECK(bad == 0);
  }
  ResetSimdTarget();
}

TEST_CASE("values that repeat what is beside a site") {
  SkewedPlane planes[3] = {{4, 3, 0}, {4, 3, 0}, {4, 3, 0}};
  const int32_t samples[3][3][4] = {{{10, 11, 12, 13}, {20, 21, 22, 23}, {30, 31, 32, 33}},
                                    {{14, 15, 15, 18}, {22, 23, 24, 0}, {0, 0, 0, 0}},
                                    {{5, 6, 7, 5}, {8, 9, 9, 0}, {0, 0, 0, 0}}};
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < 3; ++y) {
      for (int x = 0; x < 4; ++x) planes[c].Set(x, y, samples[c][y][x], 0);
    }
  }
  // Of site (2, 1), lane 1.
  const int step = 2 + SkewedPlane::kLag;
  for (int channel = 0; channel < 3; ++channel) {
    SiteValues values;
    values.channel = channel;
    for (int c = 0; c <= channel; ++c) values.planes[c] = planes[c].Values(step);
    // W, N, NW, NE, and W + N - NW; W, N, NW or NE, W + N - NW of differences; W, N of others.
    const std::vector<std::vector<int32_t>> of_channel[3] = {
        {{21}, {12}, {11}, {13}, {22}},
        {{23}, {15}, {15}, {18}, {23}, {24}, {25}, {26, 27}, {23}},
        {{9}, {7}, {6}, {5}, {10}, {10}, {17}, {17, 14}, {10}, {10}, {16}}};
    const auto& expected = of_channel[channel];
    REQUIRE(expected.size() == size_t(kRepeatEvents[channel]));
    for (const int32_t first : {0, 3, 10, 12, 20}) {
      MixtureRow::Tilt tilt{};
      std::fill_n(tilt.first, MixtureRow::kTiltSites, first);
      RepeatMask(values, 1, &tilt);
      for (size_t e = 0; e < expected.size(); ++e) {
        CAPTURE(channel, first, e);
        int32_t mask = 0;
        for (const int32_t v : expected[e]) {
          if (v >= first && v < first + kGroup) mask |= 1 << (v - first);
        }
        CHECK(tilt.mask[e][1] == mask);
      }
    }
  }
}

TEST_CASE("repeated values by rows, on every target") {
  constexpr int kWidth = 40, kHeight = 33;
  SkewedPlane planes[3] = {{kWidth, kHeight, 0}, {kWidth, kHeight, 0}, {kWidth, kHeight, 0}};
  Rng rng(15);
  for (SkewedPlane& plane : planes) {
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) plane.Set(x, y, static_cast<int32_t>(rng() % 20), 0);
    }
  }
  for (const std::string& target : SupportedSimdTargets()) {
    INFO(target);
    int bad = 0, set = 0;
    for (int step = 0; step < planes[0].steps(); ++step) {
      SiteValues values;
      values.channel = step % 3;
      for (int c = 0; c < 3; ++c) values.planes[c] = planes[c].Values(step);
      MixtureRow::Tilt expected{};
      for (int32_t& first : expected.first) first = static_cast<int32_t>(rng() % 40) - 20;
      MixtureRow::Tilt tilt = expected;
      for (int j = 0; j < MixtureRow::kTiltSites; ++j) RepeatMask(values, j, &expected);
      ForceSimdTarget(target);
      RepeatMasks(values, &tilt);
      ResetSimdTarget();
      for (int e = 0; e < kRepeatEvents[values.channel]; ++e) {
        for (int j = 0; j < MixtureRow::kTiltSites; ++j) {
          bad += tilt.mask[e][j] != expected.mask[e][j];
          set += tilt.mask[e][j] != 0;
        }
      }
    }
    CHECK(bad == 0);
    CHECK(set > 1000);
  }
  ResetSimdTarget();
}

}  // namespace
}  // namespace flowzip
