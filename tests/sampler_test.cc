// SPDX-License-Identifier: BSD-3-Clause
// Samples are pictures of the model's own: the codec takes them back, at the price of the
// random bits that went in.
#include "analysis/sampler.h"

#include <catch2/catch.hpp>

#include "analysis/colour_gamut.h"
#include "analysis/random_bits.h"
#include "base/error.h"
#include "codec/api/codec.h"
#include "model/embedded.h"
#include "tests/tiny_model.h"
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
  REQUIRE_FALSE(EmbeddedModels().empty());
  for (const int channels : {1, 3}) {
    for (const uint64_t seed : {1, 2, 3}) {
      SampleStats stats;
      const Image sample = Sample(Options(240, 170, channels, seed), &stats);
      REQUIRE(sample.width == 240);
      REQUIRE(sample.samples.size() == size_t{240} * 170 * channels);
      // The stacks work in words of 16 bits: up to one, and a state's play, per lane.
      CHECK(std::abs(stats.bits - static_cast<double>(stats.random_bits)) < 2000);
      EncodeOptions by_model;
      by_model.coding = Coding::kNetwork;
      const std::vector<uint8_t> file = Encode(sample, by_model);
      CHECK(Decode(file, {}).samples == sample.samples);
      const double bits = 8.0 * static_cast<double>(file.size());
      CAPTURE(channels, seed, bits, stats.random_bits, stats.moved);
      // Filters and the frame come on top; fitted ones and narrower ranges save a little. A value
      // moved into range costs what its new place costs.
      CHECK(bits < 1.05 * static_cast<double>(stats.random_bits + 10 * stats.moved) + 8 * 900);
      CHECK(bits > 0.94 * static_cast<double>(stats.random_bits));
    }
  }
}

TEST_CASE("A seed is a picture, on any number of threads") {
  const Model model = testing::TinyModel(7);
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
  encode.coding = Coding::kNetwork;
  DecodeOptions decode;
  decode.model_override = &model;
  CHECK(Decode(Encode(one, encode), decode).samples == one.samples);
}

TEST_CASE("Pinned: the same sample on every machine") {
  const Model model = testing::TinyModel(7);
  SampleOptions options = Options(20, 13, 3, 9);
  options.model = &model;
  uint64_t hash = 0;
  for (const uint8_t sample : Sample(options).samples) hash = (hash ^ sample) * 0x100000001B3u;
  CHECK(hash == 0x60F29B681EED64FBu);
}

TEST_CASE("Kept rows are the picture's own") {
  const Model model = testing::TinyModel(5);
  for (const int channels : {1, 3}) {
    const Image photo = testing::Scene(90, 70, channels, 4);
    for (const uint32_t rows : {0u, 1u, 33u, 70u, 100u}) {
      SampleOptions options;
      options.model = &model;
      options.from = &photo;
      options.kept_rows = rows;
      const Image sample = Sample(options);
      REQUIRE(sample.samples.size() == photo.samples.size());
      const size_t kept = std::min<size_t>(rows, 70) * 90 * static_cast<size_t>(channels);
      CHECK(std::equal(photo.samples.begin(), photo.samples.begin() + static_cast<ptrdiff_t>(kept),
                       sample.samples.begin()));
      if (rows < 70) CHECK_FALSE(sample.samples == photo.samples);
    }
  }
}

TEST_CASE("Colder samples hold less") {
  const Model model = testing::TinyModel(3);
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
}

TEST_CASE("The gamut is that of the lifting") {
  const ColourGamut gamut(Lifting1x1::YCoCgR());
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
  const Model model = testing::TinyModel(3);
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
  CHECK(Sample(options).samples.size() == 75);
}

}  // namespace
}  // namespace flowzip
