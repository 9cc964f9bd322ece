// SPDX-License-Identifier: BSD-3-Clause
// Damage to a file of several tiles: every single byte's is detected, and recovery gives back
// exactly the tiles that it did not touch. The counts are printed.
#include "codec/container/recover.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <map>

#include "codec/api/codec.h"
#include "tests/tiny_model.h"

namespace flowzip {
namespace {

const Model& Tiny() {
  static const Model model = testing::TinyModel(1);
  return model;
}

std::vector<uint8_t> Encoded(const Image& image) {
  EncodeOptions options;
  options.model = &Tiny();
  options.tile_log2 = 4;
  return Encode(image, options);
}

Image Recovered(ByteSpan file, Recovery* recovery) {
  DecodeOptions options;
  options.model_override = &Tiny();
  options.recovery = recovery;
  return Decode(file, options);
}

int StrictFailure(ByteSpan file) {
  try {
    DecodeOptions options;
    options.model_override = &Tiny();
    Decode(file, options);
  } catch (const Error& error) {
    return static_cast<int>(error.code());
  }
  return 0;
}

// Whether the rectangles agree.
bool SameIn(const Rect& rect, const Image& a, const Image& b) {
  for (uint32_t y = rect.y; y < rect.y + rect.height; ++y) {
    const size_t at = y * a.row_bytes() + size_t{rect.x} * a.channels;
    if (!std::equal(a.samples.begin() + at, a.samples.begin() + at + rect.width * a.channels,
                    b.samples.begin() + at)) {
      return false;
    }
  }
  return true;
}

// All tiles exact but those in recovery.lost, which are gray.
void CheckTiles(const FileInfo& info, const Image& image, const Image& got,
                const Recovery& recovery) {
  REQUIRE(got.samples.size() == image.samples.size());
  Image gray = got;
  for (uint8_t& s : gray.samples) s = 128;
  REQUIRE(recovery.tiles == info.tile_count());
  for (uint64_t tile = 0; tile < info.tile_count(); ++tile) {
    const bool lost = std::any_of(recovery.lost.begin(), recovery.lost.end(),
                                  [&](const LostTile& l) { return l.tile == tile; });
    REQUIRE(SameIn(info.TileRect(tile), got, lost ? gray : image));
  }
}

struct Fixture {
  Image image = testing::Scene(41, 30, 3, 5);  // 3 x 2 tiles
  std::vector<uint8_t> file = Encoded(image);
  FileInfo info = ParseHeader(file);

