// SPDX-License-Identifier: BSD-3-Clause
// Samples are pictures of the model's own: the codec takes them back, at the price of the
// random bits that went in.
#include "analysis/sampler.h"

#include <catch2/catch.hpp>

#include "analysis/level_sampler.h"
#include "analysis/score.h"
#include "base/error.h"
#include "codec/api/codec.h"
#include "model/embedded.h"
#include "tests/density_model.h"
#include "tools/png_io.h"

namespace flowzip {
namespace {

SampleOptions Options(uint32_t width, uint32_t height, int channels, uint64_t seed) {
  SampleOptions options;
  options.width = width;
  options.height = height;
  options.channels = channels;
  options.seed = seed;
  return options;
}

TEST_CASE("SplitMix64 is the published generator") {
  SplitMix64 random(1234567);  // reference values of the authors' splitmix64.c
  CHECK(random.Next() == 6457827717110365317u);
  CHECK(random.Next() == 3203168211198807973u);
}

TEST_CASE("Samples encode to about the random bits they were made from") {
  if (EmbeddedModels().empty()) return;
  for (const int channels : {1, 3}) {
    for (const uint64_t seed : {1, 2, 3}) {
      SampleStats stats;
      const Image sample = Sample(Options(240, 170, channels, seed), &stats);
      REQUIRE(sample.width == 240);
      REQUIRE(sample.samples.size() == size_t{240} * 170 * channels);
      // The stacks work in words of 16 bits: up to one, and a state's play, per lane.
      CHECK(std::abs(stats.bits - static_cast<double>(stats.random_bits)) < 2000);
      EncodeOptions by_model;
      by_model.coding = Coding::kFlow;
      const std::vector<uint8_t> file = Encode(sample, by_model);
      CHECK(Decode(file, {}).samples == sample.samples);
      const double bits = 8.0 * static_cast<double>(file.size());
      CAPTURE(channels, seed, bits, stats.random_bits, stats.moved);
      // The base and the frame come on top; fitted filters and narrower ranges save a little. A
      // value moved into range costs what its new place costs.
      CHECK(bits < 1.03 * static_cast<double>(stats.random_bits + 10 * stats.moved) + 8 * 400);
      CHECK(bits > 0.94 * static_cast<double>(stats.random_bits));
    }
  }
}

TEST_CASE("A seed is a picture, on any number of threads") {
  const Model model = TinyModel(7, 0);
  SampleOptions options = Options(70, 45, 3, 9);
  options.model = &model;
  const Image one = Sample(options);
  options.jobs = 3;
  CHECK(Sample(options).samples == one.samples);
  options.seed = 10;
  CHECK_FALSE(Sample(options).samples == one.samples);
  // Forward and back: whatever a wild model draws is a valid picture.
  EncodeOptions encode;
  encode.model = &model;
  encode.coding = Coding::kFlow;
  DecodeOptions decode;
  decode.model_override = &model;
  CHECK(Decode(Encode(one, encode), decode).samples == one.samples);
}

TEST_CASE("Pinned: the same sample on every machine") {
  const Model model = TinyModel(7, 0);
  SampleOptions options = Options(20, 13, 3, 9);
  options.model = &model;
  uint64_t hash = 0;
  for (const uint8_t sample : Sample(options).samples) hash = (hash ^ sample) * 0x100000001B3u;
  CHECK(hash == 0x4DEE73E1F6A46823u);
}

TEST_CASE("Kept levels are the picture's own") {
  if (EmbeddedModels().empty()) return;
  const Image photo = ReadPng(FLOWZIP_SOURCE_DIR "/data/photos/dome.png");
  for (const int levels : {0, 1, 2, 12}) {
    SampleOptions options;
    options.from = &photo;
    options.levels = levels;
    options.seed = 4;
    const Image sample = Sample(options);
    REQUIRE(sample.samples.size() == photo.samples.size());
    size_t same = 0, kept = 0, kept_same = 0;
    for (uint32_t y = 0; y < photo.height; ++y) {
      for (uint32_t x = 0; x < photo.width; ++x) {
        const size_t at = (size_t{y} * photo.width + x) * 3;
        const bool equal =
            std::equal(&photo.samples[at], &photo.samples[at] + 3, &sample.samples[at]);
        const bool keep = ((x | y) & ((1u << std::min(levels, 6)) - 1)) == 0;
        same += equal;
        kept += keep;
        kept_same += keep && equal;
      }
    }
    CHECK(kept_same == kept);
    if (levels == 0) CHECK(same == size_t{photo.width} * photo.height);
    if (levels > 0) CHECK(same < size_t{photo.width} * photo.height / 2);
  }
}

TEST_CASE("Colder samples hold less") {
  const Model model = TinyModel(3, 0);
  double last = 0;
  for (const double temperature : {0.25, 0.5, 1.0, 2.0}) {
    SampleOptions options = Options(64, 64, 1, 1);
    options.model = &model;
    options.temperature = temperature;
    SampleStats stats;
    Sample(options, &stats);
    CHECK(stats.bits > last);
    last = stats.bits;
  }
  const Temperature plain(1);
  CHECK(plain.divisor == 256);
  CHECK(plain.scale_shift == 0);
}

TEST_CASE("The gamut is that of the lifting") {
  const ColourGamut gamut(Lifting1x1::YCoCgR(), 3);
  CHECK(gamut.range(0).min == 0);
  CHECK(gamut.range(0).max == 255);
  CHECK(gamut.range(1).min == -255);
  CHECK(gamut.range(2).max == 255);
  const int32_t white[] = {255, 0};
  CHECK(gamut.Given(2, white).min == 0);
  CHECK(gamut.Given(2, white).max == 0);
  const int32_t black[] = {0, 0};
  CHECK(gamut.Given(1, black).max <= 4);
}

TEST_CASE("Samples that cannot be are refused") {
  const Model model = TinyModel(3, 0);
  const auto refuse = [&](SampleOptions options) {
    options.model = &model;
    CHECK_THROWS_AS(Sample(options), Error);
  };
  refuse(Options(0, 5, 3, 0));
  refuse(Options(5, 4097, 3, 0));
  refuse(Options(5, 5, 2, 0));
  SampleOptions options = Options(5, 5, 3, 0);
  options.temperature = 17;
  refuse(options);
  options.temperature = 1;
  options.jobs = 0;
  refuse(options);
  options.jobs = 1;
  options.model = &model;
  CHECK(Sample(options).samples.size() == 75);  // the base alone
  Model wide = TinyModel(3, 0);
  wide.lifting = Lifting1x1({{0, {0, 4, 4}, 0}}, {0, 1, 2});
  wide.Serialize();
  options.model = &wide;
  CHECK_THROWS_WITH(Sample(options), "the model's lifting widens samples too much");
}

}  // namespace
}  // namespace flowzip
