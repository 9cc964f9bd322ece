// SPDX-License-Identifier: BSD-3-Clause
#include "model/orientation.h"

#include <catch2/catch.hpp>
#include <random>

namespace flowzip {
namespace {

using Planes = std::array<SitePlane, kChannels>;

// Chroma known at sites of the given parity only, the others interpolated.
Planes Interpolated(int width, int height, int parity_x, int parity_y) {
  std::mt19937 rng(3);
  Planes planes;
  for (SitePlane& plane : planes) {
    plane = SitePlane(width, height);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) plane.At(x, y) = static_cast<int>(rng() % 100);
    }
  }
  for (int c = 1; c < kChannels; ++c) {
    SitePlane& p = planes[c];
    for (int y = 0; y < height; ++y) {
      for (int x = 1; x + 1 < width; ++x) {
        if ((x & 1) != parity_x) p.At(x, y) = (p.At(x - 1, y) + p.At(x + 1, y) + 1) >> 1;
      }
    }
    for (int y = 1; y + 1 < height; ++y) {
      for (int x = 0; x < width; ++x) {
        if ((y & 1) != parity_y) p.At(x, y) = (p.At(x, y - 1) + p.At(x, y + 1) + 1) >> 1;
      }
    }
  }
  return planes;
}

bool Same(const Planes& a, const Planes& b) {
  for (int c = 0; c < kChannels; ++c) {
    for (int y = 0; y < a[c].height(); ++y) {
      for (int x = 0; x < a[c].width(); ++x) {
        if (a[c].At(x, y) != b[c].At(x, y)) return false;
      }
    }
  }
  return true;
}

TEST_CASE("the true chroma samples come to the even places") {
  for (const int px : {0, 1}) {
    for (const int py : {0, 1}) {
      CAPTURE(px, py);
      Planes planes = Interpolated(40, 34, px, py);
      const Orientation chosen = ChooseOrientation(planes);
      CHECK(chosen.flip_x == (px == 1));
      CHECK(chosen.flip_y == (py == 1));
      Flip(chosen, planes);
      CHECK(ChooseOrientation(planes).code() == 0);
    }
  }
}

TEST_CASE("no flip where it would change nothing or mean nothing") {
  CHECK(ChooseOrientation(Interpolated(41, 33, 1, 1)).code() == 0);  // odd sizes
  std::mt19937 rng(1);
  Planes noise;
  for (SitePlane& plane : noise) {
    plane = SitePlane(64, 64);
    for (int i = 0; i < 64 * 64; ++i) plane.At(i % 64, i / 64) = static_cast<int>(rng() % 256);
  }
  CHECK(ChooseOrientation(noise).code() == 0);
  Planes tiny;
  for (SitePlane& plane : tiny) plane = SitePlane(1, 2);
  CHECK(ChooseOrientation(tiny).code() == 0);
}

TEST_CASE("a flip is its own inverse") {
  for (const auto& [w, h] : {std::pair{1, 1}, {1, 5}, {6, 1}, {7, 4}, {8, 9}}) {
    const Planes before = Interpolated(w, h, 0, 0);
    for (uint8_t code = 0; code < Orientation::kCodes; ++code) {
      Planes planes = before;
      Flip(Orientation::FromCode(code), planes);
      if (w > 4 && h > 3 && code != 0) CHECK(!Same(planes, before));
      Flip(Orientation::FromCode(code), planes);
      CHECK(Same(planes, before));
      CHECK(Orientation::FromCode(code).code() == code);
    }
  }
}

}  // namespace
}  // namespace flowzip