  // The tile in whose block a byte lies; -1 in the header.
  int TileAt(size_t at) const {
    if (at < info.header_bytes) return -1;
    size_t end = info.header_bytes;
    for (int tile = 0;; ++tile) {
      end += kTileOverheadBytes + info.payload_bytes[tile];
      if (at < end) return tile;
    }
  }
};

TEST_CASE("every other value of every byte of a file is detected") {
  const Fixture f;
  REQUIRE(f.info.tile_count() == 6);
  std::map<int, int> detected;  // by error code
  std::vector<uint8_t> damaged = f.file;
  for (size_t at = 0; at < f.file.size(); ++at) {
    for (int change = 1; change < 256; ++change) {
      damaged[at] = static_cast<uint8_t>(f.file[at] ^ change);
      const int code = StrictFailure(damaged);
      if (code == 0) FAIL("byte " << at << " ^ " << change << " goes unseen");
      ++detected[code];
    }
    damaged[at] = f.file[at];
  }
  int total = 0;
  for (const auto& [code, count] : detected) total += count;
  std::printf("corruption sweep: %zu bytes, 6 tiles: %d of %zu single-byte changes detected\n",
              f.file.size(), total, 255 * f.file.size());
  for (const auto& [code, count] : detected) std::printf("  error code %d: %d\n", code, count);
}

TEST_CASE("one damaged byte costs one tile, or nothing") {
  const Fixture f;
  int repaired = 0, one_lost = 0;
  for (size_t at = 0; at < f.file.size(); ++at) {
    CAPTURE(at);
    std::vector<uint8_t> damaged = f.file;
    damaged[at] ^= static_cast<uint8_t>(1 + at % 255);
    Recovery recovery;
    const Image got = Recovered(damaged, &recovery);
    CHECK_FALSE(recovery.intact());
    CheckTiles(f.info, f.image, got, recovery);
    if (f.TileAt(at) < 0) {
      REQUIRE(recovery.lost.empty());
      CHECK(recovery.damage == "byte " + std::to_string(at) + " of the header was damaged");
      ++repaired;
    } else {
      REQUIRE(recovery.lost.size() == 1);
      CHECK(static_cast<int>(recovery.lost[0].tile) == f.TileAt(at));
      CHECK(recovery.lost[0].reason == "is damaged (checksum)");
      CHECK(recovery.damage.empty());
      ++one_lost;
    }
  }
  std::printf("recovery sweep: %d damaged header bytes put right, %d damaged tiles lost alone\n",
              repaired, one_lost);
}

TEST_CASE("a cut file gives back every tile that is whole") {
  const Fixture f;
  int with_tiles = 0;
  for (size_t size = 0; size < f.file.size(); size += size < f.info.header_bytes ? 1 : 7) {
    CAPTURE(size);
    size_t whole = 0;
    for (size_t end = f.info.header_bytes; whole < 6; ++whole) {
      end += kTileOverheadBytes + f.info.payload_bytes[whole];
      if (end > size) break;
    }
    Recovery recovery;
    if (whole == 0) {
      CHECK_THROWS_AS(Recovered(ByteSpan(f.file).first(size), &recovery), Error);
      continue;
    }
    const Image got = Recovered(ByteSpan(f.file).first(size), &recovery);
    CHECK(recovery.lost.size() == 6 - whole);
    CHECK(recovery.damage == "the file is cut short");
    CheckTiles(f.info, f.image, got, recovery);
    ++with_tiles;
  }
  CHECK(with_tiles > 20);
}

TEST_CASE("several damaged tiles, wrong pixels, surplus bytes") {
  Fixture f;
  std::vector<uint8_t> blocks;
  const auto tiles = SplitTiles(f.info, f.file);
  for (uint64_t tile = 0; tile < 6; ++tile) {
    // Tile 1 claims other pixels, behind a right block checksum.
    AppendTile(tile, *tiles[tile].pixel_checksum ^ (tile == 1), tiles[tile].payload, blocks);
  }
  std::vector<uint8_t> file(f.file.begin(), f.file.begin() + f.info.header_bytes);
  file.insert(file.end(), blocks.begin(), blocks.end());
  REQUIRE(file.size() == f.file.size());
  file.back() ^= 1;                // tile 5
  file[f.info.header_bytes] ^= 1;  // tile 0
  file.push_back(7);
  Recovery recovery;
  const Image got = Recovered(file, &recovery);
  REQUIRE(recovery.lost.size() == 3);
  CHECK(recovery.lost[0].tile == 0);
  CHECK(recovery.lost[1].tile == 1);
  CHECK(recovery.lost[1].reason == "decodes to other pixels than were encoded (checksum)");
  CHECK(recovery.lost[2].tile == 5);
  CHECK(recovery.damage == "surplus bytes follow the last tile");
  CheckTiles(f.info, f.image, got, recovery);
}

TEST_CASE("what is whole is decoded as ever, what is hopeless refused as ever") {
  Fixture f;
  Recovery recovery;
  CHECK(Recovered(f.file, &recovery).samples == f.image.samples);
  CHECK(recovery.intact());
  std::vector<uint8_t> damaged = f.file;
  damaged[12] ^= 1;  // two bytes of the header
  damaged[16] ^= 1;
  CHECK_THROWS_WITH(Recovered(damaged, &recovery), "header is damaged (checksum)");
  CHECK_THROWS_WITH(Recovered({}, &recovery), "file is empty");
  CHECK_THROWS_WITH(Recovered(std::vector<uint8_t>(500, 'x'), &recovery), "not a flowzip file");
  const std::vector<uint8_t> one = Encoded(testing::Scene(12, 12, 3, 6));
  damaged = one;
  damaged.back() ^= 1;
  CHECK_THROWS_WITH(Recovered(damaged, &recovery), "file is damaged (checksum)");
}

TEST_CASE("a damaged byte of a short file's header is put right, other damage is not") {
  const Image image = testing::Scene(30, 20, 3, 7);
  EncodeOptions options;
  options.coding = Coding::kFast;
  options.chunks = {MakeChunk("teSt", std::vector<uint8_t>{1, 2, 3})};
  const std::vector<uint8_t> file = Encode(image, options);
  const FileInfo info = ParseHeader(file);
  REQUIRE(info.is_short);
  for (size_t at = 0; at < file.size(); ++at) {
    std::vector<uint8_t> damaged = file;
    damaged[at] ^= 0x21;
    Recovery recovery;
    CAPTURE(at);
    if (at < info.header_bytes) {
      REQUIRE(Recovered(damaged, &recovery).samples == image.samples);
      CHECK(recovery.damage == "byte " + std::to_string(at) + " of the header was damaged");
    } else {
      REQUIRE_THROWS_AS(Recovered(damaged, &recovery), Error);
    }
  }
}

TEST_CASE("gray is the middle of every bit depth") {
  Image image;
  image.width = 3;
  image.height = 2;
  image.channels = 1;
  image.bit_depth = 16;
  image.samples.assign(12, 0);
  FillGray({1, 1, 2, 1}, image);
  const std::vector<uint16_t> expected = {0, 0, 0, 0, 0x8000, 0x8000};
  CHECK(std::equal(image.samples.begin(), image.samples.end(),
                   reinterpret_cast<const uint8_t*>(expected.data())));
}

}  // namespace
}  // namespace flowzip
