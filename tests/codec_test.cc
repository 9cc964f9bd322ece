// SPDX-License-Identifier: BSD-3-Clause
// Whole pictures: any size and content comes back, the same bytes on every way there, and
// never more of them than the model's own probabilities ask for.
#include "codec/api/codec.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <string>

#include "model/embedded.h"
#include "model/simd_targets.h"
#include "tests/codec_options.h"
#include "tests/every_target.h"
#ifdef FLOWZIP_HAVE_PNG
#include "tests/photos.h"
#endif

namespace flowzip {
namespace {

using testing::From;
using testing::Random;
using testing::Tiny;
using testing::TinyModel;
using testing::To;

EncodeOptions ByDefaultModel() {
  EncodeOptions options;
  options.coding = Coding::kNetwork;
  return options;
}

void RequireSame(const Image& a, const Image& b) {
  REQUIRE(a.width == b.width);
  REQUIRE(a.height == b.height);
  REQUIRE(a.channels == b.channels);
  REQUIRE(a.bit_depth == b.bit_depth);
  REQUIRE(a.samples == b.samples);
}

void RoundTrip(const Image& image, const Model& model, int tile_log2 = kDefaultTileLog2) {
  CAPTURE(image.width, image.height, image.channels, tile_log2);
  const std::vector<uint8_t> file = Encode(image, To(model, 1, tile_log2));
  RequireSame(Decode(file, From(model)), image);
}

// One of each content, by number.
constexpr int kContents = 5;
Image Content(int content, uint32_t width, uint32_t height, int channels) {
  switch (content) {
    case 0: return testing::Noise(width, height, channels, width * 31 + height);
    case 1: return testing::Checkerboard(width, height, channels);
    case 2: return testing::Gradient(width, height, channels);
    case 3: return testing::Flat(width, height, channels, 200);
    default: return testing::Scene(width, height, channels, width + height);
  }
}

TEST_CASE("all sizes from 1 x 1 to 9 x 9, all contents, gray and RGB") {
  for (uint32_t width = 1; width <= 9; ++width) {
    for (uint32_t height = 1; height <= 9; ++height) {
      for (const int channels : {1, 3}) {
        for (int content = 0; content < kContents; ++content) {
          RoundTrip(Content(content, width, height, channels), Tiny());
        }
      }
    }
  }
}

TEST_CASE("lines, odd sizes, and sizes around the powers of two") {
  for (const auto& [width, height] : {std::pair{1, 100},
                                      {100, 1},
                                      {1, 1030},
                                      {1030, 1},
                                      {2, 77},
                                      {77, 2},
                                      {10, 10},
                                      {15, 17},
                                      {16, 16},
                                      {31, 33},
                                      {33, 31},
                                      {63, 64},
                                      {65, 66},
                                      {127, 50},
                                      {129, 131}}) {
    for (const int channels : {1, 3}) {
      for (int content = 0; content < kContents; ++content) {
        RoundTrip(Content(content, width, height, channels), Tiny());
      }
    }
  }
}

TEST_CASE("one channel constant, two values only, and single samples that stand out") {
  Image image = testing::Scene(50, 41, 3, 5);
  for (size_t i = 1; i < image.samples.size(); i += 3) image.samples[i] = image.samples[i - 1];
  RoundTrip(image, Tiny());  // R = G
  image = testing::Flat(45, 52, 3, 0);
  image.samples[3 * (20 * 45 + 7) + 1] = 255;
  RoundTrip(image, Tiny());
  image = testing::Flat(45, 52, 1, 255);
  image.samples.back() = 0;
  RoundTrip(image, Tiny());
  image.samples.back() = 254;
  RoundTrip(image, Tiny());
}

TEST_CASE("several tiles of every small size") {
  for (const int tile_log2 : {4, 5, 6}) {
    for (const auto& [width, height] : {std::pair{70, 40}, {16, 65}, {129, 17}, {33, 1}}) {
      for (const int channels : {1, 3}) {
        for (const int content : {0, 3, 4}) {
          RoundTrip(Content(content, width, height, channels), Tiny(), tile_log2);
        }
      }
    }
  }
}

TEST_CASE("random pictures with random models") {
  Random random(1);
  for (uint32_t seed = 0; seed < 30; ++seed) {
    const testing::TinyShape shape{random.Between(1, 40), random.Between(0, 3),
                                   random.Between(1, 8)};
    const Model model = TinyModel(seed, shape);
    RoundTrip(Content(random.Between(0, kContents - 1), random.Between(1, 90),
                      random.Between(1, 90), random.Between(0, 1) ? 3 : 1),
              model, random.Between(4, 7));
  }
}

TEST_CASE("the embedded model: no --model needed, and the statistics of both ways agree") {
  REQUIRE_FALSE(EmbeddedModels().empty());
  for (const Image& image : {testing::Scene(70, 61, 3, 1), testing::Noise(40, 30, 3, 1),
                             testing::Scene(33, 90, 1, 2), testing::Checkerboard(25, 26, 3)}) {
    EncodeStats encoded;
    DecodeStats decoded;
    const std::vector<uint8_t> file = Encode(image, ByDefaultModel(), &encoded);
    RequireSame(Decode(file, {}, &decoded), image);
    CHECK(encoded.file_bytes == file.size());
    CHECK(decoded.file_bytes == file.size());
    CHECK(encoded.tiles.total_bits() == Approx(decoded.tiles.total_bits()).epsilon(1e-12));
    CHECK(encoded.tiles.side_bits == decoded.tiles.side_bits);
    CHECK(encoded.tiles.channel_bytes == decoded.tiles.channel_bytes);
    CHECK(encoded.info.model_hash == DefaultModel().hash());
    const FileInfo info = Probe(file);
    CHECK(info.width == image.width);
    CHECK(info.payload_bytes == encoded.info.payload_bytes);
  }
}

TEST_CASE("the same bytes and pixels for 1, 2 and 3 jobs") {
  // Large enough for a state in every lane and, with small tiles, for many tiles.
  const Image large = testing::Scene(600, 450, 3, 3), odd = testing::Noise(131, 77, 1, 4);
  for (const Image* image : {&large, &odd}) {
    for (const int tile_log2 : {6, 10}) {
      EncodeStats expected;
      const auto file = Encode(*image, To(Tiny(), 1, tile_log2), &expected);
      for (const int jobs : {2, 3, 5}) {
        EncodeStats stats;
        CHECK(Encode(*image, To(Tiny(), jobs, tile_log2), &stats) == file);
        CHECK(stats.tiles.total_bits() == expected.tiles.total_bits());
      }
      for (const int jobs : {1, 2, 3}) RequireSame(Decode(file, From(Tiny(), jobs)), *image);
    }
  }
}

TEST_CASE("the same bytes and pixels for every instruction set and the scalar definition") {
  REQUIRE_FALSE(EmbeddedModels().empty());
  const std::vector<const Model*> models = {&Tiny(), &DefaultModel()};
  for (const Model* model : models) {
    for (const Image& image : {testing::Scene(97, 75, 3, 5), testing::Noise(40, 33, 3, 6),
                               testing::Scene(70, 50, 1, 7)}) {
      REQUIRE(ForceSimdTarget(kScalarDefinition));
      const auto file = Encode(image, To(*model));
      testing::OnEveryTarget([&] {
        CHECK(Encode(image, To(*model, 2)) == file);
        RequireSame(Decode(file, From(*model, 2)), image);
      });
    }
  }
}

// File size <= the model's own -log2 p * 1.003 + 150 bytes, for one tile of 64 x 64 or more.
void CheckSize(const Image& image, const Model& model) {
  EncodeStats stats;
  const std::vector<uint8_t> file = Encode(image, To(model, 2), &stats);
  const double ideal = stats.tiles.total_bits() / 8;
  CAPTURE(image.width, image.height, image.channels, ideal);
  CHECK(static_cast<double>(file.size()) <= 1.003 * ideal + 150);
  // And the probabilities are real ones: nobody codes in fewer bits than that.
  CHECK(static_cast<double>(file.size()) >= ideal);
}

TEST_CASE("files are as small as the model's probabilities allow") {
  REQUIRE_FALSE(EmbeddedModels().empty());
  const std::vector<const Model*> models = {&Tiny(), &DefaultModel()};
  for (const Model* model : models) {
    for (int content = 0; content < kContents; ++content) {
      for (const int channels : {1, 3}) {
        CheckSize(Content(content, 64, 64, channels), *model);
        CheckSize(Content(content, 65, 131, channels), *model);
        CheckSize(Content(content, 200, 150, channels), *model);
      }
    }
    CheckSize(testing::Scene(700, 500, 3, 8), *model);
  }
#ifdef FLOWZIP_HAVE_PNG
  for (const char* const name : {"colorado", "dome", "moon-gray"}) {
    for (const Model* model : models) CheckSize(testing::Photo(name), *model);
  }
#endif
}

TEST_CASE("a picture of one colour needs no more than its header") {
  EncodeStats stats;
  const auto file = Encode(testing::Flat(1024, 1024, 3, 7), To(Tiny()), &stats);
  CHECK(file.size() < 60);
  CHECK(stats.tiles.total_bits() == 0);
}

TEST_CASE("a model that knows a picture better makes it smaller than noise") {
  const auto scene = Encode(testing::Scene(128, 128, 3, 9), To(Tiny()));
  const auto noise = Encode(testing::Noise(128, 128, 3, 9), To(Tiny()));
  CHECK(scene.size() * 10 < noise.size() * 9);
}

TEST_CASE("progress counts all pixels, once") {
  const Image image = testing::Scene(70, 40, 1, 1);
  uint64_t last = 0;
  int calls = 0;
  const auto progress = [&](uint64_t done, uint64_t total) {
    CHECK(total == 2800);
    CHECK(done > last);
    last = done;
    ++calls;
  };
  const auto file = Encode(image, To(Tiny(), 1, 5), nullptr, progress);
  CHECK(last == 2800);
  CHECK(calls == 6);
  last = 0;
  Decode(file, From(Tiny()), nullptr, progress);
  CHECK(last == 2800);
  CHECK(calls == 12);
}

TEST_CASE("what reading the rows throws is what encoding throws, whoever runs into it") {
  const Image image = testing::Noise(50, 300, 1, 5);
  struct Failed {};
  for (const int jobs : {1, 2, 5}) {
    for (const int fail_at : {1, 2, 4}) {
      EncodeOptions options = To(Tiny(), jobs, 5);
      int calls = 0;
      options.rows = [&](uint32_t) {
        if (++calls == fail_at) throw Failed{};
      };
      CHECK_THROWS_AS(Encode(image, options), Failed);
      CHECK(calls == fail_at);
    }
  }
}

TEST_CASE("pictures and options that make no sense are refused") {
  const auto code = [](const Image& image, const EncodeOptions& options) {
    try {
      Encode(image, options);
    } catch (const Error& error) {
      return static_cast<int>(error.code());
    }
    return 0;
  };
  constexpr int kInvalid = static_cast<int>(ErrorCode::kInvalidArgument);
  const Image good = testing::Flat(4, 4, 3, 1);
  CHECK(code(good, To(Tiny())) == 0);
  CHECK(code(good, To(Tiny(), 0)) == kInvalid);
  CHECK(code(good, To(Tiny(), 1, 3)) == kInvalid);
  CHECK(code(good, To(Tiny(), 1, 13)) == kInvalid);
  Image image = good;
  image.samples.pop_back();
  CHECK(code(image, To(Tiny())) == kInvalid);
  image = good;
  image.width = 0;
  image.samples.clear();
  CHECK(code(image, To(Tiny())) == kInvalid);
  for (const int channels : {0, 5}) {
    CHECK(code(testing::Flat(4, 4, channels, 1), To(Tiny())) == kInvalid);
  }
  image = good;
  image.bit_depth = 16;  // with samples of one byte
  CHECK(code(image, To(Tiny())) == kInvalid);
  image = testing::Flat(4, 4, 1, 3);
  image.bit_depth = 2;
  CHECK(code(image, To(Tiny())) == 0);
  image.samples[5] = 4;
  CHECK(code(image, To(Tiny())) == kInvalid);
  image = testing::Flat(4, 4, 1, 3);
  image.indexed = true;  // without a palette
  CHECK(code(image, To(Tiny())) == kInvalid);
}

}  // namespace
}  // namespace flowzip
