// SPDX-License-Identifier: BSD-3-Clause
// SkewedPlane against the plain plane that it stands for, before, while and after it is filled.
#include "model/skewed_plane.h"

#include <catch2/catch.hpp>
#include <utility>
#include <vector>

#include "tests/tiny_model.h"

namespace flowzip {
namespace {

using Sides = std::pair<int, int>;
constexpr int32_t kMiddle = 77;

// Samples and residuals by (x, y), with the borders that skewed_plane.h promises.
struct PlainPlane {
  int width, height;
  std::vector<int32_t> values, residuals;

  PlainPlane(Sides sides, uint32_t seed) : width(sides.first), height(sides.second) {
    testing::Random random(seed);
    for (int i = 0; i < width * height; ++i) {
      values.push_back(random.Between(-32768, 32767));
      residuals.push_back(random.Between(-524280, 524280));
    }
  }
  size_t At(int x, int y) const { return static_cast<size_t>(y * width + x); }
  int32_t Value(int x, int y) const {
    if (y < 0) return kMiddle;
    if (y == height) return Value(x, height - 1);
    if (x < 0) return y == 0 ? kMiddle : values[At(0, y - 1)];
    return values[At(std::min(x, width - 1), y)];
  }
  int32_t Residual(int x, int y) const {
    const bool inside = x >= 0 && x < width && y >= 0 && y < height;
    return inside ? residuals[At(x, y)] : 0;
  }
};

bool Agrees(const PlainPlane& plain, const SkewedPlane& plane, int step, int lane, int x, int y,
            int dx, int dy) {
  const ptrdiff_t at = lane + SkewedPlane::Distance(dx, dy);
  return plane.Values(step)[at] == plain.Value(x + dx, y + dy) &&
         plane.Residuals(step)[at] == plain.Residual(x + dx, y + dy);
}

// Calls fn(step, lane, x, y) for every site in the order of the wavefront.
template <class Fn>
void ForEachSite(const SkewedPlane& plane, int begin, int end, const Fn& fn) {
  for (int step = begin; step < std::min(end, plane.steps()); ++step) {
    for (int lane = 0; lane < SkewedPlane::kLanes; ++lane) {
      const int at = step - lane * SkewedPlane::kLag;
      if (at < 0) break;
      const int x = at % plane.period(), y = at / plane.period() * SkewedPlane::kLanes + lane;
      if (x < plane.width() && y < plane.height()) fn(step, lane, x, y);
    }
  }
}

std::vector<Sides> AllSides() {
  std::vector<Sides> sides;
  for (const int width : {1, 2, 3, 15, 16, 17, 55, 56, 57, 63, 64, 65, 130}) {
    for (const int height : {1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65}) sides.emplace_back(width, height);
  }
  return sides;
}

TEST_CASE("every site has its step and lane, and what comes before it is set by then") {
  for (const Sides& sides : AllSides()) {
    CAPTURE(sides.first, sides.second);
    const PlainPlane plain(sides, 1);
    SkewedPlane plane(sides.first, sides.second, kMiddle);
    int visited = 0, wrong = 0;
    ForEachSite(plane, 0, plane.steps(), [&](int step, int lane, int x, int y) {
      for (int dy = -4; dy <= 0; ++dy) {
        for (int dx = -4; dx <= 4; ++dx) {
          if (dx * dx + dy * dy > 16 || (dy == 0 && dx >= 0)) continue;
          wrong += !Agrees(plain, plane, step, lane, x, y, dx, dy);
        }
      }
      plane.Set(x, y, plain.Value(x, y), plain.Residual(x, y));
      wrong += plane.At(x, y) != plain.Value(x, y);
      ++visited;
    });
    CHECK(visited == sides.first * sides.second);
    CHECK(wrong == 0);
  }
}

// What another plane, which runs farthest() steps behind, sees on all sides of a site. The rest
// of this one may not be set yet.
TEST_CASE("a plane that follows sees all sides of a site") {
  for (const Sides& sides : AllSides()) {
    CAPTURE(sides.first, sides.second);
    const PlainPlane plain(sides, 2);
    SkewedPlane plane(sides.first, sides.second, kMiddle);
    int wrong = 0, set = 0;
    for (int step = 0; step < plane.steps(); ++step) {
      const int end = step + 1 + plane.farthest();
      ForEachSite(plane, set, end, [&](int, int, int x, int y) {
        plane.Set(x, y, plain.Value(x, y), plain.Residual(x, y));
      });
      set = end;
      ForEachSite(plane, step, step + 1, [&](int, int lane, int x, int y) {
        for (int dy = -1; dy <= 1; ++dy) {
          for (int dx = -1; dx <= 1; ++dx) wrong += !Agrees(plain, plane, step, lane, x, y, dx, dy);
        }
      });
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("a lattice goes to its places in a plane") {
  for (const int offset : {0, 1}) {
    const PlainPlane plain({9, 18}, 3);
    SkewedPlane plane(9, 18, kMiddle);
    ForEachSite(plane, 0, plane.steps(),
                [&](int, int, int x, int y) { plane.Set(x, y, plain.Value(x, y), 0); });
    Plane<int16_t> to(17, 35);
    to.Fill(5);
    plane.CopyTo(offset, offset, 2, 2, &to);
    int wrong = 0;
    for (int y = 0; y < 35; ++y) {
      for (int x = 0; x < 17; ++x) {
        const bool on = x % 2 == offset && y % 2 == offset;
        wrong += to.At(x, y) != (on ? plain.Value(x / 2, y / 2) : 5);
      }
    }
    CHECK(wrong == 0);
  }
}

}  // namespace
}  // namespace flowzip
