// SPDX-License-Identifier: BSD-3-Clause
// Makes tests/golden and tests/bad, so that it can be seen how they came about:
//
//   make_goldens DIRECTORY       writes DIRECTORY/golden and DIRECTORY/bad
//
// From the first release on, the files committed are never made anew: they must decode for
// ever, whatever later versions would write. A new feature of the format adds a golden file, a
// way to be wrong that was found adds a bad one. They use golden/tiny.flzm, a small model of random
// weights (tests/tiny_model.h) that does not change when better models are trained.
//
// golden/manifest.txt:  file, width, height, channels, XXH3-64 and XXH32 of the samples
// bad/manifest.txt:     file, error code, message
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "codec/api/codec.h"
#include "codec/coders/raster/raster_side.h"
#include "codec/preview/average.h"
#include "codec/tiles/tile_modes.h"
#include "rans/binary_coder.h"
#include "rans/escape.h"
#include "tests/converted.h"
#include "tests/picture_kinds.h"
#include "tests/tiny_model.h"
#include "tests/with_preview.h"

namespace flowzip {
namespace {

using Bytes = std::vector<uint8_t>;

// Fixed fields, docs/FORMAT.md 2.1.
constexpr size_t kVersionAt = 8, kChannelsAt = 9, kDepthAt = 10, kFlagsAt = 11, kWidthAt = 12,
                 kHeightAt = 16, kModelAt = 20, kTileLog2At = 28, kHeaderBytesAt = 29,
                 kIndexAt = 33;

void Save(const std::string& path, ByteSpan bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  out.close();
  Require(out.good(), ErrorCode::kIo, "cannot write");
}

class Goldens {
 public:
  Goldens(std::string folder, const Model& model) : folder_(std::move(folder)), model_(&model) {}

  void Add(const std::string& name, const Image& image, int tile_log2 = kDefaultTileLog2,
           Coding coding = Coding::kNetwork) {
    EncodeOptions options;
    options.model = model_;
    options.tile_log2 = tile_log2;
    options.coding = coding;
    Put(name, image, Encode(image, options));
  }
  // Kept as a PNG file has it: the zlib stream of its rows.
  void AddDeflated(const std::string& name, const Image& image, ByteSpan stream) {
    Put(name, image, EncodeDeflated(image, stream, {}));
  }
  // By contexts, with a preview of every `factor` pixels.
  void AddWithPreview(const std::string& name, const Image& image, uint32_t factor, int dropped) {
    EncodeOptions options;
    options.coding = Coding::kContexts;
    ThreadPool pool(1);
    const Preview preview = CodePreview(Averaged(image, factor, pool), factor, dropped, pool);
    Put(name, image, testing::WithPreview(Encode(image, options), preview));
  }
  void Finish() const {
    Save(folder_ + "/manifest.txt",
         ByteSpan(reinterpret_cast<const uint8_t*>(manifest_.data()), manifest_.size()));
  }

 private:
  void Put(const std::string& name, const Image& image, const Bytes& file) {
    Save(folder_ + "/" + name, file);
    const uint64_t hash = XXH3_64bits(image.samples.data(), image.samples.size());
    manifest_ += name + " " + std::to_string(image.width) + " " + std::to_string(image.height) +
                 " " + std::to_string(image.channels) + " " + HashName(hash);
    char sum[10];
    std::snprintf(sum, sizeof sum, " %08x", XXH32(image.samples.data(), image.samples.size(), 0));
    manifest_ += std::string(sum) + "\n";
  }

