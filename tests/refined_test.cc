// SPDX-License-Identifier: BSD-3-Clause
// Refined tiles: what comes back, that it is the same on every way, and that they pay.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>

#include "codec/api/codec.h"
#include "codec/coders/refined/refined_coder.h"
#include "codec/tiles/tile_modes.h"
#include "model/embedded.h"
#include "model/simd_targets.h"
#include "tests/any_picture.h"
#include "tests/codec_options.h"
#ifdef FLOWZIP_HAVE_PNG
#include "tools/png_io.h"
#endif

namespace flowzip {
namespace {

using testing::From;
using testing::Tiny;

EncodeOptions Refined(const Model& model, int jobs = 1, int tile_log2 = kDefaultTileLog2) {
  return testing::To(model, jobs, tile_log2, Coding::kRefined);
}

void RoundTrip(const Image& image, int tile_log2 = kDefaultTileLog2) {
  CAPTURE(image.width, image.height, image.channels, tile_log2);
  EncodeStats stats;
  const std::vector<uint8_t> file = Encode(image, Refined(Tiny(), 1, tile_log2), &stats);
  const auto mode = image.has_alpha() ? TileMode::kRefinedAlpha : TileMode::kRefined;
  const auto& tiles = stats.tiles.mode_tiles;
  REQUIRE(tiles[size_t(mode)] + tiles[size_t(TileMode::kConstant)] == stats.info.tile_count());
  const Image again = Decode(file, From(Tiny()));
  REQUIRE(again.samples == image.samples);
}

TEST_CASE("any picture comes back") { testing::ForEachPicture(11, RoundTrip); }

// Half of it calm, then values that neither the model nor what was learnt expects.
TEST_CASE("escapes come back") {
  Image image = testing::Flat(64, 64, 3, 128);
  testing::Random random(1);
  for (size_t i = image.samples.size() / 2; i < image.samples.size(); ++i) {
    if (random.Between(0, 9) == 0) image.samples[i] = random.Between(0, 1) ? 255 : 0;
  }
  RoundTrip(image);
}

TEST_CASE("the same bytes for any number of jobs and on every instruction set") {
  std::vector<const Model*> models = {&Tiny()};
  if (!EmbeddedModels().empty()) models.push_back(&DefaultModel());
  for (const Model* model : models) {
    const Image image = testing::Scene(97, 75, 3, 5);
    REQUIRE(ForceSimdTarget(kScalarDefinition));
    const std::vector<uint8_t> file = Encode(image, Refined(*model, 1, 6));
    for (const std::string& target : SupportedSimdTargets()) {
      INFO(target);
      REQUIRE(ForceSimdTarget(target));
      for (const int jobs : {1, 2, 3}) CHECK(Encode(image, Refined(*model, jobs, 6)) == file);
      CHECK(Decode(file, From(*model, 2)).samples == image.samples);
    }
    ResetSimdTarget();
  }
}

TEST_CASE("regions and scales are those of the whole picture") {
  const Image image = testing::Scene(90, 70, 3, 6);
  const std::vector<uint8_t> file = Encode(image, Refined(Tiny(), 1, 6));
  DecodeOptions part = From(Tiny());
  part.region = {50, 30, 33, 37};
  const Image region = Decode(file, part);
  for (uint32_t y = 0; y < 37; ++y) {
    CHECK(std::equal(region.samples.begin() + y * 99, region.samples.begin() + (y + 1) * 99,
                     image.samples.begin() + ((30 + y) * 90 + 50) * 3));
  }
  DecodeOptions small = From(Tiny());
  small.scale_log2 = 1;
  const Image half = Decode(file, small);
  REQUIRE(half.width == 45);
  for (uint32_t y = 0; y < half.height; ++y) {
    for (uint32_t i = 0; i < half.width * 3; ++i) {
      REQUIRE(half.samples[y * half.width * 3 + i] ==
              image.samples[(2 * y * 90 + 2 * (i / 3)) * 3 + i % 3]);
    }
  }
}

TEST_CASE("the bits booked are the bits written") {
  const Image image = testing::Scene(200, 150, 3, 7);
  EncodeStats encoded;
  DecodeStats decoded;
  PixelBits map;
  EncodeOptions options = Refined(Tiny());
  options.pixel_bits = &map;
  const std::vector<uint8_t> file = Encode(image, options, &encoded);
  Decode(file, From(Tiny()), &decoded);
  const double bytes = encoded.tiles.total_bits() / 8;
  CHECK(static_cast<double>(file.size()) <= bytes * 1.001 + 150);
  CHECK(static_cast<double>(file.size()) >= bytes);
  CHECK(decoded.tiles.total_bits() == Approx(encoded.tiles.total_bits()).epsilon(1e-9));
  double sum = 0;
  for (const float bits : map.bits) sum += bits;
  CHECK(sum == Approx(encoded.tiles.total_bits() - encoded.tiles.side_bits).epsilon(1e-4));
}

TEST_CASE("models that borrow bits are never refined") {
  testing::TinyShape shape;
  shape.latent_components = true;
  const Model borrowing = testing::TinyModel(2, shape);
  CHECK_FALSE(CanRefine(borrowing));
  EncodeStats stats;
  const Image image = testing::Scene(40, 30, 3, 8);
  const std::vector<uint8_t> file = Encode(image, Refined(borrowing), &stats);
  CHECK_FALSE(Probe(file).refined);
  CHECK(stats.tiles.mode_tiles[size_t(TileMode::kFlow)] == 1);
}

TEST_CASE("the thorough way takes the smaller of plain and refined") {
  for (const Image& image : {testing::Scene(40, 40, 3, 9), testing::Noise(60, 50, 3, 10),
                             testing::Scene(220, 180, 3, 11)}) {
    EncodeOptions options = Refined(Tiny());
    const size_t refined = Encode(image, options).size();
    options.coding = Coding::kFlow;
    const size_t plain = Encode(image, options).size();
    options.coding = Coding::kThorough;
    CHECK(Encode(image, options).size() <= std::min(plain, refined));
  }
}

#ifdef FLOWZIP_HAVE_PNG
TEST_CASE("photographs get smaller by the default model") {
  if (EmbeddedModels().empty()) return;
  const Image photo = ReadPng(std::string(FLOWZIP_SOURCE_DIR) + "/data/photos/colorado.png");
  EncodeOptions options = Refined(DefaultModel(), 2);
  const auto refined = static_cast<double>(Encode(photo, options).size());
  options.coding = Coding::kFlow;
  CHECK(refined < 0.98 * static_cast<double>(Encode(photo, options).size()));
}
#endif

}  // namespace
}  // namespace flowzip
