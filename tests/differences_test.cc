// SPDX-License-Identifier: BSD-3-Clause
// Tiles as differences from the plane through three neighbours: they come back, and are taken where
// surfaces are smooth.
#include "codec/tiles/differences.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <optional>

#include "codec/api/codec.h"
#include "codec/tiles/tile_modes.h"
#include "model/embedded.h"
#include "picture_kinds.h"

namespace flowzip {
namespace {

// Hills of 16 bits, `rough` to either side.
Image Hills(int channels, uint32_t width, uint32_t height, double rough, double height_of = 9000) {
  Image image =
      testing::OfKind({channels, 16, 0}, static_cast<int>(width), static_cast<int>(height), 1);
  testing::Random random(7);
  for (size_t i = 0; i < image.sub_pixels(); ++i) {
    const auto pixel = static_cast<double>(i / static_cast<size_t>(channels));
    const double x = std::fmod(pixel, width), y = std::floor(pixel / width);
    const double hill = std::sin(x / 23) * std::cos(y / 31) + 0.3 * std::sin((x + 2 * y) / 57);
    const double noise = random.Between(-100, 100) / 100.0 * rough;
    testing::SetSample(image, i, static_cast<int>(30000 + height_of * hill + noise) & 65535);
  }
  return image;
}

uint64_t TilesOf(const EncodeStats& stats) {
  return stats.tiles.mode_tiles[static_cast<size_t>(TileMode::kDifferences)];
}

std::vector<uint8_t> RoundTrip(const Image& image, Coding coding, std::optional<bool> chosen,
                               int tile_log2 = 10) {
  EncodeOptions options;
  options.coding = coding;
  options.tile_log2 = tile_log2;
  options.preview = false;
  EncodeStats stats;
  std::vector<uint8_t> file = Encode(image, options, &stats);
  if (chosen) CHECK((TilesOf(stats) > 0) == *chosen);
  DecodeStats decoded;
  CHECK(SameImage(Decode(file, {}, &decoded), image));
  CHECK(decoded.tiles.mode_tiles == stats.tiles.mode_tiles);
  CHECK(stats.tiles.other_bytes <= file.size());
  // A part is as the whole.
  DecodeOptions part;
  part.region = {3, 2, image.width / 2, image.height / 2};
  const Image piece = Decode(file, part);
  for (uint32_t y = 0; y < piece.height; ++y) {
    REQUIRE(std::equal(piece.Row(y), piece.Row(y) + piece.row_bytes(), image.At(3, y + 2)));
  }
  return file;
}

TEST_CASE("differences come back") {
  for (const int channels : {1, 2, 3, 4}) {
    for (const double rough : {0.0, 3.0, 60.0}) {
      const Image image = Hills(channels, 61, 47, rough);
      const auto differences = TakeDifferences(image, {0, 0, 61, 47});
      REQUIRE(differences);
      CHECK(differences->image.bit_depth >= (rough < 50 ? 8 : 9));
      CHECK(differences->image.bit_depth <= 12);
      CHECK(differences->image.channels == channels);
      for (const Coding coding : {Coding::kFast, Coding::kSmallest, Coding::kThorough}) {
        RoundTrip(image, coding, std::nullopt, 5);
      }
    }
  }
  // Over the edge of the range: differences are modulo 2^16.
  Image over = Hills(1, 90, 80, 0, 60000);
  CHECK(TakeDifferences(over, {0, 0, 90, 80}));
  RoundTrip(over, Coding::kFast, true);
}

TEST_CASE("smooth surfaces are much smaller so, and no effort is larger than a lesser one") {
  for (const double rough : {0.0, 3.0}) {
    const Image image = Hills(1, 300, 280, rough);
    EncodeOptions plain;
    plain.coding = Coding::kNetwork;
    const size_t by_network = Encode(image, plain).size();
    const size_t fast = RoundTrip(image, Coding::kFast, true).size();
    const size_t standard = RoundTrip(image, Coding::kSmallest, true).size();
    CHECK(standard <= fast);
    CHECK(standard < (rough > 0 ? 0.97 : 0.6) * static_cast<double>(by_network));
  }
}

TEST_CASE("noise and shallow pictures are left as they are") {
  Image noise = testing::OfKind({1, 16, 2}, 80, 70, 5);
  CHECK(!TakeDifferences(noise, {0, 0, 80, 70}));
  RoundTrip(noise, Coding::kFast, false);
  const Image shallow = testing::OfKind({3, 8, 0}, 40, 30, 6);
  CHECK(!TakeDifferences(shallow, {0, 0, 40, 30}));
}

TEST_CASE("bits of pixels are those of differences") {
  const Image image = Hills(1, 200, 150, 2);
  PixelBits map;
  EncodeOptions options;
  options.coding = Coding::kFast;
  options.preview = false;
  options.pixel_bits = &map;
  EncodeStats stats;
  const std::vector<uint8_t> file = Encode(image, options, &stats);
  REQUIRE(TilesOf(stats) == 1);
  double bits = 0;
  for (const float b : map.bits) bits += b;
  CHECK(bits / 8 < static_cast<double>(file.size()));
  CHECK(bits / 8 > 0.8 * static_cast<double>(file.size()));
}

}  // namespace
}  // namespace flowzip
