// SPDX-License-Identifier: BSD-3-Clause
// Layers that only move or shear samples: Lifting1x1, Squeeze, the pyramid of levels.
#include <algorithm>
#include <catch2/catch.hpp>
#include <climits>
#include <limits>

#include "model/levels.h"
#include "model/lifting1x1.h"
#include "model/squeeze.h"
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
  const auto ranges = FindRanges(planes);
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

TEST_CASE("a lifting survives its file form") {
  Random random(2);
  for (int trial = 0; trial < 50; ++trial) {
    const Lifting1x1 lifting = RandomLifting(random);
    ByteWriter writer;
    lifting.Write(writer);
    ByteReader reader(writer.bytes());
    const Lifting1x1 again = Lifting1x1::Read(reader);
    CHECK(reader.remaining() == 0);
    Planes a = RandomPlanes(random, 7, 3, -1000, 1000), b = a;
    lifting.Forward(a);
    again.Forward(b);
    REQUIRE(Same(a, b));
  }
}

TEST_CASE("liftings that are none are refused") {
  const std::array<int, 3> order{0, 1, 2};
  const auto make = [&](const LiftingStep& step) { Lifting1x1({step}, order); };
  const int most = 1 << 14;
  CHECK_NOTHROW(make({0, {0, most, -most}, 14}));
  CHECK_THROWS_WITH(make({0, {1, 0, 0}, 0}), "lifting step reads its own target");
  CHECK_THROWS_WITH(make({3, {0, 0, 0}, 0}), "bad lifting step");
  CHECK_THROWS_WITH(make({-1, {0, 0, 0}, 0}), "bad lifting step");
  CHECK_THROWS_WITH(make({0, {0, 1, 0}, 15}), "bad lifting step");
  CHECK_THROWS_WITH(make({0, {0, 1, 0}, -1}), "bad lifting step");
  CHECK_THROWS_WITH(make({0, {0, most + 1, 0}, 0}), "lifting coefficient out of range");
  CHECK_THROWS_WITH(make({0, {0, 0, -most - 1}, 0}), "lifting coefficient out of range");
  const std::vector<LiftingStep> many(17, LiftingStep{0, {0, 1, 0}, 1});
  CHECK_THROWS_WITH(Lifting1x1(many, order), "too many lifting steps");
  for (const std::array<int, 3>& bad :
       {std::array<int, 3>{0, 0, 1}, {0, 1, 3}, {-1, 1, 2}, {2, 2, 2}}) {
    CHECK_THROWS_WITH(Lifting1x1({}, bad), "lifting order is not a permutation");
  }
}

TEST_CASE("squeeze sorts a picture into its sub-lattices, and back") {
  IntPlane picture(5, 3);
  for (int y = 0; y < 3; ++y) {
    for (int x = 0; x < 5; ++x) picture.At(x, y) = 10 * y + x;
  }
  SitePlane c = MakeLatticePlane({5, 3});
  c.Fill(-1);
  SqueezeLattice(picture, kC, c);
  CHECK(c.width() == 3);
  CHECK(c.height() == 2);
  CHECK(c.At(0, 0) == 10);
  CHECK(c.At(2, 0) == 14);
  CHECK(c.At(0, 1) == -1);  // row 3 does not exist

  Random random(3);
  const int sizes[][2] = {{1, 1}, {1, 2}, {2, 1}, {1, 9}, {9, 1},
                          {2, 2}, {3, 3}, {8, 5}, {5, 8}, {17, 31}};
  for (const auto& [width, height] : sizes) {
    const Planes planes = RandomPlanes(random, width, height, INT16_MIN, INT16_MAX);
    IntPlane back(width, height);
    int sites = 0;
    for (int l = 0; l < kLattices; ++l) {
      const auto lattice = static_cast<Lattice>(l);
      const LevelSize size{width, height};
      SitePlane part = MakeLatticePlane(size);
      SqueezeLattice(planes[0], lattice, part);
      UnsqueezeLattice(part, lattice, back);
      sites += size.valid_width(lattice) * size.valid_height(lattice);
    }
    CHECK(sites == width * height);
    CHECK(Same(back, planes[0]));
  }
}

TEST_CASE("levels are peeled off until the picture fits the base") {
  CHECK(LevelCount(1, 1) == 0);
  CHECK(LevelCount(8, 8) == 0);
  CHECK(LevelCount(9, 1) == 1);
  CHECK(LevelCount(1, 9) == 1);
  CHECK(LevelCount(16, 16) == 1);
  CHECK(LevelCount(17, 16) == 2);
  CHECK(LevelCount(1024, 1024) == 7);
  CHECK(LevelCount(1025, 1) == 8);
  CHECK(LevelCount(4096, 1) == 9);
}

TEST_CASE("every level's A sub-lattice is the next level's picture; nothing is lost") {
  Random random(4);
  const int sizes[][2] = {{1, 1}, {8, 8}, {9, 9}, {1, 40}, {40, 1}, {33, 17}, {64, 64}, {2, 100}};
  for (const auto& [width, height] : sizes) {
    CAPTURE(width, height);
    const Planes planes = RandomPlanes(random, width, height, -1023, 1023);
    const std::vector<LevelPlanes> levels = MakeLevels(planes);
    REQUIRE(static_cast<int>(levels.size()) == LevelCount(width, height));
    LevelSize size{width, height};
    Planes picture = planes;
    for (const LevelPlanes& level : levels) {
      CHECK(level.size.width == size.width);
      CHECK(level.size.height == size.height);
      for (int c = 0; c < kChannels; ++c) {
        IntPlane back(size.width, size.height);
        for (int l = 0; l < kLattices; ++l) {
          UnsqueezeLattice(level.x[l][c], static_cast<Lattice>(l), back);
          // Missing sites and the border hold copies of samples, never anything else.
          for (int y = -kLatticeBorder; y < size.grid_height() + kLatticeBorder; ++y) {
            const int16_t* row = level.x[l][c].Row(y);
            REQUIRE(std::all_of(row - kLatticeBorder, row + size.grid_width() + kLatticeBorder,
                                [](int32_t v) { return v >= -1023 && v <= 1023; }));
          }
        }
        CHECK(Same(back, picture[c]));
        SitePlane next = MakeLatticePlane(size);
        SqueezeLattice(back, kA, next);
        picture[c] = IntPlane(size.grid_width(), size.grid_height());
        for (int y = 0; y < next.height(); ++y) {
          std::copy_n(next.Row(y), next.width(), picture[c].Row(y));
        }
      }
      size = size.next();
    }
    CHECK((size.width <= kBaseSize && size.height <= kBaseSize));
  }
}

TEST_CASE("ranges are those of all samples") {
  Random random(5);
  Planes planes = RandomPlanes(random, 9, 6, 3, 9);
  planes[1].Fill(-4);
  planes[2].At(8, 5) = 100;
  planes[2].At(0, 0) = -100;
  const auto ranges = FindRanges(planes);
  CHECK(ranges[0].min == 3);
  CHECK(ranges[0].max == 9);
  CHECK(ranges[1].constant());
  CHECK(ranges[1].min == -4);
  CHECK(ranges[2].min == -100);
  CHECK(ranges[2].max == 100);
}

}  // namespace
}  // namespace flowzip
