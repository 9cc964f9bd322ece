// SPDX-License-Identifier: BSD-3-Clause
// Lifting1x1: known colours, bounds, and that it is inverted exactly.
#include <algorithm>
#include <catch2/catch.hpp>
#include <climits>

#include "model/lifting1x1.h"
#include "model/sample_range.h"
#include "tests/tiny_model.h"

namespace flowzip {
namespace {

using testing::Random;
using Planes = std::array<IntPlane, kChannels>;

bool Same(const IntPlane& a, const IntPlane& b) {
  if (a.width() != b.width() || a.height() != b.height()) return false;
  for (int y = 0; y < a.height(); ++y) {
    if (!std::equal(a.Row(y), a.Row(y) + a.width(), b.Row(y))) return false;
  }
  return true;
}

bool Same(const Planes& a, const Planes& b) {
  return Same(a[0], b[0]) && Same(a[1], b[1]) && Same(a[2], b[2]);
}

Planes RandomPlanes(Random& random, int width, int height, int32_t lo, int32_t hi) {
  Planes planes;
  for (IntPlane& plane : planes) {
    plane = IntPlane(width, height);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        switch (random.Between(0, 7)) {
          case 0: plane.At(x, y) = lo; break;
          case 1: plane.At(x, y) = hi; break;
          default:
            plane.At(x, y) =
                static_cast<int32_t>(lo + random.Word() % (static_cast<int64_t>(hi) - lo + 1));
        }
      }
    }
  }
  return planes;
}

std::array<SamplePlane, kChannels> Narrowed(const Planes& planes) {
  std::array<SamplePlane, kChannels> narrow;
  for (int c = 0; c < kChannels; ++c) {
    narrow[c] = SamplePlane(planes[c].width(), planes[c].height());
    for (int y = 0; y < planes[c].height(); ++y) {
      std::copy_n(planes[c].Row(y), planes[c].width(), narrow[c].Row(y));
    }
  }
  return narrow;
}

// One pixel through the transform.
std::array<int32_t, 3> Lift(const Lifting1x1& lifting, std::array<int32_t, 3> pixel) {
  Planes planes;
  for (int c = 0; c < kChannels; ++c) {
    planes[c] = IntPlane(1, 1);
    planes[c].At(0, 0) = pixel[c];
  }
  lifting.Forward(planes);
  return {planes[0].At(0, 0), planes[1].At(0, 0), planes[2].At(0, 0)};
}

Lifting1x1 RandomLifting(Random& random) {
  std::vector<LiftingStep> steps(random.Between(0, 16));
  for (LiftingStep& step : steps) {
    step.target = random.Between(0, kChannels - 1);
    step.shift = random.Between(0, 14);
    for (int c = 0; c < kChannels; ++c) {
      if (c != step.target) step.coefficient[c] = random.Between(-(1 << 14), 1 << 14);
    }
  }
  std::array<int, kChannels> order{0, 1, 2};
  for (int i = 2; i > 0; --i) std::swap(order[i], order[random.Between(0, i)]);
  return Lifting1x1(std::move(steps), order);
}

TEST_CASE("YCoCg-R of known colours") {
  const Lifting1x1 lifting = Lifting1x1::YCoCgR();
  using Pixel = std::array<int32_t, 3>;
  CHECK(Lift(lifting, {0, 0, 0}) == Pixel{0, 0, 0});
  CHECK(Lift(lifting, {255, 255, 255}) == Pixel{255, 0, 0});
  CHECK(Lift(lifting, {77, 77, 77}) == Pixel{77, 0, 0});
  // Co = R - B, t = B + floor(Co / 2), Cg = G - t, Y = t + floor(Cg / 2).
  CHECK(Lift(lifting, {255, 0, 0}) == Pixel{63, 255, -127});
  CHECK(Lift(lifting, {0, 255, 0}) == Pixel{127, 0, 255});
  CHECK(Lift(lifting, {0, 0, 255}) == Pixel{63, -255, -127});
  CHECK(Lift(lifting, {255, 0, 255}) == Pixel{127, 0, -255});
  CHECK(Lift(lifting, {10, 20, 31}) == Pixel{20, -21, 0});
}

TEST_CASE("YCoCg-R keeps 8-bit samples within the stated ranges and is a bijection") {
  const Lifting1x1 lifting = Lifting1x1::YCoCgR();
  // All corners and a grid of colours.
  Planes planes;
  for (IntPlane& plane : planes) plane = IntPlane(52 * 52, 52);
  for (int r = 0; r <= 51; ++r) {
    for (int g = 0; g <= 51; ++g) {
      for (int b = 0; b <= 51; ++b) {
        planes[0].At(52 * r + g, b) = 5 * r;
        planes[1].At(52 * r + g, b) = 5 * g;
        planes[2].At(52 * r + g, b) = 5 * b;
      }
    }
  }
  const Planes before = planes;
  lifting.Forward(planes);
  const auto ranges = FindRanges(Narrowed(planes));
  CHECK(ranges[0].min == 0);
  CHECK(ranges[0].max == 255);
  for (const int c : {1, 2}) {
    CHECK(ranges[c].min == -255);
    CHECK(ranges[c].max == 255);
  }
  lifting.Inverse(planes);
  CHECK(Same(planes, before));
}

TEST_CASE("any valid lifting is inverted exactly, on any integers") {
  Random random(1);
  for (int trial = 0; trial < 300; ++trial) {
    const Lifting1x1 lifting = RandomLifting(random);
    const bool whole = trial % 2;
    const Planes before = whole ? RandomPlanes(random, 5, 4, INT_MIN, INT_MAX)
                                : RandomPlanes(random, 5, 4, -255, 255);
    Planes planes = before;
    lifting.Forward(planes);
    lifting.Inverse(planes);
    REQUIRE(Same(planes, before));
    lifting.Inverse(planes);
    lifting.Forward(planes);
    REQUIRE(Same(planes, before));
  }
}

TEST_CASE("ranges are those of all samples") {
  Random random(5);
  Planes planes = RandomPlanes(random, 9, 6, 3, 9);
  planes[1].Fill(-4);
  planes[2].At(8, 5) = 100;
  planes[2].At(0, 0) = -100;
  const auto ranges = FindRanges(Narrowed(planes));
  CHECK(ranges[0].min == 3);
  CHECK(ranges[0].max == 9);
  CHECK(ranges[1].constant());
  CHECK(ranges[1].min == -4);
  CHECK(ranges[2].min == -100);
  CHECK(ranges[2].max == 100);
}

}  // namespace
}  // namespace flowzip
