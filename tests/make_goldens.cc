// SPDX-License-Identifier: BSD-3-Clause
// Makes tests/golden and tests/bad, so that it can be seen how they came about:
//
//   make_goldens DIRECTORY       writes DIRECTORY/golden and DIRECTORY/bad
//
// From the first release on, the files committed are never made anew: they must decode for
// ever, whatever later versions would write. A new feature of the format adds a golden file, a
// way to be wrong that was found adds a bad one. They use golden/tiny.flzm, or latent.flzm and
// affine.flzm, whose sites borrow bits: small models of random weights (tests/tiny_model.h)
// that do not change when better models are trained.
//
// golden/manifest.txt:  file, width, height, channels, XXH3-64 of the samples
// bad/manifest.txt:     file, error code, message
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "codec/api/codec.h"
#include "codec/coders/raster/raster_side.h"
#include "codec/tiles/tile_modes.h"
#include "rans/binary_coder.h"
#include "rans/escape.h"
#include "tests/converted.h"
#include "tests/picture_kinds.h"
#include "tests/tiny_model.h"

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

  // For the files that follow; stored beside them.
  void Use(const std::string& name, Model& model) {
    Save(folder_ + "/" + name, model.Serialize());
    model = Model::Parse(model.Serialize());  // as the tests will see it
    model_ = &model;
  }

  void Add(const std::string& name, const Image& image, int tile_log2 = kDefaultTileLog2,
           Coding coding = Coding::kFlow) {
    EncodeOptions options;
    options.model = model_;
    options.tile_log2 = tile_log2;
    options.coding = coding;
    Save(folder_ + "/" + name, Encode(image, options));
    const uint64_t hash = XXH3_64bits(image.samples.data(), image.samples.size());
    manifest_ += name + " " + std::to_string(image.width) + " " + std::to_string(image.height) +
                 " " + std::to_string(image.channels) + " " + HashName(hash) + "\n";
  }
  void Finish() const {
    Save(folder_ + "/manifest.txt",
         ByteSpan(reinterpret_cast<const uint8_t*>(manifest_.data()), manifest_.size()));
  }

 private:
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
    goldens.Add(name + ".flz", image, tile_log2, Coding::kNoFlow);
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
  add("gray10-of-pam", testing::OfKind({1, 10, 3}, 20, 20, 13));
}

// Refined tiles.
void MakeGoldenRefined(Goldens& goldens) {
  const auto add = [&](const std::string& name, const Image& image, int tile_log2 = 10) {
    goldens.Add("refined-" + name + ".flz", image, tile_log2, Coding::kRefined);
  };
  add("rgb", testing::Scene(61, 47, 3, 31));
  add("gray", testing::Scene(96, 80, 1, 32));
  add("row", testing::Scene(130, 1, 3, 33));
  add("escapes", Escapes());
  add("checkerboard", testing::Checkerboard(34, 30, 3));
  add("noise", testing::Noise(40, 33, 3, 34));
  add("photocd-tiles", testing::Converted(testing::Scene(45, 38, 3, 35), 2, 5), 5);
  add("rgba", testing::OfKind({4, 8}, 40, 30, 36));
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
  const Image repeated = repeat(testing::Noise(19, 13, 3, 51), 80, 64);
  goldens.Add("copies-quick.flz", repeated, 10, Coding::kFast);
  goldens.Add("copies-contexts.flz", repeated, 10, Coding::kNoFlow);
  goldens.Add("copies-gray-tiles.flz", repeat(testing::Noise(7, 9, 1, 52), 70, 45), 5,
              Coding::kFast);
  goldens.Add("quick-gray16.flz", testing::OfKind({1, 16, 3}, 50, 40, 53), 10, Coding::kFast);
  goldens.Add("quick-rgba12.flz", testing::OfKind({4, 12, 3}, 30, 24, 54), 10, Coding::kFast);
  goldens.Add("quick-palette8.flz", testing::OfKind({1, 8, 1, true}, 90, 50, 55), 10,
              Coding::kFast);
  Image page = testing::OfKind({1, 1, 0}, 120, 60, 56);
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
  goldens.Add("bilevel-letters.flz", page, 10, Coding::kFast);
  goldens.Add("bilevel-two-colours.flz", testing::Checkerboard(33, 29, 3), 10, Coding::kFast);
  Image gaps = testing::Scene(96, 80, 3, 58);
  for (uint8_t& s : gaps.samples) s = static_cast<uint8_t>(s / 20 * 21);
  goldens.Add("values-rgb.flz", gaps, 10, Coding::kFast);
  Image spread = testing::OfKind({1, 16, 0}, 120, 100, 59);
  for (size_t i = 0; i < spread.sub_pixels(); ++i) {
    testing::SetSample(spread, i, (random.Between(0, 20) + static_cast<int>(i % 120)) * 257);
  }
  goldens.Add("values-gray16.flz", spread, 10, Coding::kFast);
  goldens.Add("thin-column.flz", testing::Scene(2, 700, 1, 60), 4, Coding::kRaster);
  goldens.Add("thin-row.flz", testing::Scene(700, 3, 3, 61), 4, Coding::kFast);
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
  Image one_constant = testing::Scene(40, 24, 3, 13);  // R = B: Co is 0
  for (size_t i = 0; i < one_constant.samples.size(); i += 3) {
    one_constant.samples[i + 2] = one_constant.samples[i];
  }
  add("constant-co", one_constant);
  add("photocd-tiles", testing::Converted(testing::Scene(45, 38, 3, 47), 2, 5), 5);
  add("rgba", testing::OfKind({4, 8}, 40, 30, 48));
}

