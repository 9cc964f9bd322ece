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
  REQUIRE_FALSE(EmbeddedModels().empty());
  for (const auto& [channels, coding] :
       {std::pair{1, Coding::kNetwork}, {3, Coding::kNetwork}, {3, Coding::kAdaptive}}) {
    // Four tiles, the right and lower ones of odd sizes.
    const Image image = Noise(101, 77, channels);
    PixelBits encoded, decoded;
    EncodeOptions encode;
    encode.tile_log2 = 6;
    encode.coding = coding;
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
    plain.coding = coding;
    CHECK(Encode(image, plain) == file);
  }
}

TEST_CASE("Channels and expectations are filled in on demand") {
  REQUIRE_FALSE(EmbeddedModels().empty());
  PixelBits map;
  map.with_detail = true;
  EncodeOptions options;
  options.coding = Coding::kNetwork;
  options.pixel_bits = &map;
  for (const int channels : {1, 3}) {
    Encode(Noise(40, 40, channels), options);
    double spent = 0, known = 0;
    for (size_t i = 0; i < map.bits.size(); ++i) {
      double sum = 0;
      for (int c = 0; c < channels; ++c) {
        const PixelBits::Detail& detail = map.channel[size_t(c)];
        sum += detail.bits[i];
        CHECK(detail.mean[i] > 0);
        CHECK(detail.variance[i] >= 0);
      }
      // Distributions are tilted, which these do not know of; noise repeats nothing.
      CHECK(map.bits[i] == Approx(sum).margin(channels));
      spent += map.bits[i];
      known += sum;
    }
    CHECK(spent == Approx(known).epsilon(0.01));
  }
}

}  // namespace
}  // namespace flowzip
