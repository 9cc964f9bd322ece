// SPDX-License-Identifier: BSD-3-Clause
// What a file can cost: memory counted by an operator new of our own, time by the clock of the
// process. The bounds are those of SECURITY.md.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <ctime>

#include "codec/api/codec.h"
#include "codec/coders/contexts/context_coder.h"
#include "tests/counted_heap.h"
#include "tests/tiny_model.h"

namespace flowzip {
namespace {

const Model& Tiny() {
  static const Model model = testing::TinyModel(1);
  return model;
}

std::vector<uint8_t> Encoded(const Image& image, int tile_log2) {
  EncodeOptions options;
  options.model = &Tiny();
  options.tile_log2 = tile_log2;
  return Encode(image, options);
}

// Peak of what a decode allocates; 0 as code if it succeeds.
struct Cost {
  int code = 0;
  size_t peak = 0;
  double seconds = 0;
};
Cost DecodeCost(const std::vector<uint8_t>& file, uint64_t max_pixels = kDefaultMaxPixels) {
  Cost cost;
  DecodeOptions options;
  options.model_override = &Tiny();
  options.max_pixels = max_pixels;
  const std::clock_t start = std::clock();
  cost.peak = testing::HeapPeakOf([&] {
    try {
      Decode(file, options);
    } catch (const Error& error) {
      cost.code = static_cast<int>(error.code());
    }
  });
  cost.seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  return cost;
}

std::vector<uint8_t> Forged(FileInfo info, const std::vector<uint8_t>& payload) {
  info.payload_bytes.assign(info.tile_count(), payload.size());
  std::vector<uint8_t> file = SerializeHeader(info);
  for (uint64_t tile = 0; tile < info.tile_count(); ++tile) AppendTile(tile, 0, payload, file);
  return file;
}

FileInfo Claim(uint32_t width, uint32_t height, int tile_log2) {
  FileInfo info;
  info.width = width;
  info.height = height;
  info.channels = 3;
  info.bit_depth = 8;
  info.model_hash = Tiny().hash();
  info.tile_log2 = tile_log2;
  return info;
}

TEST_CASE("what is refused has cost no more than a few times the file's size") {
  struct {
    const char* name;
    std::vector<uint8_t> file;
  } cases[] = {
      {"a huge picture in one byte a tile", SerializeHeader([] {
         FileInfo info = Claim(0x7FFFFFFF, 0x7FFF, 12);
         info.payload_bytes.assign(4096, 1);
         return info;
       }())},
      {"above the pixel limit", Forged(Claim(4096, 4096 * 17, 12), {0, 0, 0, 0, 0, 0})},
      {"payloads that are not there", SerializeHeader([] {
         FileInfo info = Claim(4096, 4096, 12);
         info.payload_bytes.assign(1, UINT32_MAX);
         return info;
       }())},
      {"many tiny tiles, none of them there", SerializeHeader([] {
         FileInfo info = Claim(16 * 300, 16 * 300, 4);
         info.payload_bytes.assign(90000, 0);
         return info;
       }())},
  };
  for (auto& [name, file] : cases) {
    INFO(name);
    const Cost cost = DecodeCost(file);
    CHECK(cost.code != 0);
    CHECK(cost.peak < 64 * file.size() + 65536);
  }
}

// Memory of a decode: the picture, and a working set per pixel of its largest tile, or the tables
// of the context coder.
TEST_CASE("memory is bounded by the picture and one tile") {
  const auto bound = [](const FileInfo& info, size_t file) {
    const uint64_t side = uint64_t{1} << info.tile_log2;
    const uint64_t tile =
        std::min<uint64_t>(side, info.width) * std::min<uint64_t>(side, info.height);
    const uint64_t contexts =
        ContextMemory(static_cast<int>(std::min<uint64_t>(side, info.width)),
                      static_cast<int>(std::min<uint64_t>(side, info.height)), info.channels);
    return info.pixels() * 3 + std::max(tile * 400, contexts + tile * 20) + file * 4 + 100000;
  };
  const Image pictures[] = {testing::Noise(256, 256, 3, 1), testing::Scene(300, 128, 3, 2),
                            testing::Noise(1, 3000, 3, 3), testing::Flat(500, 500, 3, 9),
                            testing::Noise(2000, 1, 1, 4)};
  for (const Image& image : pictures) {
    for (const int tile_log2 : {4, 6, 12}) {
      const std::vector<uint8_t> file = Encoded(image, tile_log2);
      const Cost cost = DecodeCost(file);
      CAPTURE(image.width, image.height, tile_log2);
      CHECK(cost.code == 0);
      CHECK(cost.peak < bound(ParseHeader(file), file.size()));
    }
  }
}

TEST_CASE("time per declared pixel is bounded") {
  const auto per_pixel = [](const std::vector<uint8_t>& file) {
    const FileInfo info = ParseHeader(file);
    double best = 1e9;
    for (int i = 0; i < 3; ++i) {
      best = std::min(best, DecodeCost(file).seconds / static_cast<double>(info.pixels()));
    }
    return best;
  };
  const double ordinary = per_pixel(Encoded(testing::Scene(160, 160, 3, 1), 10));
  REQUIRE(ordinary > 0);
  Image ends = testing::Noise(128, 128, 3, 2);
  for (uint8_t& s : ends.samples) s = s & 1 ? 255 : 0;
  struct {
    const char* name;
    std::vector<uint8_t> file;
  } cases[] = {
      {"noise", Encoded(testing::Noise(128, 128, 3, 3), 10)},
      {"escapes everywhere", Encoded(ends, 10)},
      {"tiles of 16 x 16", Encoded(testing::Noise(160, 160, 3, 4), 4)},
      {"tiles of 1 x 16", Encoded(testing::Noise(1, 4000, 3, 5), 4)},
      {"tiles of 16 x 1", Encoded(testing::Noise(4000, 1, 3, 6), 4)},
      {"tiles of 17 x 17: 1 x 1, 1 x 16 and 16 x 16", Encoded(testing::Noise(17, 17, 3, 7), 4)},
  };
  for (auto& [name, file] : cases) {
    const double ratio = per_pixel(file) / ordinary;
    std::printf("time per pixel, relative to an ordinary picture: %5.1f  %s\n", ratio, name);
    CHECK(ratio < 40);
  }
}

// A small file may unpack to a megabyte of metadata: a byte of that costs no more than a pixel,
// and more than a megabyte is refused.
TEST_CASE("time of metadata is bounded") {
  const Image scene = testing::Scene(160, 160, 3, 1);
  const double ordinary =
      DecodeCost(Encoded(scene, 10)).seconds / static_cast<double>(scene.width * scene.height);
  Image image = testing::Flat(1, 1, 3, 9);
  constexpr size_t kMost = size_t{1} << 20;
  image.chunks = {MakeChunk("teXt", std::vector<uint8_t>(kMost - 100))};
  EncodeOptions encode;
  encode.model = &Tiny();
  std::vector<uint8_t> file;
  CHECK(testing::HeapPeakOf([&] { file = Encode(image, encode); }) < EncodingMemory(image, encode));
  REQUIRE(file.size() < 4096);
  const Cost cost = DecodeCost(file);
  CHECK(cost.code == 0);
  std::printf("metadata: %zu bytes from a file of %zu in %.2f s\n", kMost, file.size(),
              cost.seconds);
  CHECK(cost.seconds < 40 * ordinary * static_cast<double>(kMost));
  const uint64_t estimate = DecodingMemory(ParseHeader(file), {});
  CHECK(cost.peak < estimate);
  CHECK(estimate < 384 * kMost);
  DecodeOptions options;
  options.max_memory = estimate - 1;
  CHECK_THROWS_AS(Decode(file, options), Error);
  options.max_memory = estimate;
  CHECK(SameImage(Decode(file, options), image));
}

}  // namespace
}  // namespace flowzip
