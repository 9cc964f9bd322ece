// SPDX-License-Identifier: BSD-3-Clause
// The frame of a .flz file: what is written is read, what was damaged or forged is refused.
#include "codec/container/container.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <catch2/catch.hpp>
#include <string>

namespace flowzip {
namespace {

// Three tiles (16 + 16 + 4 columns) with payloads of 5, 0 and 300 bytes.
struct Sample {
  FileInfo info;
  std::vector<std::vector<uint8_t>> payloads;
  std::vector<uint8_t> file;
};

Sample MakeSample(std::vector<Chunk> chunks = {}) {
  Sample sample;
  sample.info.width = 36;
  sample.info.height = 9;
  sample.info.channels = 3;
  sample.info.bit_depth = 8;
  sample.info.model_hash = 0x0123456789ABCDEF;
  sample.info.tile_log2 = 4;
  sample.info.chunks = std::move(chunks);
  sample.payloads = {{1, 2, 3, 4, 5}, {}, std::vector<uint8_t>(300, 77)};
  std::vector<uint8_t> blocks;
  for (size_t tile = 0; tile < sample.payloads.size(); ++tile) {
    sample.info.payload_bytes.push_back(sample.payloads[tile].size());
    AppendTile(tile, 0xABCD0000 + static_cast<uint32_t>(tile), sample.payloads[tile], blocks);
  }
  sample.file = SerializeHeader(sample.info);
  sample.info.header_bytes = sample.file.size();
  sample.file.insert(sample.file.end(), blocks.begin(), blocks.end());
  return sample;
}

// The error code that reading the whole file causes; 0 for none.
int Failure(ByteSpan file) {
  try {
    SplitTiles(ParseHeader(file), file);
  } catch (const Error& error) {
    REQUIRE(std::string(error.what()).find('\n') == std::string::npos);
    return static_cast<int>(error.code());
  }
  return 0;
}

constexpr int Code(ErrorCode code) { return static_cast<int>(code); }

void CheckEveryFlip(const std::vector<uint8_t>& right) {
  REQUIRE(Failure(right) == 0);
  for (size_t i = 0; i < right.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::vector<uint8_t> file = right;
      file[i] ^= static_cast<uint8_t>(1 << bit);
      INFO("byte " << i << " bit " << bit);
      REQUIRE(Failure(file) != 0);
    }
  }
}

void CheckEveryLength(const std::vector<uint8_t>& right) {
  for (size_t size = 0; size < right.size(); ++size) {
    INFO(size);
    REQUIRE(Failure(ByteSpan(right).first(size)) == Code(ErrorCode::kTruncated));
  }
  std::vector<uint8_t> longer = right;
  longer.push_back(0);
  CHECK(Failure(longer) == Code(ErrorCode::kCorrupt));
}

// Replaces header bytes and makes the checksum right again, as a hostile writer would.
std::vector<uint8_t> Forge(std::vector<uint8_t> file, size_t header_bytes, size_t offset,
                           const std::vector<uint8_t>& bytes) {
  std::copy(bytes.begin(), bytes.end(), file.begin() + static_cast<ptrdiff_t>(offset));
  const uint32_t checksum = XXH32(file.data(), header_bytes - 4, 0);
  for (size_t i = 0; i < 4; ++i) {
    file[header_bytes - 4 + i] = static_cast<uint8_t>(checksum >> (8 * i));
  }
  return file;
}

TEST_CASE("what is written is read") {
  const Sample sample = MakeSample();
  const FileInfo info = ParseHeader(sample.file);
  CHECK(info.width == 36);
  CHECK(info.height == 9);
  CHECK(info.channels == 3);
  CHECK(info.bit_depth == 8);
  CHECK(info.model_hash == 0x0123456789ABCDEF);
  CHECK(info.tile_log2 == 4);
  CHECK(info.payload_bytes == sample.info.payload_bytes);
  CHECK(info.header_bytes == sample.info.header_bytes);
  CHECK(info.file_bytes() == sample.file.size());
  const std::vector<TileBlock> blocks = SplitTiles(info, sample.file);
  REQUIRE(blocks.size() == 3);
  for (size_t tile = 0; tile < 3; ++tile) {
    CHECK(blocks[tile].pixel_checksum == 0xABCD0000 + tile);
    CHECK(std::equal(blocks[tile].payload.begin(), blocks[tile].payload.end(),
                     sample.payloads[tile].begin(), sample.payloads[tile].end()));
  }
}

TEST_CASE("the fixed fields lie where docs/FORMAT.md puts them") {
  const std::vector<uint8_t> expected = {
      0x8F, 'F',  'L',  'Z',  0x0D, 0x0A, 0x1A, 0x0A,  // magic
      1,    3,    8,    0,                             // version, channels, depth, flags
      36,   0,    0,    0,    9,    0,    0,    0,     // width, height
      0xEF, 0xCD, 0xAB, 0x89, 0x67, 0x45, 0x23, 0x01,  // model
      4,    41,   0,    0,    0,                       // tile size, header size
      5,    0,    0xAC, 0x02,                          // index
      0xD7, 0x15, 0xB1, 0x5C};                         // checksum
  const std::vector<uint8_t> file = MakeSample().file;
  CHECK(std::vector<uint8_t>(file.begin(), file.begin() + 41) == expected);
}

// One tile of 300 x 20 gray pixels, a payload of 200 bytes.
struct ShortSample {
  FileInfo info;
  std::vector<uint8_t> payload = std::vector<uint8_t>(200, 77), file;
};

ShortSample MakeShort(std::vector<Chunk> chunks = {}) {
  ShortSample sample;
  sample.info.width = 300;
  sample.info.height = 20;
  sample.info.channels = 1;
  sample.info.bit_depth = 8;
  sample.info.interlaced = true;
  sample.info.chunks = std::move(chunks);
  sample.info.payload_bytes = {sample.payload.size()};
  REQUIRE(sample.info.MayBeShort());
  sample.info.is_short = true;
  sample.file = SerializeHeader(sample.info, sample.payload);
  sample.info.header_bytes = sample.file.size();
  sample.file.insert(sample.file.end(), sample.payload.begin(), sample.payload.end());
  return sample;
}

TEST_CASE("a short file is written and read, and one that may not be short is told") {
  const ShortSample sample = MakeShort({{{'t', 'e', 'S', 't'}, {1, 2, 3}}});
  const std::vector<uint8_t> expected = {0x8F, 'F',  'L', 'Z', 0x0D, 0x0A, 0x1A, 0x0A,  // magic
                                         1,    1,    8,   18,  // version, channels, depth, flags
                                         0x2C, 0x01, 20,  0,   // width, height
                                         0xC8, 0x01, 8,        // sizes of payload and chunks
                                         't',  'e',  'S', 't', 3,    1,    2,    3};
  CHECK(std::vector<uint8_t>(sample.file.begin(), sample.file.begin() + 27) == expected);
  REQUIRE(sample.file.size() == 27 + 4 + 200);
  const FileInfo info = ParseHeader(sample.file);
  CHECK(info.is_short);
  CHECK((info.width == 300 && info.height == 20 && info.channels == 1 && info.bit_depth == 8));
  CHECK((info.interlaced && !info.indexed && !info.adaptive && info.model_hash == 0));
  CHECK(info.tile_count() == 1);
  CHECK(info.chunks == sample.info.chunks);
  CHECK(info.header_bytes == 31);
  CHECK(info.file_bytes() == sample.file.size());
  const std::vector<TileBlock> blocks = SplitTiles(info, sample.file);
  REQUIRE(blocks.size() == 1);
  CHECK_FALSE(blocks[0].pixel_checksum.has_value());
  CHECK(std::equal(blocks[0].payload.begin(), blocks[0].payload.end(), sample.payload.begin(),
                   sample.payload.end()));
  // The header alone is enough to be read, and says how long it is.
  CHECK(ParseHeader(ByteSpan(sample.file).first(31)).file_bytes() == 231);
  for (size_t size = 0; size < 31; ++size) {
    const uint64_t needed = HeaderBytes(ByteSpan(sample.file).first(size));
    CHECK((needed > size && needed <= 31));
  }
  CHECK(HeaderBytes(sample.file) == 31);

  for (const uint32_t width : {1u, 1025u, 65535u, 65536u}) {
    FileInfo other = sample.info;
    other.width = width;
    CAPTURE(width);
    CHECK(other.MayBeShort() == (width <= 32768));  // of 20 rows, a tile is so long
  }
  FileInfo other = sample.info;
  other.model_hash = 1;
  CHECK_FALSE(other.MayBeShort());
  other = sample.info;
  other.preview.channels = 1;
  CHECK_FALSE(other.MayBeShort());
}

TEST_CASE("a short file with a bit flipped, cut or too long is refused") {
  const ShortSample sample = MakeShort({{{'t', 'e', 'S', 't'}, {1, 2, 3}}});
  CheckEveryFlip(sample.file);
  CheckEveryLength(sample.file);
}

TEST_CASE("tiles cover the picture, smaller at the right and lower edges") {
  FileInfo info;
  info.width = 2049;
  info.height = 1024;
  CHECK(info.tile_columns() == 3);
  CHECK(info.tile_rows() == 1);
  const Rect last = info.TileRect(2);
  CHECK(last.x == 2048);
  CHECK(last.width == 1);
  CHECK(last.height == 1024);
  info.width = info.height = kMaxSide;
  CHECK(info.tile_count() == uint64_t{2097152} * 2097152);
  CHECK(info.TileRect(info.tile_count() - 1).width == 1023);
}

TEST_CASE("a bit flipped anywhere is detected") {
  const Sample sample = MakeSample({{{'t', 'e', 'S', 't'}, {1, 2, 3}}});
  CheckEveryFlip(sample.file);
}

TEST_CASE("a file cut at any byte is called short, one too long is refused") {
  const Sample sample = MakeSample();
  CheckEveryLength(sample.file);
}

TEST_CASE("tile blocks that changed places are detected") {
  FileInfo info;
  info.width = 32;
  info.height = 16;
  info.channels = 1;
  info.bit_depth = 8;
  info.tile_log2 = 4;
  info.payload_bytes = {2, 2};
  const std::vector<uint8_t> first = {1, 1}, second = {2, 2};
  for (const bool swapped : {false, true}) {
    std::vector<uint8_t> one, two, file = SerializeHeader(info);
    AppendTile(0, 7, first, one);
    AppendTile(1, 7, second, two);
    if (swapped) one.swap(two);
    file.insert(file.end(), one.begin(), one.end());
    file.insert(file.end(), two.begin(), two.end());
    CHECK(Failure(file) == (swapped ? Code(ErrorCode::kCorrupt) : 0));
  }
}

TEST_CASE("foreign and mangled files are told apart") {
  const auto message = [](std::vector<uint8_t> file) {
    try {
      ParseHeader(file);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(message({}) == "file is empty");
  CHECK(message({0x89, 'P', 'N', 'G'}) == "not a flowzip file");
  CHECK(message({0x8F, 'F', 'L', 'Z', 0x0A, 0x1A, 0x0A, 1, 3}) ==
        "flowzip file damaged in its first bytes (copied as text?)");
  std::vector<uint8_t> later = MakeSample().file;
  later[8] = 2;
  CHECK(message(later) == "format version 2 is not supported by this version of flowzip");
  CHECK(Failure(later) == Code(ErrorCode::kUnsupported));
}

TEST_CASE("forged headers with a right checksum are refused") {
  const Sample sample = MakeSample();
  const size_t header = sample.info.header_bytes;
  const auto forged = [&](size_t offset, std::vector<uint8_t> bytes) {
    return Failure(Forge(sample.file, header, offset, bytes));
  };
  CHECK(forged(9, {3}) == 0);
  CHECK(forged(9, {0}) == Code(ErrorCode::kUnsupported));  // channels
  CHECK(forged(9, {5}) == Code(ErrorCode::kUnsupported));
  CHECK(forged(10, {17}) == Code(ErrorCode::kUnsupported));      // bit depth
  CHECK(forged(11, {1}) == Code(ErrorCode::kUnsupported));       // flags
  CHECK(forged(12, {0, 0, 0, 0}) == Code(ErrorCode::kCorrupt));  // width
  CHECK(forged(12, {0, 0, 0, 0x80}) == Code(ErrorCode::kCorrupt));
  CHECK(forged(16, {0xFF, 0xFF, 0xFF, 0x7F}) == Code(ErrorCode::kCorrupt));  // 2^27 rows of tiles
  CHECK(forged(12, {49, 0, 0, 0}) == Code(ErrorCode::kCorrupt));             // 4 tiles, 3 sizes
  CHECK(forged(28, {3}) == Code(ErrorCode::kCorrupt));                       // tile size
  CHECK(forged(28, {13}) == Code(ErrorCode::kCorrupt));
  CHECK(forged(33, {6}) == Code(ErrorCode::kTruncated));  // index
  CHECK(forged(33, {4}) == Code(ErrorCode::kCorrupt));
  CHECK(forged(35, {0x80, 0x00}) == Code(ErrorCode::kCorrupt));  // over-long varint
  CHECK(forged(35, {0xAC, 0x82}) != 0);                          // unterminated
  for (uint8_t bytes = 0; bytes < 37; ++bytes) {
    CHECK(Failure(Forge(sample.file, header, 29, {bytes, 0, 0, 0})) == Code(ErrorCode::kCorrupt));
  }
}

TEST_CASE("metadata chunks: small first letter is skipped, capital refuses the file") {
  const std::vector<uint8_t> data(200, 9);
  const Sample ancillary = MakeSample({{{'t', 'e', 'S', 't'}, data}, {{'z', 'z', 'Z', 'z'}, {}}});
  const FileInfo info = ParseHeader(ancillary.file);
  REQUIRE(info.chunks.size() == 2);
  CHECK(info.chunks[0].data == data);
  CHECK(info.chunks[1].type == std::array<char, 4>{'z', 'z', 'Z', 'z'});
  CHECK(Failure(ancillary.file) == 0);

  CHECK(Failure(MakeSample({{{'T', 'e', 'S', 't'}, data}}).file) == Code(ErrorCode::kUnsupported));
  CHECK(Failure(MakeSample({{{'t', '1', 'S', 't'}, data}}).file) == Code(ErrorCode::kCorrupt));
  // A length that reaches beyond the header: byte 41 is the low byte of 200 = C8 01.
  const size_t header = ancillary.info.header_bytes;
  CHECK(Failure(Forge(ancillary.file, header, 41, {0xFF, 0x7F})) == Code(ErrorCode::kCorrupt));
}

TEST_CASE("the pixel checksum is of the samples inside the rectangle, low byte first") {
  Image image;
  image.width = 3;
  image.height = 2;
  image.channels = 1;
  image.samples = {1, 2, 3, 4, 5, 6};
  const std::vector<uint8_t> right = {2, 3, 5, 6};
  CHECK(PixelChecksum(image, {1, 0, 2, 2}, 7) == XXH32(right.data(), right.size(), 7));

  Image deep;
  deep.width = 2;
  deep.height = 1;
  deep.channels = 1;
  deep.bit_depth = 16;
  const uint16_t samples[2] = {0x0102, 0xFFFE};
  const auto* bytes = reinterpret_cast<const uint8_t*>(samples);
  deep.samples.assign(bytes, bytes + sizeof(samples));
  const std::vector<uint8_t> little = {0x02, 0x01, 0xFE, 0xFF};
  CHECK(PixelChecksum(deep, {0, 0, 2, 1}, 0) == XXH32(little.data(), little.size(), 0));
}

}  // namespace
}  // namespace flowzip
