// SPDX-License-Identifier: BSD-3-Clause
// Scores are encoded sizes, and heat maps show them.
#include "analysis/score.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "analysis/heat_map.h"
#include "analysis/random_bits.h"
#include "model/embedded.h"
#include "tests/photos.h"

namespace flowzip {
namespace {

void CheckScore(const Image& image, int tile_log2) {
  EncodeOptions options;
  options.tile_log2 = tile_log2;
  options.coding = Coding::kNetwork;
  const Score score = ScoreImage(image, options);
  const uint64_t bytes = Encode(image, options).size();
  CAPTURE(image.width, image.height, image.channels, tile_log2);
  CHECK(score.stats.file_bytes == bytes);
  CHECK(score.bits <= 8.0 * bytes);
  CHECK(8.0 * bytes <= score.bits + 8.0 * score.overhead_limit);
  CHECK(score.bits_per_dimension == Approx(score.bits / image.sub_pixels()));
  CHECK(score.overhead_limit < score.stats.info.tile_count() * 800 + bytes / 1000 + 100);
}

TEST_CASE("A score is the file's size within the stated overhead") {
  REQUIRE_FALSE(EmbeddedModels().empty());
  for (const char* name : {"colorado", "dome", "dunes", "moon-gray"}) {
    const Image image = testing::Photo(name);
    CheckScore(image, kDefaultTileLog2);
    CheckScore(image, 7);
  }
  for (const int channels : {1, 3}) {
    SplitMix64 random(channels);
    for (const uint32_t side : {1u, 2u, 9u, 33u}) {
      Image image{side, side + 1, channels, 8, {}};
      for (uint64_t i = 0; i < image.sub_pixels(); ++i) {
        image.samples.push_back(static_cast<uint8_t>(random.Next()));
      }
      CheckScore(image, 4);
      image.samples.assign(image.samples.size(), 77);
      CheckScore(image, 4);
    }
  }
}

// CIE lightness of an sRGB colour.
double Lightness(const std::array<uint8_t, 3>& rgb) {
  double y = 0;
  constexpr double kWeight[3] = {0.2126, 0.7152, 0.0722};
  for (int c = 0; c < 3; ++c) {
    const double v = rgb[c] / 255.0;
    y += kWeight[c] * (v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4));
  }
  return y > 0.008856 ? 116 * std::cbrt(y) - 16 : 903.3 * y;
}

TEST_CASE("The colour map grows evenly lighter") {
  const double low = Lightness(HeatColour(0)), high = Lightness(HeatColour(1));
  CHECK(low < 15);
  CHECK(high > 90);
  for (int i = 1; i <= 64; ++i) {
    const double step = Lightness(HeatColour(i / 64.0)) - Lightness(HeatColour((i - 1) / 64.0));
    CHECK(step > 0.4 * (high - low) / 64);
    CHECK(step < 1.8 * (high - low) / 64);
  }
  CHECK(HeatColour(-1) == HeatColour(0));
  CHECK(HeatColour(2) == HeatColour(1));
}

TEST_CASE("Heat maps have the picture's size, and a scale") {
  PixelBits bits;
  bits.Reset(300, 90);
  std::fill(bits.bits.begin(), bits.bits.end(), 4.0f);
  bits.bits[5 * 300 + 7] = 99;
  CHECK(NiceMax(bits) == Approx(5));
  const Image image = DrawHeatMap(bits, {});
  REQUIRE(image.width == 300);
  REQUIRE(image.height == 90 + kScaleHeight);
  const auto at = [&](uint32_t x, uint32_t y) {
    const uint8_t* p = &image.samples[(size_t{y} * 300 + x) * 3];
    return std::array<uint8_t, 3>{p[0], p[1], p[2]};
  };
  CHECK(at(7, 5) == HeatColour(1));
  CHECK(std::abs(Lightness(at(8, 5)) - Lightness(HeatColour(0.8))) < 1);
  CHECK(at(8, 97) == HeatColour(0));  // the bar's left end

  AnomalyMap anomalies{300, 90, std::vector<float>(bits.bits.size())};
  for (uint32_t y = 20; y < 60; ++y) {
    for (uint32_t x = 100; x < 150; ++x) anomalies.score[y * 300 + x] = 9;
  }
  const Image marked = DrawHeatMap(bits, {5, &anomalies, 6});
  const auto white = [&](uint32_t x, uint32_t y) {
    return marked.samples[(size_t{y} * 300 + x) * 3] == 255;
  };
  CHECK(white(100, 40));
  CHECK(white(149, 59));
  CHECK_FALSE(white(125, 40));
  CHECK_FALSE(white(99, 40));

  bits.Reset(1, 1);
  CHECK(DrawHeatMap(bits, {}).width == kMinHeatMapWidth);
}

}  // namespace
}  // namespace flowzip
