// SPDX-License-Identifier: BSD-3-Clause
// Damaged and forged .flz files: an Error each time, whatever the bytes, and never the wrong
// pixels. Checksums are made right again, so that the decoder behind them is what is tried.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "codec/api/codec.h"
#include "codec/tiles/tile_modes.h"
#include "tests/tiny_model.h"

namespace flowzip {
namespace {

using testing::Random;
using testing::TinyModel;

const Model& Tiny() {
  static const Model model = TinyModel(1);
  return model;
}

std::vector<uint8_t> Encoded(const Image& image, int tile_log2 = kDefaultTileLog2) {
  EncodeOptions options;
  options.model = &Tiny();
  options.tile_log2 = tile_log2;
  options.coding = Coding::kNetwork;
  return Encode(image, options);
}

Image DecodeTiny(ByteSpan file, uint64_t max_pixels = 1 << 20) {
  DecodeOptions options;
  options.model_override = &Tiny();
  options.max_pixels = max_pixels;
  return Decode(file, options);
}

// 0 if the file decodes; the message must be one line.
int Failure(ByteSpan file, Image* image = nullptr, std::string* message = nullptr) {
  try {
    Image result = DecodeTiny(file);
    if (image != nullptr) *image = std::move(result);
  } catch (const Error& error) {
    const std::string what = error.what();
    REQUIRE(!what.empty());
    REQUIRE(what.find('\n') == std::string::npos);
    if (message != nullptr) *message = what;
    return static_cast<int>(error.code());
  }
  return 0;
}

// A file of these payloads with right checksums, which says that it decodes to `image`.
std::vector<uint8_t> Assemble(FileInfo info, const std::vector<std::vector<uint8_t>>& payloads,
                              const std::vector<uint32_t>& pixel_checksums) {
  std::vector<uint8_t> blocks;
  info.payload_bytes.clear();
  for (size_t tile = 0; tile < payloads.size(); ++tile) {
    info.payload_bytes.push_back(payloads[tile].size());
    AppendTile(tile, pixel_checksums[tile], payloads[tile], blocks);
  }
  std::vector<uint8_t> file = SerializeHeader(info);
  file.insert(file.end(), blocks.begin(), blocks.end());
  return file;
}

struct Parts {
  FileInfo info;
  std::vector<std::vector<uint8_t>> payloads;
  std::vector<uint32_t> checksums;