// With latent components; with affine couplings too, from pure shrinking to stretching 64-fold.
Model BorrowingModel(uint32_t seed, bool affine) {
  testing::TinyShape shape;
  shape.width = shape.inner = shape.head = 6;
  shape.blocks = {1, 0, 0};
  shape.components = affine ? 2 : 4;
  shape.classes = 1;
  shape.radii = {{5, 4, 2}, {2, 2, 1}, {2, 1, 1}};
  shape.latent_components = true;
  shape.affine = affine;
  return testing::TinyModel(seed, shape);
}

// Streams that start without borrowing and end with it, and those that never begin.
void MakeGoldenBorrowing(Goldens& goldens) {
  Model latent = BorrowingModel(3, false), affine = BorrowingModel(4, true);
  goldens.Use("latent.flzm", latent);
  goldens.Add("latent-rgb.flz", testing::Scene(61, 47, 3, 21));
  goldens.Add("latent-gray-column.flz", testing::Scene(1, 17, 1, 22));
  goldens.Add("latent-noise.flz", testing::Noise(30, 26, 3, 23));
  goldens.Use("affine.flzm", affine);
  goldens.Add("affine-rgb.flz", testing::Scene(61, 47, 3, 24));
  goldens.Add("affine-gray-tiles.flz", testing::Scene(40, 33, 1, 25), 5);
  goldens.Add("affine-checkerboard.flz", testing::Checkerboard(34, 30, 3));
}

void MakeGolden(const std::string& folder, const Model& model) {
  Goldens goldens(folder, model);
  goldens.Add("rgb-1x1.flz", testing::Noise(1, 1, 3, 1));
  goldens.Add("gray-1x1.flz", testing::Noise(1, 1, 1, 2));
  goldens.Add("rgb-base-8x8.flz", testing::Noise(8, 8, 3, 3));
  goldens.Add("rgb-flat.flz", testing::Flat(300, 200, 3, 77));
  goldens.Add("gray-flat-black.flz", testing::Flat(33, 9, 1, 0));
  goldens.Add("rgb-scene.flz", testing::Scene(96, 64, 3, 4));
  goldens.Add("gray-scene.flz", testing::Scene(96, 80, 1, 5));
  goldens.Add("rgb-odd.flz", testing::Scene(61, 47, 3, 6));
  goldens.Add("gray-odd.flz", testing::Scene(47, 91, 1, 7));
  goldens.Add("rgb-row.flz", testing::Scene(130, 1, 3, 8));
  goldens.Add("gray-column.flz", testing::Scene(1, 77, 1, 9));
  goldens.Add("rgb-tiles-16.flz", testing::Scene(50, 35, 3, 10), 4);
  goldens.Add("gray-tiles-32.flz", testing::Scene(70, 64, 1, 11), 5);
  goldens.Add("rgb-noise-escapes.flz", Escapes());
  goldens.Add("rgb-checkerboard.flz", testing::Checkerboard(34, 30, 3));
  goldens.Add("rgb-gradient.flz", testing::Gradient(64, 65, 3));
  Image one_constant = testing::Scene(40, 40, 3, 12);
  for (size_t i = 0; i < one_constant.samples.size(); i += 3) {
    one_constant.samples[i + 2] = one_constant.samples[i];  // R = B: Co is constant
  }
  goldens.Add("rgb-constant-co.flz", one_constant);
  goldens.Add("rgb-jfif.flz", testing::Converted(testing::Scene(45, 38, 3, 14), 1, 0));
  goldens.Add("rgb-photocd.flz", testing::Converted(testing::Scene(45, 38, 3, 15), 2, 5), 5);
  // Two bands and four lanes a stream (level_coder.cc), with something at their border.
  Image bands = testing::Flat(512, 520, 1, 40);
  const Image patch = testing::Scene(60, 60, 1, 13);
  for (size_t y = 0; y < 60; ++y) {
    std::copy_n(&patch.samples[60 * y], 60, &bands.samples[512 * (230 + y) + 200]);
  }
  goldens.Add("gray-bands.flz", bands);
  goldens.Add("rgba-flow-alpha.flz", testing::OfKind({4, 8}, 40, 30, 14));
  goldens.Add("gray-alpha-flow.flz", testing::OfKind({2, 8}, 21, 33, 15));
  Image same = testing::OfKind({2, 8}, 52, 41, 15);
  testing::RepeatGray(same);
  goldens.Add("gray-alpha-same.flz", same);
  MakeGoldenRefined(goldens);
  MakeGoldenKinds(goldens);
  MakeGoldenRaster(goldens);
  MakeGoldenBorrowing(goldens);
  MakeGoldenCopies(goldens);
  goldens.Finish();
}

