// SPDX-License-Identifier: BSD-3-Clause
// Planted anomalies are found, and the statistics behind the map do what they say.
#include "analysis/anomaly.h"

#include <catch2/catch.hpp>
#include <string>

#include "analysis/robust.h"
#include "codec/api/codec.h"
#include "model/embedded.h"
#include "tests/photos.h"
#include "tests/planted.h"

namespace flowzip {
namespace {

using testing::DetailedBits;
using testing::Photo;

AnomalyMap MapOf(const Image& image) { return FindAnomalies(DetailedBits(image)); }

enum class Kind { kPatch, kNoise, kJpeg };
struct Case {
  const char* picture;
  Kind kind;
  uint32_t x, y;
  const char* from = nullptr;
  uint32_t from_x = 0, from_y = 0;
};

// The full sweep that these are taken from is in docs/flows.md.
constexpr Case kCases[] = {
    {"colorado", Kind::kNoise, 224, 64},
    {"dome", Kind::kNoise, 35, 125},
    {"dunes", Kind::kNoise, 160, 32},
    {"colorado", Kind::kJpeg, 64, 224},
    {"dome", Kind::kJpeg, 144, 32},
    {"moon-gray", Kind::kJpeg, 288, 112},
    {"colorado", Kind::kPatch, 227, 69, "dunes", 153, 89},
    {"dome", Kind::kPatch, 33, 130, "colorado", 109, 229},
    {"dunes", Kind::kPatch, 271, 83, "dome", 227, 45},
    {"dunes", Kind::kPatch, 35, 126, "moon-gray", 81, 165},
};

TEST_CASE("Planted patches, noise and JPEG regions are localised") {
  REQUIRE_FALSE(EmbeddedModels().empty());
  for (const Case& c : kCases) {
    Image image = Photo(c.picture);
    const Rect at{c.x, c.y, 80, 80};
    if (c.kind == Kind::kNoise) PlantNoise(4, 11, at, image);
    if (c.kind == Kind::kJpeg) PlantJpeg(30, at, image);
    if (c.kind == Kind::kPatch) PlantPatch(Photo(c.from), c.from_x, c.from_y, at, image);
    const double area = AreaUnderRoc(MapOf(image).score, image.width, at);
    INFO(c.picture << " " << static_cast<int>(c.kind) << " at " << c.x << ", " << c.y);
    CAPTURE(area);
    CHECK(area >= 0.9);
  }
}

TEST_CASE("Pictures without statistics have a map of zeros") {
  REQUIRE_FALSE(EmbeddedModels().empty());
  for (const auto& [width, height] : {std::pair{1u, 1u}, {79u, 200u}, {200u, 100u}}) {
    const Image flat{width, height, 3, 8, Samples(size_t{width} * height * 3, 90)};
    const AnomalyMap map = MapOf(flat);
    REQUIRE(map.score.size() == size_t{width} * height);
    CHECK(std::all_of(map.score.begin(), map.score.end(), [](float s) { return s == 0; }));
  }
}

TEST_CASE("Regions are the connected parts above the threshold") {
  AnomalyMap map{40, 30, std::vector<float>(1200)};
  const auto fill = [&](const Rect& r, float score) {
    for (uint32_t y = r.y; y < r.y + r.height; ++y) {
      for (uint32_t x = r.x; x < r.x + r.width; ++x) map.score[y * 40 + x] = score;
    }
  };
  fill({2, 3, 10, 9}, 5);
  fill({30, 20, 10, 10}, 7);
  fill({20, 0, 3, 3}, 9);  // smaller than a cell
  const std::vector<AnomalyRegion> regions = FindRegions(map, 4);
  REQUIRE(regions.size() == 2);
  CHECK(regions[0].peak == 7);
  CHECK(regions[0].box.x == 30);
  CHECK(regions[0].box.height == 10);
  CHECK(regions[1].pixels == 90);
  CHECK(FindRegions(map, 10).empty());
}

TEST_CASE("A fifth of strange values does not move the robust statistics") {
  PlantRandom random(5);
  Column a, b, far, target;
  for (int i = 0; i < 2000; ++i) {
    const bool strange = i % 5 == 0;
    a.push_back(random.Gauss());
    b.push_back(0.8 * a.back() + 0.6 * random.Gauss());
    target.push_back(strange ? 30 : 1 + 2 * a.back() - b.back() + 0.1 * random.Gauss());
    far.push_back(strange ? 12 : b.back());
  }
  const Column residual = RobustResiduals(target, {&a, &b});
  const Column distance = BulkDistances({a, far}, 0.75);
  for (int i = 0; i < 2000; ++i) {
    if (i % 5 == 0) {
      CHECK(distance[i] > 50);
    } else {
      CHECK(std::abs(residual[i]) < 0.6);
    }
  }
  CHECK(Quantile({3, 1, 2}, 0.5) == 2);
  CHECK(RobustScores({4, 4, 4}) == Column{0, 0, 0});
}

}  // namespace
}  // namespace flowzip