  explicit Parts(ByteSpan file) : info(ParseHeader(file)) {
    for (const TileBlock& block : SplitTiles(info, file)) {
      payloads.emplace_back(block.payload.begin(), block.payload.end());
      checksums.push_back(block.pixel_checksum.value());
    }
  }
  std::vector<uint8_t> File() const { return Assemble(info, payloads, checksums); }
};

TEST_CASE("a file cut at any byte is called short") {
  const std::vector<uint8_t> file = Encoded(testing::Scene(30, 20, 3, 1), 4);
  REQUIRE(Failure(file) == 0);
  for (size_t size = 0; size < file.size(); ++size) {
    INFO(size);
    REQUIRE(Failure(ByteSpan(file).first(size)) == static_cast<int>(ErrorCode::kTruncated));
  }
}

TEST_CASE("a bit flipped anywhere is detected") {
  const std::vector<uint8_t> file = Encoded(testing::Scene(21, 12, 3, 1), 4);
  for (size_t i = 0; i < file.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::vector<uint8_t> damaged = file;
      damaged[i] ^= static_cast<uint8_t>(1 << bit);
      INFO("byte " << i << " bit " << bit);
      REQUIRE(Failure(damaged) != 0);
    }
  }
}

TEST_CASE("random bytes as payload") {
  Random random(1);
  FileInfo info;
  info.channels = 3;
  info.bit_depth = 8;
  info.model_hash = Tiny().hash();
  info.adaptive = true;
  for (int trial = 0; trial < 4000; ++trial) {
    info.width = random.Between(1, 60);
    info.height = random.Between(1, 60);
    info.channels = random.Between(0, 1) ? 3 : 1;
    std::vector<uint8_t> payload(random.Between(0, 300));
    for (uint8_t& byte : payload) byte = random.Byte();
    // Half of them with a mode and ranges that are possible, so that the streams are reached.
    if (trial % 2 && payload.size() > 10) {
      payload[0] = static_cast<uint8_t>(TileMode::kNetwork);
      payload[1] = trial % 4 == 1 ? 0 : 1;     // adaptive
      if (info.channels == 3) payload[2] = 0;  // no conversion
      size_t at = info.channels == 3 ? 3 : 2;
      for (int c = 0; c < info.channels; ++c) {
        payload[at++] = static_cast<uint8_t>(random.Between(0, 40));
        payload[at++] = static_cast<uint8_t>(random.Between(1, 120));
      }
      payload[at] = static_cast<uint8_t>(random.Between(5, 60));
    }
    REQUIRE(Failure(Assemble(info, {payload}, {random.Word()})) != 0);
  }
}

TEST_CASE("damage behind right checksums is an error, or changes no pixel") {
  Random random(2);
  int fine = 0;
  for (int picture = 0; picture < 6; ++picture) {
    const Image image = picture % 2 ? testing::Scene(70, 50, 3, 7 + picture)
                                    : testing::Noise(24, 30, picture % 3 ? 3 : 1, picture);
    const Parts parts(Encoded(image, picture < 3 ? 10 : 5));
    for (int trial = 0; trial < 200; ++trial) {
      Parts damaged = parts;
      auto& payload = damaged.payloads[trial % damaged.payloads.size()];
      for (int n = random.Between(1, 3); n > 0 && !payload.empty(); --n) {
        const int at = random.Between(0, static_cast<int>(payload.size()) - 1);
        switch (random.Between(0, 3)) {
          case 0: payload[at] ^= static_cast<uint8_t>(1 << random.Between(0, 7)); break;
          case 1: payload[at] = random.Byte(); break;
          case 2: payload.erase(payload.begin() + at); break;
          default: payload.insert(payload.begin() + at, random.Byte());
        }
      }
      Image decoded;
      const int failure = Failure(damaged.File(), &decoded);
      if (failure == 0) {
        REQUIRE(decoded.samples == image.samples);
        ++fine;
      }
    }
  }
  CHECK(fine < 30);
}

TEST_CASE("a payload for another picture is refused") {
  const Parts parts(Encoded(testing::Scene(40, 40, 3, 1)));
  for (const auto& [width, height] : {std::pair{41, 40}, {40, 39}, {1, 1}, {8, 8}, {1000, 1000}}) {
    Parts other = parts;
    other.info.width = width;
    other.info.height = height;
    CHECK(Failure(other.File()) == static_cast<int>(ErrorCode::kCorrupt));
  }
  Parts gray = parts;
  gray.info.channels = 1;
  CHECK(Failure(gray.File()) == static_cast<int>(ErrorCode::kCorrupt));
}

TEST_CASE("wrong pixels are never returned, even if everything else is right") {
  Parts parts(Encoded(testing::Scene(20, 20, 3, 1)));
  parts.checksums[0] ^= 1;
  std::string message;
  CHECK(Failure(parts.File(), nullptr, &message) == static_cast<int>(ErrorCode::kCorrupt));
  CHECK(message == "tile 1: decodes to other pixels than were encoded (checksum)");
}

TEST_CASE("ranges that cannot be are refused") {
  FileInfo info;
  info.width = info.height = 4;
  info.channels = 1;
  info.bit_depth = 8;
  info.model_hash = Tiny().hash();
  const auto with = [&](int64_t min, uint64_t span) {
    ByteWriter writer;
    writer.Put(static_cast<uint8_t>(TileMode::kNetwork));
    writer.Put<uint8_t>(0);
    writer.PutSignedVarint(min);
    writer.PutVarint(span);
    std::string message;
    Failure(Assemble(info, {writer.bytes()}, {0}), nullptr, &message);
    return message;
  };
  const std::string out = "tile 1: sample range out of bounds";
  CHECK(with(-1024, 0) == out);
  CHECK(with(1024, 0) == out);
  CHECK(with(-1023, 2047) == out);
  CHECK(with(0, 1024) == out);
  CHECK(with(INT64_MIN, 0) == out);
  CHECK(with(INT64_MAX, UINT64_MAX) == out);
  CHECK(with(0, UINT64_MAX) == out);
  CHECK(with(300, 0) == "tile 1: sample out of range");
  CHECK(with(-1, 0) == "tile 1: sample out of range");
  CHECK(with(0, 5) == "tile 1: data end too early");
}

TEST_CASE("a small file that claims a large picture fails before memory is taken") {
  Parts parts(Encoded(testing::Flat(4, 4, 3, 1)));
  parts.info.width = parts.info.height = 4096;
  parts.info.tile_log2 = 12;
  const std::vector<uint8_t> file = parts.File();
  CHECK_THROWS_WITH(DecodeTiny(file, 4096 * 4096 - 1),
                    "4096 x 4096 pixels exceed the limit of 16777215 pixels");
  std::string message;
  CHECK(Failure(file, nullptr, &message) == static_cast<int>(ErrorCode::kLimit));
}

TEST_CASE("files of another model are refused by its name") {
  Parts parts(Encoded(testing::Scene(20, 20, 3, 1)));
  parts.info.model_hash = 0x0123456789ABCDEF;
  std::string message;
  CHECK(Failure(parts.File(), nullptr, &message) == static_cast<int>(ErrorCode::kUnknownModel));
  CHECK(message == "was written with model 0123456789abcdef, which this decoder does not have");
}

}  // namespace
}  // namespace flowzip
