// SPDX-License-Identifier: BSD-3-Clause
// The C interface to the density itself: where the bits go, likelihoods, samples.
#include <catch2/catch.hpp>
#include <cmath>
#include <memory>
#include <numeric>
#include <vector>

#include "analysis/sampler.h"
#include "analysis/score.h"
#include "flowzip/flowzip.h"
#include "tests/picture_kinds.h"
#include "tests/tiny_model.h"

namespace flowzip {
namespace {

struct Free {
  void operator()(flz_encoder* encoder) const { flz_encoder_free(encoder); }
};
using EncoderPtr = std::unique_ptr<flz_encoder, Free>;

EncoderPtr NewEncoder() {
  EncoderPtr encoder(flz_encoder_new());
  REQUIRE(encoder != nullptr);
  const std::vector<uint8_t> model = testing::TinyModel(1).Serialize();
  REQUIRE(flz_encoder_set_model(encoder.get(), model.data(), model.size()) == FLZ_OK);
  REQUIRE(flz_encoder_set_threads(encoder.get(), 2) == FLZ_OK);
  return encoder;
}

flz_image ToPicture(const Image& image) {
  flz_image out = {};
  out.width = image.width;
  out.height = image.height;
  out.channels = static_cast<uint32_t>(image.channels);
  out.bit_depth = static_cast<uint32_t>(image.bit_depth);
  out.pixels = image.samples.data();
  out.flags = image.indexed ? FLZ_INDEXED : 0;
  return out;
}

double Sum(const std::vector<float>& bits) {
  return std::accumulate(bits.begin(), bits.end(), 0.0);
}

}  // namespace

TEST_CASE("the bits of all pixels are nearly those of the file, which stays the same") {
  const EncoderPtr encoder = NewEncoder();
  for (const int channels : {1, 3}) {
    const Image image = testing::Scene(300, 200, channels, 9);
    const flz_image picture = ToPicture(image);
    const uint8_t* data = nullptr;
    size_t size = 0;
    REQUIRE(flz_encoder_encode(encoder.get(), &picture, &data, &size) == FLZ_OK);
    const std::vector<uint8_t> file(data, data + size);

    const size_t pixels = size_t{image.width} * image.height;
    std::vector<float> bits(pixels + 1, -1);
    REQUIRE(flz_encoder_set_pixel_bits(encoder.get(), bits.data(), pixels) == FLZ_OK);
    REQUIRE(flz_encoder_encode(encoder.get(), &picture, &data, &size) == FLZ_OK);
    CHECK(std::vector<uint8_t>(data, data + size) == file);
    CHECK(bits.back() == -1);
    bits.pop_back();
    for (const float value : bits) REQUIRE(value >= 0);
    const double sum = Sum(bits);
    CHECK(sum <= 8.0 * static_cast<double>(size));
    CHECK(sum >= 0.5 * 8.0 * static_cast<double>(size));

    REQUIRE(flz_encoder_set_pixel_bits(encoder.get(), bits.data(), pixels - 1) == FLZ_OK);
    CHECK(flz_encoder_encode(encoder.get(), &picture, &data, &size) == FLZ_INVALID_ARGUMENT);
    // 4 bytes a pixel count towards the limit.
    REQUIRE(flz_encoder_set_pixel_bits(encoder.get(), bits.data(), pixels) == FLZ_OK);
    const uint64_t enough = flz_encoder_memory(encoder.get(), &picture) + 4 * pixels;
    REQUIRE(flz_encoder_set_max_memory(encoder.get(), enough - 1) == FLZ_OK);
    CHECK(flz_encoder_encode(encoder.get(), &picture, &data, &size) == FLZ_LIMIT);
    REQUIRE(flz_encoder_set_max_memory(encoder.get(), enough) == FLZ_OK);
    CHECK(flz_encoder_encode(encoder.get(), &picture, &data, &size) == FLZ_OK);
    REQUIRE(flz_encoder_set_max_memory(encoder.get(), 0) == FLZ_OK);

    bits.assign(pixels, -1);
    REQUIRE(flz_encoder_set_pixel_bits(encoder.get(), nullptr, 0) == FLZ_OK);
    CHECK(flz_encoder_encode(encoder.get(), &picture, &data, &size) == FLZ_OK);
    CHECK(Sum(bits) == -static_cast<double>(pixels));
  }
}

TEST_CASE("the score is ScoreImage's, with its bits at their pixels") {
  const EncoderPtr encoder = NewEncoder();
  const Model model = testing::TinyModel(1);
  for (const int channels : {1, 3}) {
    const Image image = testing::Scene(97, 61, channels, 3);
    const flz_image picture = ToPicture(image);
    EncodeOptions options;
    options.model = &model;
    const Score expected = ScoreImage(image, options);
    std::vector<float> bits(size_t{image.width} * image.height, -1);
    REQUIRE(flz_encoder_set_pixel_bits(encoder.get(), bits.data(), bits.size()) == FLZ_OK);
    flz_score score;
    REQUIRE(flz_encoder_score(encoder.get(), &picture, &score) == FLZ_OK);
    CHECK(score.bits == expected.bits);
    CHECK(score.bits_per_dimension == expected.bits_per_dimension);
    CHECK(score.file_bytes == expected.stats.file_bytes);
    CHECK(score.overhead_limit == expected.overhead_limit);
    CHECK(score.bits <= 8.0 * static_cast<double>(score.file_bytes));
    CHECK(Sum(bits) <= score.bits * (1 + 1e-6));
    CHECK(Sum(bits) >= 0.5 * score.bits);
  }
  const Image deep = testing::Scene(16, 16, 2, 3);  // gray and alpha have no likelihood
  const flz_image picture = ToPicture(deep);
  flz_score score;
  score.bits = 1;
  REQUIRE(flz_encoder_set_pixel_bits(encoder.get(), nullptr, 0) == FLZ_OK);
  CHECK(flz_encoder_score(encoder.get(), &picture, &score) == FLZ_UNSUPPORTED);
  CHECK(score.bits == 0);
  CHECK(flz_encoder_score(encoder.get(), &picture, nullptr) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_score(encoder.get(), nullptr, &score) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_score(nullptr, &picture, &score) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_set_pixel_bits(nullptr, nullptr, 0) == FLZ_INVALID_ARGUMENT);
}

TEST_CASE("samples are the sampler's, with and without gaps between the rows") {
  const EncoderPtr encoder = NewEncoder();
  const Model model = testing::TinyModel(1);
  for (const int channels : {1, 3}) {
    SampleOptions options;
    options.model = &model;
    options.width = 41;
    options.height = 23;
    options.channels = channels;
    options.seed = 7;
    options.temperature = 0.5;
    const Image expected = Sample(options);
    const size_t row = expected.row_bytes(), stride = row + 5;
    std::vector<uint8_t> pixels(stride * 23, 0xEE);
    REQUIRE(flz_encoder_sample(encoder.get(), 41, 23, static_cast<uint32_t>(channels), 7, 0.5,
                               pixels.data(), pixels.size() - 5, stride) == FLZ_OK);
    for (uint32_t y = 0; y < 23; ++y) {
      CHECK(std::equal(expected.Row(y), expected.Row(y) + row, &pixels[y * stride]));
      CHECK(pixels[y * stride + row] == 0xEE);
    }
    REQUIRE(flz_encoder_sample(encoder.get(), 41, 23, static_cast<uint32_t>(channels), 7, 0.5,
                               pixels.data(), row * 23, 0) == FLZ_OK);
    CHECK(std::equal(expected.samples.begin(), expected.samples.end(), pixels.begin()));
  }
  uint8_t pixel[4] = {};
  const auto sample = [&](uint32_t width, uint32_t height, uint32_t channels, double temperature,
                          size_t size) {
    return flz_encoder_sample(encoder.get(), width, height, channels, 0, temperature, pixel, size,
                              0);
  };
  CHECK(sample(1, 1, 3, 1, 3) == FLZ_OK);
  CHECK(sample(1, 1, 3, 1, 2) == FLZ_INVALID_ARGUMENT);
  CHECK(sample(0, 1, 3, 1, 4) == FLZ_INVALID_ARGUMENT);
  CHECK(sample(1, 0, 3, 1, 4) == FLZ_INVALID_ARGUMENT);
  CHECK(sample(UINT32_MAX, UINT32_MAX, 3, 1, 4) == FLZ_INVALID_ARGUMENT);
  CHECK(sample(1, 1, 2, 1, 4) == FLZ_UNSUPPORTED);
  CHECK(sample(1, 1, UINT32_MAX, 1, SIZE_MAX / 2) == FLZ_UNSUPPORTED);
  CHECK(sample(1, 1, 3, 0, 4) == FLZ_INVALID_ARGUMENT);
  CHECK(sample(1, 1, 3, std::nan(""), 4) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_sample(nullptr, 1, 1, 1, 0, 1, pixel, 4, 0) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_sample(encoder.get(), 1, 1, 1, 0, 1, nullptr, 4, 0) == FLZ_INVALID_ARGUMENT);
}

}  // namespace flowzip
