// SPDX-License-Identifier: BSD-3-Clause
// Colour conversions: the maps, their inverse, and pictures that were converted once.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <string>

#include "codec/api/codec.h"
#include "codec/planes/colour_lattice.h"
#include "codec/planes/recovered_colour.h"
#include "model/embedded.h"
#include "model/lifting1x1.h"
#include "rans/escape.h"
#include "tests/converted.h"
#include "tests/tiny_model.h"
#ifdef FLOWZIP_HAVE_PNG
#include "tests/photos.h"
#endif

namespace flowzip {
namespace {

using testing::Converted;
using testing::Random;

constexpr ColourConversion kAll[] = {ColourConversion::kJfif, ColourConversion::kPhotoCd};

bool Clipped(const Colour& rgb) {
  return std::any_of(rgb.begin(), rgb.end(), [](int32_t v) { return v == 0 || v == 255; });
}

// However the planes hold the colour.
bool OnLattice(const Colour& rgb) {
  const auto [r, g, b] = rgb;
  const bool on = ColourLattice(PlaneColours::kGreenFirst).Has(g, r, b);
  std::array<int32_t, 3> lifted = rgb;
  std::array<int32_t*, kChannels> rows{&lifted[0], &lifted[1], &lifted[2]};
  Lifting1x1::YCoCgR().Forward(rows, 1);
  const ColourLattice of_lifted(PlaneColours::kLifted);
  CHECK(of_lifted.Rgb(*rows[0], *rows[1], *rows[2]) == rgb);
  CHECK(of_lifted.Has(*rows[0], *rows[1], *rows[2]) == on);
  for (int count : {8, 9}) {
    const uint32_t mask = of_lifted.Mask(*rows[0], *rows[1], *rows[2] - 3, count);
    for (int k = 0; k < count; ++k) {
      CHECK((mask >> k & 1) == uint32_t{of_lifted.Has(*rows[0], *rows[1], *rows[2] - 3 + k)});
    }
    CHECK(mask >> count == 0);
  }
  return on;
}

TEST_CASE("the lattice is what JFIF reaches, but for clipped colours, which all belong to it") {
  const ColourConverter& jfif = ColourConverter::Of(ColourConversion::kJfif);
  Random random(11);
  int inside = 0;
  for (int i = 0; i < 20000; ++i) {
    const Colour rgb{random.Between(0, 255), random.Between(0, 255), random.Between(0, 255)};
    Colour ycc;
    if (Clipped(rgb)) {
      CHECK(OnLattice(rgb));
    } else if (jfif.FindPreimage(rgb, {}, &ycc)) {
      CHECK(OnLattice(rgb));
      ++inside;
    } else if (OnLattice(rgb)) {
      // Its brightness would be below 0 or above 255: differences do not tell.
      const int32_t most = std::max({rgb[0], rgb[1], rgb[2]});
      const int32_t least = std::min({rgb[0], rgb[1], rgb[2]});
      CHECK((most < 180 || least > 75));
    }
  }
  CHECK(inside > 3000);  // a quarter
  for (const int32_t v : {-1, 256, 65535}) CHECK(!OnLattice({v, 100, 100}));
  CHECK(!ColourLattice(PlaneColours::kOther).Knows(2));
  CHECK(!ColourLattice(PlaneColours::kLifted).Knows(1));
}

TEST_CASE("JFIF is the formula of the standard, rounded") {
  const ColourConverter& jfif = ColourConverter::Of(ColourConversion::kJfif);
  for (int y = 0; y < 256; y += 3) {
    for (int c1 = -128; c1 < 128; ++c1) {
      for (int c2 = -128; c2 < 128; ++c2) {
        const Colour rgb = jfif.ToRgb({y, c1, c2});
        const double exact[] = {y + 1.402 * c2, y - 0.344136286 * c1 - 0.714136286 * c2,
                                y + 1.772 * c1};
        for (size_t c = 0; c < 3; ++c) {
          // 2^-17 in a coefficient may tip what is nearly half.
          if (std::abs(rgb[c] - std::clamp(exact[c], 0.0, 255.0)) > 0.502) {
            FAIL(y << " " << c1 << " " << c2);
          }
        }
      }
    }
  }
}

TEST_CASE("PhotoCD by its decimal formula") {
  const ColourConverter& photo_cd = ColourConverter::Of(ColourConversion::kPhotoCd);
  CHECK(photo_cd.ToRgb({0, 0, 0}) == Colour{0, 0, 0});
  CHECK(photo_cd.ToRgb({100, 0, 0}) == Colour{135, 135, 135});
  // 135.84 + 18.215, 135.84 - 0.194 * floor(-22.179) - 0.509 * 18, 135.84 - 22.179
  CHECK(photo_cd.ToRgb({100, -10, 10}) == Colour{154, 131, 113});
  CHECK(photo_cd.ToRgb({255, 0, 0}) == Colour{255, 255, 255});
  CHECK(photo_cd.min_chroma(1) == -156);
  CHECK(photo_cd.max_chroma(2) == 118);
}

TEST_CASE("every colour that is reached has a preimage, and an unclipped one has no other") {
  Random random(1);
  for (const ColourConversion conversion : kAll) {
    INFO(ColourConversionName(conversion));
    const ColourConverter& converter = ColourConverter::Of(conversion);
    const int step = 3;
    for (int y = 0; y < 256; y += step) {
      for (int c1 = converter.min_chroma(1) + y % step; c1 <= converter.max_chroma(1); c1 += step) {
        for (int c2 = converter.min_chroma(2) + c1 % step + step - 1; c2 <= converter.max_chroma(2);
             c2 += step) {
          const Colour ycc{y, std::min(c1, converter.max_chroma(1)), c2};
          const Colour rgb = converter.ToRgb(ycc);
          const bool clipped = Clipped(rgb);
          if (clipped && random.Between(0, 15) != 0) continue;
          const Colour near{random.Between(0, 255), random.Between(-100, 100),
                            random.Between(-100, 100)};
          Colour found{}, again{};
          REQUIRE(converter.FindPreimage(rgb, near, &found));
          REQUIRE(converter.InRange(found));
          REQUIRE(converter.ToRgb(found) == rgb);
          if (!clipped) REQUIRE(found == ycc);
          // Asked for by name, it is found itself.
          REQUIRE(converter.FindPreimage(rgb, ycc, &again));
          REQUIRE(again == ycc);
        }
      }
    }
  }
}

TEST_CASE("a colour without a preimage has none") {
  for (const ColourConversion conversion : kAll) {
    INFO(ColourConversionName(conversion));
    const ColourConverter& converter = ColourConverter::Of(conversion);
    // All colours with r = 60, by going through all (y, c1, c2).
    std::vector<bool> reached(1 << 16);
    for (int y = 0; y < 256; ++y) {
      for (int c2 = converter.min_chroma(2); c2 <= converter.max_chroma(2); ++c2) {
        if (converter.ToRgb({y, 0, c2})[0] != 60) continue;
        for (int c1 = converter.min_chroma(1); c1 <= converter.max_chroma(1); ++c1) {
          const Colour rgb = converter.ToRgb({y, c1, c2});
          reached[static_cast<size_t>(rgb[1] * 256 + rgb[2])] = true;
        }
      }
    }
    size_t none = 0;
    for (int g = 0; g < 256; ++g) {
      for (int b = 0; b < 256; ++b) {
        Colour ycc;
        const bool found = converter.FindPreimage({60, g, b}, {60, 0, 0}, &ycc);
        none += !found;
        if (found != reached[static_cast<size_t>(g * 256 + b)]) FAIL(g << " " << b);
      }
    }
    CHECK(none > 10000);
  }
}

TEST_CASE("of many preimages a near one is taken") {
  const ColourConverter& converter = ColourConverter::Of(ColourConversion::kPhotoCd);
  Colour ycc;
  REQUIRE(converter.FindPreimage({255, 255, 255}, {200, -3, 4}, &ycc));
  CHECK(ycc == Colour{200, -3, 4});
  REQUIRE(converter.FindPreimage({255, 255, 255}, {100, 0, 0}, &ycc));
  CHECK(ycc[0] >= 180);
  CHECK(ycc[0] <= 200);
  REQUIRE(converter.FindPreimage({255, 255, 255}, {100000, -100000, 0}, &ycc));
  CHECK(converter.ToRgb(ycc) == Colour{255, 255, 255});
}

struct Coded {
  size_t bytes;
  TileStats stats;
};

Coded RoundTrip(const Image& image, const Model& model, bool recover, int tile_log2 = 10) {
  EncodeOptions options;
  options.coding = Coding::kNetwork;
  options.model = &model;
  options.recover_colour = recover;
  options.tile_log2 = tile_log2;
  EncodeStats stats;
  const std::vector<uint8_t> file = Encode(image, options, &stats);
  DecodeOptions decode;
  decode.model_override = &model;
  DecodeStats decoded;
  REQUIRE(Decode(file, decode, &decoded).samples == image.samples);
  CHECK(decoded.tiles.conversion_tiles == stats.tiles.conversion_tiles);
  CHECK(decoded.tiles.colour_exceptions == stats.tiles.colour_exceptions);
  CHECK(decoded.tiles.exception_bytes == stats.tiles.exception_bytes);
  CHECK(decoded.tiles.side_bits == Approx(stats.tiles.side_bits));
  return {file.size(), stats.tiles};
}

// Whether no tile was converted back.
bool NoneRecovered(const Coded& coded) {
  const auto& tiles = coded.stats.conversion_tiles;
  return tiles[size_t{1}] + tiles[size_t{2}] == 0;  // JFIF, PhotoCD
}

uint64_t Tiles(const Coded& coded, ColourConversion conversion) {
  return coded.stats.conversion_tiles[static_cast<size_t>(conversion)];
}

TEST_CASE("tiles choose independently, and exceptions are kept") {
  const Model model = testing::TinyModel(1);
  Image image = testing::Scene(96, 64, 3, 4);
  const Image jfif = Converted(image, int(ColourConversion::kJfif), 0, false);
  const Image photo_cd = Converted(image, int(ColourConversion::kPhotoCd), 0, false);
  for (size_t y = 0; y < 64; ++y) {  // three tiles of 32 columns each: one of either, one of none
    std::copy_n(&jfif.samples[3 * 96 * y], 3 * 32, &image.samples[3 * 96 * y]);
    std::copy_n(&photo_cd.samples[3 * (96 * y + 32)], 3 * 32, &image.samples[3 * (96 * y + 32)]);
  }
  const Coded clean = RoundTrip(image, model, true, 5);
  CHECK(Tiles(clean, ColourConversion::kJfif) == 2);
  CHECK(Tiles(clean, ColourConversion::kPhotoCd) == 2);
  CHECK(Tiles(clean, ColourConversion::kNone) == 2);
  CHECK(clean.stats.colour_exceptions == 0);

  // The first pixel, two beside each other, the last: none on the lattice.
  const ColourConverter& converter = ColourConverter::Of(ColourConversion::kJfif);
  for (const size_t pixel :
       {size_t{0}, size_t{7 * 96 + 3}, size_t{7 * 96 + 4}, size_t{31 * 96 + 31}}) {
    uint8_t* p = &image.samples[3 * pixel];
    Colour ycc;
    while (converter.FindPreimage({p[0], p[1], p[2]}, {0, 0, 0}, &ycc)) p[1] = uint8_t(p[1] + 1);
  }
  const Coded planted = RoundTrip(image, model, true, 5);
  CHECK(Tiles(planted, ColourConversion::kJfif) == 2);
  CHECK(planted.stats.colour_exceptions == 4);
  CHECK(planted.stats.exception_bytes < 30);
  CHECK(Tiles(RoundTrip(image, model, false, 5), ColourConversion::kNone) == 6);

  // Too many exceptions: as RGB.
  Random random(2);
  for (uint8_t& sample : image.samples) sample ^= random.Between(0, 9) == 0;
  CHECK(Tiles(RoundTrip(image, model, true, 5), ColourConversion::kNone) == 6);
}

TEST_CASE("gray as RGB, and a few colours, are no conversion") {
  const Model model = testing::TinyModel(1);
  Image gray = testing::Scene(40, 40, 3, 5);
  for (size_t i = 0; i < gray.samples.size(); i += 3) {
    gray.samples[i + 1] = gray.samples[i + 2] = gray.samples[i];
  }
  CHECK(NoneRecovered(RoundTrip(gray, model, true)));
  CHECK(RoundTrip(gray, model, true).bytes == RoundTrip(gray, model, false).bytes);
  Image few = testing::Flat(40, 40, 3, 80);
  const ColourConverter& converter = ColourConverter::Of(ColourConversion::kJfif);
  for (size_t i = 0; i < few.samples.size() / 3; ++i) {
    const Colour rgb = converter.ToRgb({100 + static_cast<int>(i % 5), 10, -20});
    for (size_t c = 0; c < 3; ++c) few.samples[3 * i + c] = uint8_t(rgb[c]);
  }
  CHECK(NoneRecovered(RoundTrip(few, model, true)));
}

TEST_CASE("clipped areas, all of them, and columns of one pixel") {
  const Model model = testing::TinyModel(1);
  Image image = testing::Scene(64, 48, 3, 6);
  for (uint8_t& sample : image.samples) sample = uint8_t(std::clamp(2 * sample - 128, 0, 255));
  for (const ColourConversion conversion : kAll) {
    const Image converted = Converted(image, int(conversion), 0, true);
    RecoveredColour recovered =
        RecoveredColour::Recover(converted, {0, 0, converted.width, converted.height});
    CHECK(recovered.conversion == conversion);
    CHECK(recovered.exceptions.empty());
    RoundTrip(converted, model, true);
    RoundTrip(Converted(testing::Scene(1, 90, 3, 7), int(conversion), 0, false), model, true);
    RoundTrip(Converted(testing::Scene(90, 1, 3, 7), int(conversion), 0, false), model, true);
  }
  RoundTrip(testing::Flat(30, 30, 3, 255), model, true);
}

#ifdef FLOWZIP_HAVE_PNG
TEST_CASE("photographs that were converted become much smaller") {
  const Model& model = DefaultModel();
  for (const char* name : {"dome", "dunes"}) {
    const Image photo = testing::Photo(name);
    for (const ColourConversion conversion : kAll) {
      for (const bool half : {false, true}) {
        INFO(name << " " << ColourConversionName(conversion) << (half ? ", half" : ""));
        const Image image = Converted(photo, int(conversion), 0, half);
        const Coded with = RoundTrip(image, model, true), without = RoundTrip(image, model, false);
        CHECK(Tiles(with, conversion) == 1);
        CHECK(with.stats.colour_exceptions == 0);
        // JFIF's lattice is known without as well: 0.95 to 0.98, with half 0.88; PhotoCD's is not.
        const bool known = conversion == ColourConversion::kJfif && !half;
        CHECK(static_cast<double>(with.bytes) <
              (known ? 0.99 : 0.88) * static_cast<double>(without.bytes));
      }
    }
  }
}
#endif

std::vector<uint8_t> ExceptionBytes(uint8_t id, uint64_t count, const std::vector<uint32_t>& values,
                                    uint64_t pixels) {
  ByteWriter writer;
  writer.Put(id);
  writer.PutVarint(count);
  SymbolLog log;
  int order = 0;
  while (count > 0 && (pixels / count) >> (order + 1) != 0) ++order;
  for (size_t i = 0; i < values.size(); ++i) log.AddExpGolomb(values[i], i % 4 == 0 ? order : 0);
  const std::vector<uint8_t> stream = log.EncodeAll(1);
  writer.PutVarint(stream.size());
  writer.PutBytes(stream);
  return writer.Take();
}

std::string Refusal(const std::vector<uint8_t>& bytes, uint64_t pixels) {
  try {
    ByteReader reader(bytes);
    size_t exception_bytes = 0;
    const RecoveredColour colour = RecoveredColour::Read(pixels, reader, &exception_bytes);
    return "accepted " + std::to_string(colour.exceptions.size());
  } catch (const Error& error) {
    return error.what();
  }
}

TEST_CASE("hostile exceptions are refused") {
  CHECK(Refusal(ExceptionBytes(1, 2, {5, 1, 0, 0, 0, 0, 2, 0}, 100), 100) == "accepted 2");
  CHECK(Refusal({0}, 100) == "accepted 0");
  CHECK(Refusal({1, 0}, 100) == "accepted 0");
  CHECK(Refusal({4, 0}, 100) == "unknown colour conversion");
  CHECK(Refusal({255}, 100) == "unknown colour conversion");
  CHECK(Refusal(ExceptionBytes(1, 101, {}, 100), 100) == "more exceptions than pixels");
  CHECK(Refusal(ExceptionBytes(1, 1, {100, 1, 0, 0}, 100), 100) == "exception outside the tile");
  CHECK(Refusal(ExceptionBytes(1, 2, {99, 1, 0, 0, 0, 1, 0, 0}, 100), 100) ==
        "exception outside the tile");
  // A step back would be a gap of -1.
  CHECK(Refusal(ExceptionBytes(1, 2, {5, 1, 0, 0, UINT32_MAX, 1, 0, 0}, 100), 100) ==
        "exception outside the tile");
  CHECK(Refusal(ExceptionBytes(2, 1, {5, 0, 0, 0}, 100), 100) == "exception that is none");
  CHECK(Refusal(ExceptionBytes(2, 1, {5, 0, 0, 511}, 100), 100) == "exception out of range");
  CHECK(Refusal(ExceptionBytes(2, 1, {5, 1, 0, 0, 1}, 100), 100) ==
        "rANS stream ends in a wrong state");
}

}  // namespace
}  // namespace flowzip
