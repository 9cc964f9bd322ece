// SPDX-License-Identifier: BSD-3-Clause
// The map of bits: the same from both sides, and adding up to the model's -log2 p.
#include "codec/account/pixel_bits.h"

#include <catch2/catch.hpp>
#include <numeric>

#include "codec/api/codec.h"
#include "model/embedded.h"

namespace flowzip {
namespace {

Image Noise(uint32_t width, uint32_t height, int channels) {
  Image image{width, height, channels, 8, {}};
  uint32_t state = 1;
  for (uint64_t i = 0; i < image.sub_pixels(); ++i) {
    state = state * 1664525u + 1013904223u;
    image.samples.push_back(static_cast<uint8_t>((i / channels) % width / 2 + (state >> 28)));
  }
  return image;
}

double Sum(const std::vector<float>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

TEST_CASE("The bits of all pixels and the filters' are all there are") {
  if (EmbeddedModels().empty()) return;
  for (const int channels : {1, 3}) {
    // Four tiles, the right and lower ones of odd sizes.
    const Image image = Noise(101, 77, channels);
    PixelBits encoded, decoded;
    EncodeOptions encode;
    encode.tile_log2 = 6;
    encode.coding = Coding::kFlow;
    encode.pixel_bits = &encoded;
    EncodeStats stats;
    const std::vector<uint8_t> file = Encode(image, encode, &stats);
    DecodeOptions decode;
    decode.jobs = 3;
    decode.pixel_bits = &decoded;
    REQUIRE(Decode(file, decode).samples == image.samples);
    REQUIRE(encoded.width == 101);
    REQUIRE(encoded.height == 77);
    CHECK(encoded.bits == decoded.bits);
    CHECK(encoded.channel[0].mean.empty());
    CHECK(Sum(encoded.bits) ==
          Approx(stats.tiles.total_bits() - stats.tiles.side_bits).epsilon(1e-6));

    // Asking changes no byte.
    EncodeOptions plain;
    plain.tile_log2 = 6;
    plain.coding = Coding::kFlow;
    CHECK(Encode(image, plain) == file);
  }
}

TEST_CASE("Every pixel is booked once: its level's bits are at its level's places") {
  if (EmbeddedModels().empty()) return;
  const Image image = Noise(64, 48, 3);
  PixelBits map;
  EncodeOptions options;
  options.coding = Coding::kFlow;
  options.pixel_bits = &map;
  EncodeStats stats;
  Encode(image, options, &stats);
  const auto& levels = stats.tiles.level_channel_bits;
  std::vector<double> sums(levels.size());
  for (uint32_t y = 0; y < 48; ++y) {
    for (uint32_t x = 0; x < 64; ++x) {
      size_t level = 0;
      while (level + 1 < levels.size() && ((x | y) >> level & 1) == 0) ++level;
      sums[level] += map.bits[y * 64 + x];
      CHECK(map.bits[y * 64 + x] > 0);
    }
  }
  for (size_t l = 0; l < levels.size(); ++l) {
    CHECK(sums[l] == Approx(std::accumulate(levels[l].begin(), levels[l].end(), 0.0)));
  }
}

TEST_CASE("Channels and expectations are filled in on demand") {
  if (EmbeddedModels().empty()) return;
  PixelBits map;
  map.with_detail = true;
  EncodeOptions options;
  options.coding = Coding::kFlow;
  options.pixel_bits = &map;
  Encode(Noise(40, 40, 3), options);
  for (size_t i = 0; i < map.bits.size(); ++i) {
    double sum = 0;
    for (const PixelBits::Detail& detail : map.channel) {
      sum += detail.bits[i];
      // The base's code is no model's, and has no moments. It holds the multiples of 8.
      if (i % 40 % 8 == 0 && i / 40 % 8 == 0) continue;
      CHECK(detail.mean[i] > 0);
      CHECK(detail.variance[i] >= 0);
    }
    CHECK(map.bits[i] == Approx(sum));
  }
}

}  // namespace
}  // namespace flowzip