class BadFiles {
 public:
  BadFiles(std::string folder, const Model& model) : folder_(std::move(folder)), model_(&model) {
    std::filesystem::create_directories(folder_);
  }

  // For the files that follow.
  void Use(const Model& model) { model_ = &model; }

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
  changed[1] = 3;
  bad.Add("conversion-3", Wrap(info, changed, pixel_checksum));
  changed[1] = 1;
  bad.Add("conversion-other", Wrap(info, changed, pixel_checksum));
  changed = payload;
  changed.resize(changed.size() - 2);
  bad.Add("payload-cut", Wrap(info, changed, pixel_checksum));

  // 20 x 14, JFIF: number of exceptions, their stream; then y = 9, c1 = c2 = 0.
  const auto converted = [&](const Bytes& exceptions, int64_t y, int64_t c1) {
    ByteWriter writer;
    writer.Put(static_cast<uint8_t>(TileMode::kFlow));
    writer.Put<uint8_t>(1);
    writer.PutBytes(exceptions);
    writer.Put<uint8_t>(0);  // orientation
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

  // Gray 4 x 4: min, span, then the base's length and stream.
  FileInfo gray = info;
  gray.width = gray.height = 4;
  gray.channels = 1;
  const auto ranges = [&](int64_t min, uint64_t span, const Bytes& rest = {}) {
    ByteWriter writer;
    writer.Put(static_cast<uint8_t>(TileMode::kFlow));
    writer.PutSignedVarint(min);
    writer.PutVarint(span);
    writer.PutBytes(rest);
    return Wrap(gray, writer.bytes(), 0);
  };
  // Modes without the model. Head of the contexts: tries in 3 bits, way in 3, copies, quick.
  const auto mode = [&](TileMode tile_mode, const Bytes& rest) {
    Bytes bytes = {static_cast<uint8_t>(tile_mode)};
    bytes.insert(bytes.end(), rest.begin(), rest.end());
    return Wrap(gray, bytes, 0);
  };
  bad.Add("mode-unknown", mode(static_cast<TileMode>(255), {}));
  bad.Add("mode-alpha-of-gray", mode(TileMode::kFlowAlpha, {0}));
  bad.Add("refined-of-none", mode(TileMode::kRefined, {0, 0}));  // the header has no such tile
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
  bad.Add("palette-of-257", mode(TileMode::kContexts, {4 | 2 << 3, 0x80, 2, 0}));
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
  indexed.chunks = {{{'P', 'N', 'G', 'C'}, {1, 0x80, 0x80, 0x80, 0x10, 1}}};
  bad.Add("metadata-too-large", Wrap(indexed, {1, 0}, 0));
  bad.Add("range-below", ranges(-1024, 0));
  bad.Add("range-above", ranges(1000, 24));
  bad.Add("range-span", ranges(0, UINT64_MAX));
  bad.Add("sample-negative", ranges(-1, 0));
  bad.Add("sample-256", ranges(256, 0));
  bad.Add("base-length", ranges(0, 9, {100}));
  bad.Add("base-cut", ranges(0, 9, {4, 0, 0, 0, 1}));
  bad.Add("rans-state", ranges(0, 9, {5, 0, 0, 0, 0, 0}));
  bad.Add("rans-half-word", ranges(0, 9, {6, 0, 0, 0, 1, 0, 7}));
  bad.Add("rans-words-end", ranges(0, 9, {5, 0, 0x80, 0, 1, 0}));
  // 2^24 and words of zero: bits of zero without end.
  Bytes zeros(5 + 16, 0);
  zeros[3] = 1;
  zeros.insert(zeros.begin(), static_cast<uint8_t>(zeros.size()));
  bad.Add("golomb-prefix", ranges(0, 9, zeros));
  // A one-bit one, then 14: the first sample is 7 more than the middle of 0 and 1.
  bad.Add("sample-outside-range", ranges(0, 1, {7, 0, 0xF0, 0, 1, 0, 0, 0xE0}));
}

// Gray 9 x 1, 4 sites in one level, whose stream holds what is given and ends badly.
void MakeBadBorrowing(BadFiles& bad, FileInfo info) {
  const Model model = Model::Parse(BorrowingModel(4, true).Serialize());
  bad.Use(model);
  info.width = 9;
  info.height = info.channels = 1;
  info.model_hash = model.hash();
  const auto level = [&](uint32_t plain, uint32_t slots, uint64_t span = 255) {
    RansStack stack(1);
    for (int i = 0; i < 40; ++i) stack.Push({slots, 1});
    PushExpGolomb(stack, plain, 6);
    const Bytes stream = stack.Finish();
    SymbolLog base;
    for (int i = 0; i < 5; ++i) base.AddExpGolomb(0, 4);
    const Bytes base_stream = base.EncodeAll(1);
    ByteWriter writer;
    writer.Put(static_cast<uint8_t>(TileMode::kFlow));
    writer.PutSignedVarint(0);
    writer.PutVarint(span);
    writer.PutVarint(base_stream.size());
    writer.PutBytes(base_stream);
    writer.PutVarint(stream.size());
    writer.PutBytes(stream);
    return Wrap(info, writer.bytes(), 0);
  };
  bad.Add("borrow-plain-sites", level(5, 0x8000));
  bad.Add("borrow-sample-range", level(0, 0xFFFF, 1));
  bad.Add("borrow-surplus", level(0, 0x8000));
}

// Gray 9 x 1: one level, whose filters and samples are given.
void MakeBadRefined(BadFiles& bad, FileInfo info) {
  info.width = 9;
  info.height = info.channels = 1;
  info.refined = true;
  const auto level = [&](TileMode mode, const Bytes& filters, const Bytes& samples) {
    SymbolLog base;
    for (int i = 0; i < 5; ++i) base.AddExpGolomb(0, 4);
    const Bytes base_stream = base.EncodeAll(1);
    ByteWriter writer;
    writer.Put(static_cast<uint8_t>(mode));
    writer.PutSignedVarint(0);
    writer.PutVarint(255);
    writer.PutVarint(base_stream.size());
    writer.PutBytes(base_stream);
    writer.PutVarint(filters.size());
    writer.PutVarint(samples.size());
    writer.PutBytes(filters);
    writer.PutBytes(samples);
    return Wrap(info, writer.bytes(), 0);
  };
  SymbolLog log;
  for (int g = 0; g < kGroups; ++g) log.AddUniform(0, 1);
  const Bytes filters = log.EncodeAll(1);
  bad.Add("refined-without-filters", level(TileMode::kRefined, {}, {1}));
  log.AddUniform(1, 1);
  bad.Add("refined-filters-surplus", level(TileMode::kRefined, log.EncodeAll(1), {1}));
  bad.Add("refined-zero-at-end", level(TileMode::kRefined, filters, {1, 0}));
  bad.Add("refined-surplus", level(TileMode::kRefined, filters, Bytes(60, 1)));
  bad.Add("refined-alpha-of-gray", level(TileMode::kRefinedAlpha, filters, {1}));
  const Model model = Model::Parse(BorrowingModel(4, true).Serialize());
  bad.Use(model);
  info.model_hash = model.hash();
  bad.Add("refined-borrowing", level(TileMode::kRefined, filters, {1}));
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
  RasterSide(coder, /*channel=*/0, 9, 3).Code(model);
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

void MakeBad(const std::string& folder, const Model& model) {
  EncodeOptions options;
  options.model = &model;
  options.coding = Coding::kFlow;
  const Bytes good = Encode(testing::Scene(20, 14, 3, 20), options);
  const FileInfo info = ParseHeader(good);
  const TileBlock block = SplitTiles(info, good)[0];
  const Bytes payload(block.payload.begin(), block.payload.end());
  BadFiles bad(folder, model);
  MakeBadContainers(bad, good);
  MakeBadHeaders(bad, info, payload);
  MakeBadPayloads(bad, info, payload, block.pixel_checksum);
  MakeBadRefined(bad, info);
  MakeBadRaster(bad, info);
  MakeBadBorrowing(bad, info);
  bad.Finish();
}

int Run(const std::string& folder) {
  testing::TinyShape shape;
  shape.components = 3;
  shape.radii = {{13, 10, 5}, {4, 4, 2}, {5, 4, 2}};
  Model model = testing::TinyModel(2, shape);
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