  std::string folder_, manifest_;
  const Model* model_;
};

// A large first step over the whole range, noise around it, and a model that expects neither.
Image Escapes() {
  Image image = testing::Noise(40, 36, 3, 11);
  for (size_t i = 0; i < image.samples.size() / 2; ++i) {
    image.samples[i] = i % 97 == 0 ? 255 : static_cast<uint8_t>(i % 2);
  }
  return image;
}

// Without the model: one of each kind of picture and each way of coding it.
void MakeGoldenKinds(Goldens& goldens) {
  const auto add = [&](const std::string& name, const Image& image, int tile_log2 = 10) {
    goldens.Add(name + ".flz", image, tile_log2, Coding::kContexts);
  };
  add("constant-rgba16", testing::OfKind({4, 16, 0}, 9, 7, 1));
  add("raw-noise-rgb8", testing::Noise(12, 12, 3, 2));
  add("raw-noise-gray2", testing::OfKind({1, 2, 2}, 7, 5, 3));
  add("contexts-rgb8", testing::Scene(40, 30, 3, 4));
  add("contexts-rgb8-drawing", testing::OfKind({3, 8, 1}, 61, 47, 5));
  add("contexts-gradient", testing::Gradient(40, 30, 3));
  add("contexts-gray1", testing::OfKind({1, 1, 1}, 37, 29, 6));
  add("contexts-gray4", testing::OfKind({1, 4, 3}, 37, 29, 7));
  add("contexts-gray-alpha16", testing::OfKind({2, 16, 3}, 30, 20, 8));
  add("contexts-rgb16-interlaced", testing::OfKind({3, 16, 3, false, true}, 33, 21, 9));
  add("contexts-rgb16-gaps", testing::OfKind({3, 16, 4}, 70, 64, 10));
  add("contexts-palette4", testing::OfKind({1, 4, 1, true}, 50, 40, 11), 4);
  add("contexts-palette8-metadata",
      testing::WithMetadata(testing::OfKind({1, 8, 1, true}, 40, 40, 12)));
  // Bytes that the two before tell, that the one before tells, that nothing does; and runs.
  Image large = testing::Flat(8, 8, 1, 0);
  std::vector<uint8_t> bytes;
  testing::Random random(14);
  for (int i = 0; i < 2000; ++i) {
    const auto number = static_cast<uint32_t>(random.Between(0, 255));
    bytes.push_back(static_cast<uint8_t>(i < 700    ? "abcdefgh"[(number % 4 + i) % 8]
                                         : i < 1400 ? i / 8 + number % 8
                                                    : number));
  }
  bytes.resize((size_t{1} << 19) + 100);
  large.chunks.push_back(MakeChunk("tEXt", bytes));
  add("metadata-large", large);
  add("gray10-of-pam", testing::OfKind({1, 10, 3}, 20, 20, 13));
}

// Copies, the quick and the bilevel model, ranks of values, tiles of thin pictures.
void MakeGoldenCopies(Goldens& goldens) {
  const auto repeat = [](const Image& piece, uint32_t width, uint32_t height) {
    Image image = testing::Flat(width, height, piece.channels, 0);
    for (uint32_t y = 0; y < height; ++y) {
      for (uint32_t x = 0; x < width; ++x) {
        std::copy_n(piece.At(x % piece.width, y % piece.height), piece.pixel_bytes(),
                    image.At(x, y));
      }
    }
    *image.At(40, 30) ^= 1;
    return image;
  };
  // Larger than what `fast` leaves to all of the contexts.
  const Image repeated = repeat(testing::Noise(19, 13, 3, 51), 150, 112);
  goldens.Add("fast-copies-quick.flz", repeated, 10, Coding::kFast);
  goldens.Add("copies-contexts.flz", repeated, 10, Coding::kContexts);
  goldens.Add("fast-copies-gray-tiles.flz", repeat(testing::Noise(7, 9, 1, 52), 70, 45), 5,
              Coding::kFast);
  const auto slopes = [&](const testing::Kind& kind, int noise) {
    Image image = testing::OfKind(kind, 150, 112, 53);
    for (size_t i = 0; i < image.sub_pixels(); ++i) {
      const size_t pixel = i / static_cast<size_t>(kind.channels);
      const int value = static_cast<int>(pixel % 150 * 5 + pixel / 150 * 7 + i % 4 * 90);
      testing::SetSample(
          image, i, (value + testing::Random(static_cast<uint32_t>(i)).Between(0, noise)) % 4096);
    }
    return image;
  };
  goldens.Add("fast-quick-gray16.flz", slopes({1, 16, 0}, 20), 10, Coding::kFast);
  goldens.Add("fast-quick-rgba12.flz", slopes({4, 12, 0}, 9), 10, Coding::kFast);
  goldens.Add("fast-quick-palette8.flz", testing::OfKind({1, 8, 1, true}, 150, 112, 55), 10,
              Coding::kFast);
  Image page = testing::OfKind({1, 1, 0}, 160, 112, 56);
  testing::Random random(57);
  std::array<std::array<uint16_t, 9>, 6> letters{};
  for (auto& letter : letters) {
    for (uint16_t& row : letter) row = static_cast<uint16_t>(random.Between(0, 127));
  }
  for (uint32_t y = 0; y < page.height; ++y) {
    for (uint32_t x = 0; x < page.width; ++x) {
      const auto& letter = letters[(x / 9 * 5 + y / 12 * 7 + x / 9 * (y / 12)) % 6];
      *page.At(x, y) =
          y % 12 < 9 ? static_cast<uint8_t>(letter[y % 12] >> (x % 9) & 1) : uint8_t{0};
    }
  }
  goldens.Add("fast-bilevel-letters.flz", page, 10, Coding::kFast);
  goldens.Add("fast-bilevel-two-colours.flz", testing::Checkerboard(33, 29, 3), 10, Coding::kFast);
  Image gaps = testing::Scene(96, 80, 3, 58);
  for (uint8_t& s : gaps.samples) s = static_cast<uint8_t>(s / 20 * 21);
  goldens.Add("fast-values-rgb.flz", gaps, 10, Coding::kFast);
  Image spread = testing::OfKind({1, 16, 0}, 120, 100, 59);
  for (size_t i = 0; i < spread.sub_pixels(); ++i) {
    testing::SetSample(spread, i, (random.Between(0, 20) + static_cast<int>(i % 120)) * 257);
  }
  goldens.Add("fast-values-gray16.flz", spread, 10, Coding::kFast);
  // Palettes sorted by how often, with alpha and other chunks; by luma, of gaps, with colours that
  // no pixel has; in no order.
  goldens.Add("fast-colours-alpha.flz", testing::WithMetadata(testing::Quantised(60, 45, 1, true)),
              10, Coding::kFast);
  Image unused = testing::Quantised(70, 33, 3, false);
  for (const int v : {3, 250, 90, 3, 9, 200})
    unused.chunks[0].data.push_back(static_cast<uint8_t>(v));
  goldens.Add("fast-colours-unused.flz", unused, 10, Coding::kFast);
  goldens.Add("fast-ordered-palette.flz", testing::Crosshair(), 10, Coding::kFast);
  goldens.Add("fast-colours-no-order.flz", testing::Quantised(64, 40, 0, false), 10, Coding::kFast);
  goldens.Add("thin-column.flz", testing::Scene(2, 700, 1, 60), 4, Coding::kRaster);
  goldens.Add("fast-thin-row.flz", testing::Scene(700, 3, 3, 61), 4, Coding::kFast);
}

// Of YCoCg, Co is constant.
Image RedIsBlue(uint32_t seed) {
  Image image = testing::Scene(40, 24, 3, seed);
  for (size_t i = 0; i < image.samples.size(); i += 3) image.samples[i + 2] = image.samples[i];
  return image;
}

// Most of its colours are a JPEG decoder's, too few for all of it to be recovered.
Image OnceJpeg(uint32_t seed) {
  return testing::Converted(testing::Scene(120, 90, 3, seed), int(ColourConversion::kJfif), 1500);
}

// By the raster coder.
void MakeGoldenRaster(Goldens& goldens) {
  const auto add = [&](const std::string& name, const Image& image, int tile_log2 = 10) {
    goldens.Add("raster-" + name + ".flz", image, tile_log2, Coding::kRaster);
  };
  add("rgb", testing::Scene(61, 47, 3, 41));
  add("gray-filters", testing::Scene(200, 170, 1, 42));
  add("rgb-filters", testing::Scene(130, 90, 3, 43));
  add("row", testing::Scene(130, 1, 3, 44));
  add("column", testing::Scene(1, 77, 1, 45));
  add("escapes", Escapes());
  add("checkerboard", testing::Checkerboard(34, 30, 3));
  add("noise", testing::Noise(40, 33, 3, 46));
  add("constant-co", RedIsBlue(13));
  add("photocd-tiles", testing::Converted(testing::Scene(45, 38, 3, 47), 2, 5), 5);
  add("rgba", testing::OfKind({4, 8}, 40, 30, 48));
  add("lattice", OnceJpeg(49));
}

// Network tiles.
void MakeGoldenNetwork(Goldens& goldens) {
  const auto add = [&](const std::string& name, const Image& image, int tile_log2 = 10) {
    goldens.Add("network-" + name + ".flz", image, tile_log2);
  };
  const auto add_adaptive = [&](const std::string& name, const Image& image, int tile_log2 = 10) {
    goldens.Add("adaptive-" + name + ".flz", image, tile_log2, Coding::kAdaptive);
  };
  add("gray", testing::Scene(96, 80, 1, 51));
  add("rgb", testing::Scene(61, 47, 3, 52));
  add("rgb-filters", testing::Scene(130, 90, 3, 53));
  add("1x1", testing::Noise(1, 1, 3, 54));
  add("2x1", testing::Noise(2, 1, 3, 55));
  add("row", testing::Scene(130, 1, 3, 56));
  add("column", testing::Scene(1, 77, 1, 57));
  add("tiles-16", testing::Scene(50, 35, 3, 58), 4);
  add("escapes", Escapes());
  add("checkerboard", testing::Checkerboard(34, 30, 3));
  add("constant-co", RedIsBlue(59));
  Image rounded = testing::Scene(61, 47, 3, 60);  // green is not
  for (size_t i = 0; i < rounded.samples.size(); i += 3) {
    rounded.samples[i] = static_cast<uint8_t>(rounded.samples[i] / 16 * 16);
    rounded.samples[i + 2] = static_cast<uint8_t>(rounded.samples[i + 2] / 16 * 16);
  }
  add("green-first", rounded);
  goldens.Add("raster-green-first.flz", rounded, kDefaultTileLog2, Coding::kRaster);
  add("lattice", OnceJpeg(65));
  // Large enough for what its colours were to be known; the lower part has none of its own.
  Image again = testing::Scene(136, 130, 3, 80);
  for (size_t i = 0; i < again.samples.size() / 2; ++i) {
    again.samples[again.samples.size() / 2 + i] = again.samples[i / 3 * 5 % 9000 * 3 + i % 3];
  }
  add("colours-again", again);
  add("photocd", testing::Converted(testing::Scene(45, 38, 3, 61), 2, 5));
  add("photocd-half", testing::Converted(testing::Scene(63, 51, 3, 62), 2, 5, true));
  add("jfif-half-tiles", testing::Converted(testing::Scene(70, 50, 3, 63), 1, 3, true), 5);
  add("jfif-columns", testing::Converted(testing::Scene(63, 50, 3, 64), 1, 3, true, true));
  // Stored chroma on odd columns and rows.
  const Image half = testing::Converted(testing::Scene(48, 42, 3, 79), 2, 0, true);
  Image turned = half;
  for (size_t i = 0; i < size_t{48} * 42; ++i) {
    std::copy_n(&half.samples[3 * i], 3, &turned.samples[3 * (size_t{48} * 42 - 1 - i)]);
  }
  add("photocd-half-turned", turned);
  add("rgba", testing::OfKind({4, 8}, 40, 30, 65));
  Image same = testing::OfKind({2, 8}, 52, 41, 66);
  testing::RepeatGray(same);
  add("gray-alpha-same", same);
  add("gray16", testing::OfKind({1, 16, 3}, 50, 37, 67));
  add("gray10", testing::OfKind({1, 10, 3}, 40, 30, 68));
  add("rgb16", testing::OfKind({3, 16, 3}, 41, 35, 69));
  add("rgb16-noise", testing::OfKind({3, 16, 2}, 20, 17, 70));
  add("rgba12", testing::OfKind({4, 12, 3}, 31, 22, 71));
  add_adaptive("gray", testing::Scene(64, 50, 1, 73));
  add_adaptive("rgb", testing::Scene(45, 37, 3, 74));
  add_adaptive("row", testing::Scene(90, 1, 3, 75));
  add_adaptive("escapes", Escapes());
  add_adaptive("checkerboard", testing::Checkerboard(34, 30, 3));
  add_adaptive("photocd-half-tiles", testing::Converted(testing::Scene(45, 38, 3, 76), 2, 5, true),
               5);
  add_adaptive("rgb16", testing::OfKind({3, 16, 3}, 30, 25, 77));
  add_adaptive("rgba", testing::OfKind({4, 8}, 40, 30, 78));
  // Enough sites for sixteen states, nearly all of them the same.
  Image lanes = testing::Flat(186, 177, 1, 40);
  const Image patch = testing::Scene(40, 40, 1, 72);
  for (size_t y = 0; y < 40; ++y) {
    std::copy_n(&patch.samples[40 * y], 40, &lanes.samples[186 * (100 + y) + 70]);
  }
  add("gray-lanes", lanes);
}

// Filtered rows as zlib has them, with every filter: of 21 x 13 interlaced samples of 4 bits,
// i * i / 5 % 16, and of 19 x 12 pixels of RGB, i * 7 % 256.
constexpr uint8_t kInterlacedRows[] = {
    0x78, 0xda, 0x63, 0xe0, 0x31, 0x60, 0x3c, 0x9c, 0xcb, 0x64, 0xc3, 0xc0, 0xbc, 0x28, 0x81, 0xc5,
    0xa6, 0xdd, 0x81, 0xe1, 0x30, 0xf3, 0x19, 0x46, 0x76, 0x87, 0x9d, 0x4c, 0xb9, 0x9a, 0x0c, 0xcc,
    0xbc, 0x4b, 0x0b, 0x58, 0x34, 0x0f, 0x5c, 0x60, 0x60, 0xae, 0xf1, 0x29, 0x66, 0x60, 0x60, 0xac,
    0xb9, 0xa0, 0xde, 0xcb, 0x9c, 0xcb, 0x04, 0x22, 0x2b, 0x2f, 0x30, 0x33, 0x46, 0xde, 0x91, 0xec,
    0x62, 0x11, 0x31, 0xd7, 0x88, 0x58, 0xcf, 0x10, 0xc9, 0x21, 0x3b, 0xa3, 0x93, 0x71, 0xc2, 0xc7,
    0x88, 0xf5, 0xa2, 0x4c, 0x15, 0x73, 0xf6, 0x33, 0x9a, 0x30, 0xd7, 0x76, 0x5d, 0x10, 0x4d, 0x64,
    0x99, 0x23, 0xce, 0x68, 0x92, 0xc1, 0xd0, 0x30, 0xf9, 0xba, 0x4c, 0x0b, 0xcf, 0xf4, 0x60, 0x01,
    0xa0, 0x19, 0x93, 0x5d, 0x5c, 0x33, 0x3a, 0xba, 0xf7, 0xec, 0xfd, 0xc0, 0x20, 0xc0, 0x04, 0x67,
    0x0a, 0x3b, 0x30, 0x6f, 0x84, 0x31, 0x5d, 0x6c, 0x59, 0xe0, 0x4c, 0xd7, 0x14, 0x06, 0x88, 0x36,
    0xe1, 0xf0, 0x39, 0x2c, 0x0d, 0x00, 0x8e, 0xa1, 0x37, 0x92};
constexpr uint8_t kRgbRows[] = {
    0x78, 0xda, 0x63, 0x60, 0x60, 0xe7, 0x13, 0x95, 0x51, 0xd6, 0x32, 0xb4, 0xb0, 0x77, 0xf3, 0x0d,
    0x89, 0x4e, 0xca, 0x2c, 0x28, 0xaf, 0x6b, 0xed, 0x99, 0x3c, 0x6b, 0xe1, 0x8a, 0xf5, 0xdb, 0xf6,
    0x1e, 0x39, 0x7d, 0xe9, 0xe6, 0x83, 0xe7, 0xef, 0xbe, 0xfe, 0x61, 0xe6, 0x12, 0x94, 0x90, 0x57,
    0xd3, 0x35, 0xb1, 0x76, 0xf2, 0x0c, 0x08, 0x8f, 0x4b, 0xcd, 0x29, 0xae, 0x6a, 0xec, 0x60, 0xec,
    0x9f, 0x36, 0x57, 0x94, 0x2c, 0xc0, 0xd4, 0x4f, 0x2e, 0x60, 0x9e, 0xb7, 0x68, 0x69, 0x10, 0x12,
    0xb8, 0x84, 0x01, 0x82, 0x30, 0x01, 0x58, 0x9c, 0x05, 0xa8, 0x1b, 0xee, 0x00, 0x64, 0x36, 0x4e,
    0x00, 0x53, 0xc4, 0x80, 0x2f, 0x10, 0x80, 0x61, 0xb0, 0x64, 0xf5, 0xa6, 0x9d, 0x07, 0x8e, 0x9f,
    0xbb, 0x7a, 0xe7, 0xf1, 0xab, 0x8f, 0x3f, 0xfe, 0xb3, 0xf1, 0x8a, 0x48, 0x2b, 0x69, 0x1a, 0x98,
    0xdb, 0xb9, 0xfa, 0x04, 0x33, 0x46, 0x25, 0x66, 0xd0, 0x3d, 0x84, 0x58, 0xd8, 0xb9, 0x71, 0x06,
    0x02, 0xde, 0x80, 0x62, 0xc1, 0x16, 0x2a, 0xc4, 0x84, 0x54, 0x3f, 0x03, 0xbe, 0x40, 0x00, 0x86,
    0x41, 0x7e, 0x59, 0x6d, 0x4b, 0xf7, 0xa4, 0x99, 0x0b, 0x96, 0xaf, 0xdb, 0xba, 0xe7, 0xf0, 0xa9,
    0x8b, 0x37, 0xee, 0x3f, 0x7b, 0xfb, 0xe5, 0x37, 0x13, 0xa7, 0x80, 0xb8, 0x1c, 0xa3, 0xaa, 0x8e,
    0x31, 0x79, 0x21, 0x04, 0x00, 0xd9, 0xe8, 0xed, 0x09};

// Kept as PNG files have them.
void MakeGoldenDeflated(Goldens& goldens) {
  Image gray = testing::OfKind({1, 4, 0, false, true}, 21, 13, 1);
  for (size_t i = 0; i < gray.samples.size(); ++i) {
    gray.samples[i] = static_cast<uint8_t>(i * i / 5 % 16);
  }
  goldens.AddDeflated("deflated-gray4-interlaced.flz", gray, kInterlacedRows);
  Image rgb = testing::Flat(19, 12, 3, 0);
  for (size_t i = 0; i < rgb.samples.size(); ++i) rgb.samples[i] = static_cast<uint8_t>(i * 7);
  goldens.AddDeflated("deflated-rgb.flz", rgb, kRgbRows);
}

// Surfaces that rise and fall far, of 9 to 16 bits; with `noise`, differences of more than 8 bits.
Image Surface(const testing::Kind& kind, int width, int height, int noise, uint32_t seed) {
  Image image = testing::OfKind(kind, width, height, seed);
  testing::Random random(seed);
  for (size_t i = 0; i < image.sub_pixels(); ++i) {
    const auto channel = static_cast<int>(i % static_cast<size_t>(kind.channels));
    const int pixel = static_cast<int>(i / static_cast<size_t>(kind.channels));
    const int x = pixel % width, y = pixel / width;
    const int value = 900 + (x + channel) * (x + 3) * 5 + (y + 2) * (x + 2 * y) * 3 / (1 + channel);
    testing::SetSample(image, i, (value + random.Between(0, noise)) & ((1 << image.bit_depth) - 1));
  }
  return image;
}

void MakeGoldenDifferences(Goldens& goldens) {
  const auto add = [&](const std::string& name, const Image& image, Coding coding) {
    goldens.Add(name + ".flz", image, 10, coding);
  };
  add("fast-differences-gray16", Surface({1, 16, 0}, 80, 60, 3, 91), Coding::kFast);
  add("differences-rgb16", Surface({3, 16, 0}, 90, 71, 2, 92), Coding::kSmallest);
  add("best-differences-rgba12", Surface({4, 12, 0}, 60, 51, 1, 93), Coding::kThorough);
  add("fast-differences-gray-alpha16", Surface({2, 16, 0}, 150, 112, 66, 94), Coding::kFast);
  add("fast-differences-row", Surface({1, 16, 0}, 300, 1, 2, 95), Coding::kFast);
}

void MakeGolden(const std::string& folder, const Model& model) {
  Goldens goldens(folder, model);
  MakeGoldenNetwork(goldens);
  MakeGoldenKinds(goldens);
  MakeGoldenRaster(goldens);
  goldens.AddWithPreview("preview-rgb.flz", testing::Scene(100, 75, 3, 80), 2, 2);
  goldens.AddWithPreview("preview-gray-alpha16.flz", testing::OfKind({2, 16, 3}, 30, 20, 81), 1, 0);
  goldens.AddWithPreview("preview-small-palette.flz", testing::OfKind({1, 4, 1, true}, 40, 30, 82),
                         3, 4);
  MakeGoldenCopies(goldens);
  MakeGoldenDeflated(goldens);
  MakeGoldenDifferences(goldens);
  goldens.Finish();
}

class BadFiles {
 public:
  BadFiles(std::string folder, const Model& model) : folder_(std::move(folder)), model_(&model) {
    std::filesystem::create_directories(folder_);
  }

  // Writes the file and what the decoder has to say about it.
  void Add(const std::string& name, const Bytes& file) {
    Save(folder_ + "/" + name + ".flz", file);
    std::string line = name + ".flz 0 accepted";
    try {
      DecodeOptions options;
      options.model_override = model_;
      Decode(file, options);
    } catch (const Error& error) {
      line = name + ".flz " + std::to_string(static_cast<int>(error.code())) + " " + error.what();
    }
    manifest_ += line + "\n";
  }
  void Finish() const {
    Save(folder_ + "/manifest.txt",
         ByteSpan(reinterpret_cast<const uint8_t*>(manifest_.data()), manifest_.size()));
  }

 private:
  std::string folder_, manifest_;
  const Model* model_;
};

// The header of `file` with some bytes replaced and its checksum made right.
Bytes Forge(Bytes file, size_t offset, const Bytes& bytes) {
  const size_t covered = ByteReader(ByteSpan(file).subspan(kHeaderBytesAt)).Get<uint32_t>() - 4;
  std::copy(bytes.begin(), bytes.end(), file.begin() + static_cast<ptrdiff_t>(offset));
  const uint32_t checksum = XXH32(file.data(), covered, 0);
  for (size_t i = 0; i < 4; ++i) file[covered + i] = static_cast<uint8_t>(checksum >> (8 * i));
  return file;
}

// A file around the payload of a single tile, with the pixel checksum given.
Bytes Wrap(FileInfo info, const Bytes& payload, uint32_t pixel_checksum) {
  info.payload_bytes = {payload.size()};
  Bytes file = SerializeHeader(info), block;
  AppendTile(0, pixel_checksum, payload, block);
  file.insert(file.end(), block.begin(), block.end());
  return file;
}

void MakeBadContainers(BadFiles& bad, const Bytes& good) {
  const auto cut = [&](size_t size) { return Bytes(good.begin(), good.begin() + size); };
  const auto with = [&](size_t at, uint8_t value) {
    Bytes file = good;
    file[at] = value;
    return file;
  };
  bad.Add("empty", {});
  bad.Add("not-flowzip", {0x89, 'P', 'N', 'G', 0x0D, 0x0A, 0x1A, 0x0A});
  Bytes text = good;
  text.erase(text.begin() + 4);  // CR LF became LF
  bad.Add("text-transfer", text);
  bad.Add("cut-magic", cut(5));
  bad.Add("cut-fixed-fields", cut(20));
  bad.Add("cut-header", cut(kIndexAt + 2));
  bad.Add("cut-last-byte", cut(good.size() - 1));
  Bytes longer = good;
  longer.push_back(0);
  bad.Add("surplus-byte", longer);
  bad.Add("later-version", with(kVersionAt, 2));
  bad.Add("header-checksum", with(kWidthAt, good[kWidthAt] ^ 1));
  bad.Add("tile-checksum", with(good.size() - 1, good.back() ^ 1));
  bad.Add("header-size-small", with(kHeaderBytesAt, 36));
  bad.Add("channels-5", Forge(good, kChannelsAt, {5}));
  bad.Add("depth-17", Forge(good, kDepthAt, {17}));
  bad.Add("mode-of-another-depth", Forge(good, kDepthAt, {16}));
  bad.Add("model-missing", Forge(good, kModelAt, Bytes(8, 0)));
  bad.Add("indexed-rgb", Forge(good, kFlagsAt, {1}));
  bad.Add("flags", Forge(good, kFlagsAt, {0x80}));
  bad.Add("width-0", Forge(good, kWidthAt, {0, 0, 0, 0}));
  bad.Add("height-2-31", Forge(good, kHeightAt, {0, 0, 0, 0x80}));
  bad.Add("tile-log2-13", Forge(good, kTileLog2At, {13}));
  bad.Add("unknown-model", Forge(good, kModelAt, Bytes(8, 0x5A)));
  bad.Add("index-too-short", Forge(good, kHeightAt, {0xFF, 0xFF, 0xFF, 0x7F}));
}

void MakeBadPreviews(BadFiles& bad, const Bytes& good) {
  const auto with = [&](const PreviewInfo& info) {
    return testing::WithPreview(good, Preview{info, Bytes(info.payload_bytes, 1), 0});
  };
  bad.Add("preview-channels", with({5, 2, 9}));
  bad.Add("preview-factor-0", Forge(with({3, 2, 9}), ParseHeader(good).header_bytes - 3, {0}));
  Bytes damaged = with({3, 2, 9});
  damaged[ParseHeader(damaged).header_bytes] ^= 1;
  bad.Add("preview-checksum", damaged);
  bad.Add("preview-cut",
          Bytes(damaged.begin(), damaged.begin() + ParseHeader(damaged).header_bytes + 4));
}

void MakeBadHeaders(BadFiles& bad, const FileInfo& info, const Bytes& payload) {
  const auto chunk = [&](const Chunk& c) {
    FileInfo with = info;
    with.chunks = {c};
    return Wrap(with, payload, 0);
  };
  bad.Add("critical-chunk", chunk({{'T', 'e', 'S', 't'}, {1, 2, 3}}));
  bad.Add("values-depth", chunk({{'V', 'A', 'L', 'U'}, {9, 0, 0, 0}}));
  bad.Add("values-many", chunk({{'V', 'A', 'L', 'U'}, {1, 2, 2, 2}}));
  bad.Add("values-cut", chunk({{'V', 'A', 'L', 'U'}, {8, 1}}));
  bad.Add("values-range", chunk({{'V', 'A', 'L', 'U'}, {8, 1, 1, 1, 1}}));
  bad.Add("chunk-type", chunk({{'t', '1', 'S', 't'}, {}}));
  const Bytes chunky = chunk({{'t', 'e', 'S', 't'}, {1, 2, 3}});
  const size_t size_at = ByteReader(ByteSpan(chunky).subspan(kHeaderBytesAt)).Get<uint32_t>() - 8;
  bad.Add("chunk-too-long", Forge(chunky, size_at, {4}));
  FileInfo large = info;  // more than 2^28 pixels
  large.tile_log2 = 12;
  large.width = 4096;
  large.height = 17 * 4096;
  large.payload_bytes.assign(17, 0);
  bad.Add("too-many-pixels", SerializeHeader(large));
  // A payload of 0 bytes in a varint of two.
  FileInfo wide = info;
  wide.chunks = {};
  Bytes file = Wrap(wide, Bytes(200, 0), 0);
  bad.Add("index-overlong", Forge(file, kIndexAt, {0x80, 0x00}));
}

void MakeBadPayloads(BadFiles& bad, const FileInfo& info, const Bytes& payload,
                     uint32_t pixel_checksum) {
  bad.Add("pixel-checksum", Wrap(info, payload, pixel_checksum ^ 1));
  bad.Add("payload-empty", Wrap(info, {}, pixel_checksum));
  Bytes changed = payload;
  changed.push_back(0);
  bad.Add("payload-surplus", Wrap(info, changed, pixel_checksum));
  changed = payload;
  changed[2] = 4;
  bad.Add("conversion-4", Wrap(info, changed, pixel_checksum));
  changed[2] = 1;
  bad.Add("conversion-other", Wrap(info, changed, pixel_checksum));
  changed = payload;
  changed.resize(changed.size() - 2);
  bad.Add("payload-cut", Wrap(info, changed, pixel_checksum));

  // 20 x 14, JFIF: number of exceptions, their stream; then y = 9, c1 = c2 = 0.
  const auto converted = [&](const Bytes& exceptions, int64_t y, int64_t c1) {
    ByteWriter writer;
    writer.Put(static_cast<uint8_t>(TileMode::kRaster));
    writer.Put<uint8_t>(1);
    writer.PutBytes(exceptions);
    for (const int64_t v : {y, c1, int64_t{0}}) {
      writer.PutSignedVarint(v);
      writer.PutVarint(0);
    }
    return Wrap(info, writer.bytes(), 0);
  };
  const auto stream = [](uint32_t gap, int32_t red) {
    SymbolLog log;
    log.AddExpGolomb(gap, 8);
    log.AddExpGolomb(ZigZag(red), 0);
    for (int c = 0; c < 2; ++c) log.AddExpGolomb(0, 0);
    Bytes bytes = log.EncodeAll(1);
    bytes.insert(bytes.begin(), {1, static_cast<uint8_t>(bytes.size())});
    return bytes;
  };
  bad.Add("exceptions-many", converted({0x99, 0x02}, 9, 0));  // 281 of 280 pixels
  bad.Add("exception-outside", converted(stream(280, 1), 9, 0));
  bad.Add("exception-none", converted(stream(7, 0), 9, 0));
  bad.Add("exception-range", converted(stream(7, 256), 9, 0));
  bad.Add("exception-sample", converted(stream(7, -10), 9, 0));
  bad.Add("conversion-luma", converted({0}, -1, 0));
  bad.Add("conversion-chroma", converted({0}, 9, 128));

  // Gray 4 x 4: min, span.
  FileInfo gray = info;
  gray.width = gray.height = 4;
  gray.channels = 1;
  const auto ranges = [&](int64_t min, uint64_t span) {
    ByteWriter writer;
    writer.Put(static_cast<uint8_t>(TileMode::kRaster));
    writer.PutSignedVarint(min);
    writer.PutVarint(span);
    return Wrap(gray, writer.bytes(), 0);
  };
  // Modes without the model. Head of the contexts: tries in 3 bits, way in 3, copies, quick.
  const auto mode = [&](TileMode tile_mode, const Bytes& rest) {
    Bytes bytes = {static_cast<uint8_t>(tile_mode)};
    bytes.insert(bytes.end(), rest.begin(), rest.end());
    return Wrap(gray, bytes, 0);
  };
  bad.Add("mode-unknown", mode(static_cast<TileMode>(255), {}));
  bad.Add("mode-alpha-of-gray", mode(TileMode::kRasterAlpha, {0}));
  bad.Add("raw-short", mode(TileMode::kRaw, Bytes(15, 1)));
  bad.Add("raw-long", mode(TileMode::kRaw, Bytes(17, 1)));
  bad.Add("constant-long", mode(TileMode::kConstant, {1, 2}));
  bad.Add("contexts-head", mode(TileMode::kContexts, {7}));
  bad.Add("contexts-way", mode(TileMode::kContexts, {4 | 7 << 3}));
  bad.Add("contexts-surplus", mode(TileMode::kContexts, Bytes(200, 1)));
  bad.Add("contexts-zero-at-end", mode(TileMode::kContexts, {4, 1, 0}));
  bad.Add("two-colours-candidates", mode(TileMode::kContexts, {1 | 7 << 3, 0, 1}));
  bad.Add("two-colours-cut", mode(TileMode::kContexts, {7 << 3, 9}));
  bad.Add("quick-surplus", mode(TileMode::kContexts, Bytes(200, 129)));
  bad.Add("copy-of-nothing", mode(TileMode::kContexts, {64, 1}));
  bad.Add("palette-of-257", mode(TileMode::kContexts, {4 | 2 << 3, 0x80, 4, 0}));
  bad.Add("palette-cut", mode(TileMode::kContexts, {4 | 2 << 3, 1, 9, 0}));
  bad.Add("ranks-of-nothing", mode(TileMode::kContexts, {4 | 3 << 3, 0, 0}));
  bad.Add("ranks-rows", mode(TileMode::kContexts, {4 | 3 << 3, 0x80, 2, 0}));
  FileInfo indexed = gray;
  indexed.indexed = true;
  bad.Add("palette-missing", Wrap(indexed, {1, 0}, 0));
  indexed.chunks = {{{'P', 'N', 'G', 'C'}, {0, 'P', 'L', 'T', 'E', 2, 1, 1}}};
  bad.Add("palette-size", Wrap(indexed, {1, 0}, 0));
  indexed.chunks = {{{'P', 'N', 'G', 'C'}, {0, 'P', 'L', 'T', 'E', 9, 1, 1}}};
  bad.Add("metadata-cut", Wrap(indexed, {1, 0}, 0));
  indexed.chunks = {{{'P', 'N', 'G', 'C'}, {1, 0x80, 0x80, 0x80, 0x80, 0x08, 1}}};
  bad.Add("metadata-too-large", Wrap(indexed, {1, 0}, 0));
  bad.Add("range-below", ranges(-1024, 0));
  bad.Add("range-above", ranges(1000, 24));
  bad.Add("range-span", ranges(0, UINT64_MAX));
  bad.Add("sample-negative", ranges(-1, 0));
  bad.Add("sample-256", ranges(256, 0));
}

// Gray 5 x 3 of 12 bits.
void MakeBadDifferences(BadFiles& bad, FileInfo info) {
  info.width = 5;
  info.height = 3;
  info.channels = 1;
  info.bit_depth = 12;
  const auto add = [&](const std::string& name, const Bytes& head, const Bytes& payload) {
    Bytes bytes = {static_cast<uint8_t>(TileMode::kDifferences)};
    bytes.insert(bytes.end(), head.begin(), head.end());
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    bad.Add("differences-" + name, Wrap(info, bytes, 0));
  };
  const Bytes head = {7, 0, 0, 0, 0}, constant = {static_cast<uint8_t>(TileMode::kConstant), 9};
  add("few-bits", {6, 0, 0, 0, 0}, constant);
  add("many-bits", {11, 0, 0, 0, 0}, constant);
  add("channels", {0x17, 0, 0, 0, 0, 0, 0, 0, 0}, constant);
  add("cut", {7, 0, 0}, {});
  add("empty", head, {});
  add("surplus", head, {static_cast<uint8_t>(TileMode::kConstant), 9, 0});
  add("of-differences", head, {static_cast<uint8_t>(TileMode::kDifferences), 7, 0, 0, 0, 0, 1, 9});
  add("deflated", head, {static_cast<uint8_t>(TileMode::kDeflated), 9});
  add("unknown", head, {99, 9});
  info.model_hash = 0;
  add("without-model", head, {static_cast<uint8_t>(TileMode::kNetwork), 0});
  info.bit_depth = 8;
  add("shallow", head, constant);
}

// Gray 9 x 3: side stream and rANS stream of the only channel.
void MakeBadRaster(BadFiles& bad, FileInfo info) {
  info.width = 9;
  info.height = 3;
  info.channels = 1;
  info.model_hash = 0;  // none is needed
  const auto raster = [&](const Bytes& side, const Bytes& samples, uint64_t span = 255) {
    ByteWriter channel;
    channel.PutVarint(side.size());
    channel.PutBytes(side);
    channel.PutBytes(samples);
    ByteWriter writer;
    writer.Put(static_cast<uint8_t>(TileMode::kRaster));
    writer.PutSignedVarint(0);
    writer.PutVarint(span);
    writer.PutVarint(channel.size());
    writer.PutBytes(channel.bytes());
    return Wrap(info, writer.bytes(), 0);
  };
  RasterModel model;
  model.labels.assign(2, 0);
  model.filters[0][2] = 256;
  model.tables.tokens = 2;
  BinaryEncoder coder;
  RasterSide(coder, /*channel=*/0, 9, 3, /*lattice=*/false).Code(model);
  const Bytes side = coder.Finish();
  Bytes surplus = side;
  surplus.push_back(1);
  RansStack stack(1);
  for (int i = 0; i < 27; ++i) stack.Push({0x8000, 1});  // token 1: one more than predicted
  const Bytes samples = stack.Finish();
  bad.Add("raster-side-cut", raster({0xFF}, samples));
  bad.Add("raster-side-surplus", raster(surplus, samples));
  bad.Add("raster-side-ones", raster(Bytes(30, 0), samples));
  bad.Add("raster-no-tokens", raster(Bytes(30, 0xFF), samples));
  bad.Add("raster-sample-range", raster(side, samples, 1));
  bad.Add("raster-samples-cut", raster(side, {0, 0, 0, 1}));
  Bytes more = samples;
  more.insert(more.end(), {0, 0});
  bad.Add("raster-samples-surplus", raster(side, more));
  bad.Add("raster-of-nothing", raster({}, {}));
  bad.Add("raster-empty", Wrap(info, {static_cast<uint8_t>(TileMode::kRaster)}, 0));
}

// Gray 9 x 3 by the network coder: the head, then the only plane's side and rANS stream.
void MakeBadNetwork(BadFiles& bad, FileInfo info) {
  info.width = 9;
  info.height = 3;
  info.channels = 1;
  const auto side = [](const LinearFilters& filters) {
    LinearFilters copy = filters;
    BinaryEncoder coder;
    FilterSide side_values(coder, /*channel=*/0, 9, 3);
    side_values.Code(copy);
    copy.biases[0] = std::min(filters.biases[0], kMaxFilterBias);
    if (filters.biases[0] > kMaxFilterBias) {  // as the reader of side information would
      SideNumbers<BinaryEncoder>::Set set;
      SideNumbers(coder).Signed(filters.biases[0], set);
      return coder.Finish();
    }
    side_values.CodeBiases(copy);
    return coder.Finish();
  };
  LinearFilters north;
  north.labels.assign(2, 0);
  north.filters[0][2] = 256;
  const Bytes good_side = side(north);
  const auto plane = [](const Bytes& plane_side, const Bytes& samples) {
    ByteWriter writer;
    writer.PutVarint(plane_side.size());
    writer.PutBytes(plane_side);
    writer.PutBytes(samples);
    return writer.Take();
  };
  const auto wrap = [&](const ByteWriter& head, const Bytes& stream,
                        TileMode mode = TileMode::kNetwork, uint8_t way = 0) {
    ByteWriter writer;
    writer.Put(static_cast<uint8_t>(mode));
    writer.Put(way);
    writer.PutBytes(head.bytes());
    writer.PutVarint(stream.size());
    writer.PutBytes(stream);
    return Wrap(info, writer.bytes(), 0);
  };
  ByteWriter head;
  head.PutSignedVarint(0);
  head.PutVarint(255);
  RansStack stack(1);
  for (int i = 0; i < 27; ++i) stack.Push({0x8000, 1});
  const Bytes samples = stack.Finish();

  Bytes surplus = good_side;
  surplus.insert(surplus.end(), 9, 1);  // the decoder reads eight bytes ahead
  bad.Add("network-side-surplus", wrap(head, plane(surplus, samples)));
  bad.Add("network-side-cut", wrap(head, {100, 1}));
  LinearFilters large = north;  // more than 32767 together
  for (size_t k = 1; k < kOwnTaps.size(); ++k) {
    large.filters[0][k] = static_cast<int16_t>(k % 4 == 0 ? -2047 : 2047);
  }
  bad.Add("network-filter-norm", wrap(head, plane(side(large), samples)));
  LinearFilters biased = north;
  biased.biases[0] = kMaxFilterBias + 1;
  bad.Add("network-bias", wrap(head, plane(side(biased), samples)));
  bad.Add("network-way-2", wrap(head, plane(good_side, samples), TileMode::kNetwork, 2));
  bad.Add("adaptive-of-none", wrap(head, plane(good_side, {1}), TileMode::kNetwork, 1));
  info.adaptive = true;
  bad.Add("adaptive-zero-at-end", wrap(head, plane(good_side, {1, 0}), TileMode::kNetwork, 1));
  bad.Add("adaptive-surplus", wrap(head, plane(good_side, Bytes(90, 1)), TileMode::kNetwork, 1));
  info.adaptive = false;
  bad.Add("network-samples-surplus", wrap(head, plane(good_side, samples)));
  bad.Add("network-samples-cut", wrap(head, plane(good_side, {0, 0, 0, 1})));
  bad.Add("network-rans-state", wrap(head, plane(good_side, {0, 0, 0, 0, 0})));
  Bytes zeros(5 + 40, 0);  // 2^24 and words of zero: escapes whose zeros never end
  zeros[3] = 1;
  bad.Add("network-escape", wrap(head, plane(good_side, zeros)));
  // An escape below, of 2^10 - 1 and more.
  RansStack far(1);
  for (int i = 0; i < 8; ++i) PushUniform(far, 0, 16);
  for (int i = 0; i < 8; ++i) PushUniform(far, 0, 1);
  PushUniform(far, 1, 1);
  for (int i = 0; i < 8; ++i) PushUniform(far, 0, 1);
  far.Push({0, 1});
  bad.Add("network-sample-range", wrap(head, plane(good_side, far.Finish())));
  bad.Add("network-empty", Wrap(info, {static_cast<uint8_t>(TileMode::kNetwork)}, 0));
  bad.Add("network-no-plane", wrap(head, {}));
  Bytes constant = {static_cast<uint8_t>(TileMode::kNetwork), 0, 0, 0, 0};
  bad.Add("network-constant-surplus", Wrap(info, constant, 0));
  bad.Add("network-alpha-of-gray", wrap(head, {}, TileMode::kNetworkAlpha));

  FileInfo deep = info;
  deep.bit_depth = 10;
  const auto deep_range = [&](uint64_t min, uint64_t span, int channels, TileMode mode) {
    ByteWriter writer;
    writer.Put(static_cast<uint8_t>(mode));
    if (mode == TileMode::kNetworkAlpha) writer.PutVarint(0);
    writer.Put<uint8_t>(0);
    writer.PutVarint(min);
    writer.PutVarint(span);
    deep.channels = channels;
    return Wrap(deep, writer.bytes(), 0);
  };
  bad.Add("network-deep-range", deep_range(1000, 24, 1, TileMode::kNetwork));
  bad.Add("network-deep-min", deep_range(1024, 0, 1, TileMode::kNetwork));
  bad.Add("network-deep-alpha", deep_range(5, 0, 2, TileMode::kNetworkAlpha));
  deep.bit_depth = 4;
  bad.Add("network-few-bits", deep_range(5, 0, 1, TileMode::kNetwork));
  // JFIF without exceptions, all three constant; then the order of planes.
  FileInfo colour = info;
  colour.channels = 3;
  Bytes squeezed = {static_cast<uint8_t>(TileMode::kNetwork), 0, 1, 0, 18, 0, 0, 0, 0, 0, 3};
  bad.Add("network-squeeze-3", Wrap(colour, squeezed, 0));
}

// The same for a short file, whose checksum is of all but itself.
Bytes ForgeShort(Bytes file, size_t offset, const Bytes& bytes) {
  std::copy(bytes.begin(), bytes.end(), file.begin() + static_cast<ptrdiff_t>(offset));
  const auto end = file.begin() + static_cast<ptrdiff_t>(HeaderBytes(file));
  Bytes covered(file.begin(), end - 4);
  covered.insert(covered.end(), end, file.end());
  const uint32_t checksum = XXH32(covered.data(), covered.size(), 0);
  for (int i = 0; i < 4; ++i) end[i - 4] = static_cast<uint8_t>(checksum >> (8 * i));
  return file;
}

// Short files, and pictures in the header.
void MakeBadSmall(BadFiles& bad) {
  EncodeOptions options;
  options.coding = Coding::kFast;
  const Bytes good = Encode(testing::Scene(20, 14, 3, 21), options);
  constexpr size_t kShortWidthAt = 12, kPayloadAt = 16;
  Bytes flipped = good;
  flipped.back() ^= 1;
  bad.Add("short-checksum", flipped);
  bad.Add("short-cut-header", Bytes(good.begin(), good.begin() + 15));
  bad.Add("short-cut", Bytes(good.begin(), good.end() - 1));
  Bytes longer = good;
  longer.push_back(0);
  bad.Add("short-surplus", longer);
  bad.Add("short-preview", ForgeShort(good, kFlagsAt, {16 | 8}));
  bad.Add("short-width-0", ForgeShort(good, kShortWidthAt, {0, 0}));
  bad.Add("short-tiles", ForgeShort(good, kShortWidthAt, {0xFF, 0xFF, 0xFF, 0xFF}));
  bad.Add("short-chunks", ForgeShort(good, kPayloadAt + 2, {1}));

  FileInfo info = ParseHeader(Encode(testing::Quantised(30, 20, 1, true), options));
  info.is_short = false;
  const Chunk colours = info.chunks.at(0);
  const auto with = [&](const Bytes& data, const Bytes& payload = {}) {
    FileInfo changed = info;
    changed.chunks = {MakeChunk(kColoursChunk, data)};
    return Wrap(changed, payload, 0);
  };
  Bytes data = colours.data;
  bad.Add("colours-and-tile", with(data, {1, 0}));
  bad.Add("colours-pixels", with(data));  // pixel checksum
  bad.Add("colours-empty", with({}));
  bad.Add("colours-cut", with({0, 9}));
  bad.Add("colours-key", with({5, 0}));
  bad.Add("colours-head", with({128, 0}));
  bad.Add("colours-unused-0", with({32, 0, 0, 0}));
  bad.Add("colours-alphas", with([&] {
            Bytes many = data;
            many.at(1) = 0xFF;
            many.insert(many.begin() + 2, 1);
            return many;
          }()));
  bad.Add("colours-opaque", with([&] {
            Bytes none = data;
            none.at(1) = 0;
            return none;
          }()));
  FileInfo twice = info;
  twice.chunks = {colours, colours};
  bad.Add("colours-twice", Wrap(twice, {}, 0));
  FileInfo gray = info;
  gray.indexed = false;
  bad.Add("colours-of-gray", Wrap(gray, {}, 0));
  FileInfo shallow = info;
  shallow.bit_depth = 2;
  bad.Add("colours-of-2-bits", Wrap(shallow, {}, 0));
  FileInfo large = info;
  large.width = 600;
  large.height = 500;
  bad.Add("colours-many-pixels", Wrap(large, {}, 0));
  FileInfo placeless = info;
  placeless.chunks.push_back(MakeChunk("PNGC", Bytes{0, 'g', 'A', 'M', 'A', 0}));
  bad.Add("colours-without-place", Wrap(placeless, {}, 0));
}

void MakeBad(const std::string& folder, const Model& model) {
  EncodeOptions options;
  options.model = &model;
  options.coding = Coding::kNetwork;
  const Bytes good = Encode(testing::Scene(20, 14, 3, 20), options);
  const FileInfo info = ParseHeader(good);
  const TileBlock block = SplitTiles(info, good)[0];
  const Bytes payload(block.payload.begin(), block.payload.end());
  BadFiles bad(folder, model);
  MakeBadContainers(bad, good);
  MakeBadPreviews(bad, good);
  MakeBadHeaders(bad, info, payload);
  MakeBadPayloads(bad, info, payload, block.pixel_checksum.value());
  MakeBadDifferences(bad, info);
  MakeBadRaster(bad, info);
  MakeBadNetwork(bad, info);
  MakeBadSmall(bad);
  bad.Finish();
}

int Run(const std::string& folder) {
  Model model = testing::TinyModel(5, {12, 1, 3});
  std::filesystem::create_directories(folder + "/golden");
  Save(folder + "/golden/tiny.flzm", model.Serialize());
  // As the tests will see it.
  model = Model::Parse(model.Serialize());
  MakeGolden(folder + "/golden", model);
  MakeBad(folder + "/bad", model);
  return 0;
}

}  // namespace
}  // namespace flowzip

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_goldens DIRECTORY\n");
    return 2;
  }
  try {
    return flowzip::Run(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "make_goldens: %s\n", error.what());
    return 1;
  }
}
