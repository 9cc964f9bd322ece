// SPDX-License-Identifier: BSD-3-Clause
// Pictures kept as their PNG file has them, and the decoder of deflate under them.
#include <zlib.h>

#include <catch2/catch.hpp>

#include "codec/coders/deflated/deflated_tile.h"
#include "codec/coders/deflated/inflate.h"
#include "tests/any_picture.h"
#include "tests/codec_options.h"
#include "tests/picture_kinds.h"

namespace flowzip {
namespace {

using testing::From;
using testing::Kind;
using testing::Tiny;

std::vector<uint8_t> Deflate(ByteSpan bytes, int level, int strategy) {
  z_stream z{};
  REQUIRE(deflateInit2(&z, level, Z_DEFLATED, 15, 8, strategy) == Z_OK);
  std::vector<uint8_t> out(deflateBound(&z, static_cast<uLong>(bytes.size())));
  z.next_in = const_cast<uint8_t*>(bytes.data());
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = out.data();
  z.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

TEST_CASE("what zlib deflates is inflated") {
  testing::Random random(1);
  for (const size_t size : {size_t{0}, size_t{1}, size_t{300}, size_t{70000}, size_t{200000}}) {
    for (const int content : {0, 1, 2}) {
      std::vector<uint8_t> bytes(size);
      for (size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<uint8_t>(content == 0   ? 7
                                        : content == 1 ? random.Word() >> 24
                                                       : (i / 9 % 61) * (i % 300 < 150 ? 3 : 2));
      }
      for (const int level : {0, 1, 6, 9}) {
        for (const int strategy : {Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE}) {
          CAPTURE(size, content, level, strategy);
          const std::vector<uint8_t> stream = Deflate(bytes, level, strategy);
          REQUIRE(Inflate(stream, size) == bytes);
          if (size == 0) continue;
          CHECK_THROWS_AS(Inflate(stream, size - 1), Error);
          CHECK_THROWS_AS(Inflate(stream, size + 1), Error);
          CHECK_THROWS_AS(Inflate(ByteSpan(stream).first(stream.size() - 1), size), Error);
          std::vector<uint8_t> other = stream;
          other.push_back(0);
          CHECK_THROWS_AS(Inflate(other, size), Error);
          other = stream;
          other[other.size() - 1] ^= 1;
          CHECK_THROWS_AS(Inflate(other, size), Error);
        }
      }
    }
  }
}

TEST_CASE("damaged streams are refused or give as many bytes") {
  std::vector<uint8_t> bytes(3000);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * i / 700 + i % 5);
  const std::vector<uint8_t> stream = Deflate(bytes, 9, Z_DEFAULT_STRATEGY);
  for (size_t at = 0; at < stream.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::vector<uint8_t> damaged = stream;
      damaged[at] ^= static_cast<uint8_t>(1 << bit);
      try {
        const std::vector<uint8_t> got = Inflate(damaged, bytes.size());
        CHECK(got == bytes);  // what the window says is not looked at
      } catch (const Error& error) {
        CHECK((error.code() == ErrorCode::kCorrupt || error.code() == ErrorCode::kTruncated));
      }
    }
  }
}

// The filtered rows of a PNG file: every filter in turn. Written by the book, of the whole picture.
std::vector<uint8_t> FilteredRows(const Image& image, uint32_t x0, uint32_t y0, uint32_t dx,
                                  uint32_t dy) {
  const auto channels = static_cast<uint32_t>(image.channels);
  const auto depth = static_cast<uint32_t>(image.bit_depth);
  if (x0 >= image.width) return {};
  const uint32_t columns = (image.width - x0 + dx - 1) / dx;
  const size_t row_bytes = (size_t{columns} * channels * depth + 7) / 8;
  const size_t pixel = std::max<size_t>(1, channels * depth / 8);
  std::vector<uint8_t> above(row_bytes, 0), rows;
  int filter = 0;
  for (uint32_t y = y0; y < image.height; y += dy) {
    std::vector<uint8_t> row(row_bytes, 0);
    for (uint32_t i = 0; i < columns * channels; ++i) {
      const uint8_t* at = image.At(x0 + i / channels * dx, y);
      if (depth == 16) {
        uint16_t sample;
        std::memcpy(&sample, at + 2 * (i % channels), 2);
        row[2 * size_t{i}] = static_cast<uint8_t>(sample >> 8);
        row[2 * size_t{i} + 1] = static_cast<uint8_t>(sample);
      } else {
        const uint32_t bit = i * depth;
        row[bit / 8] =
            static_cast<uint8_t>(row[bit / 8] | at[i % channels] << (8 - depth - bit % 8));
      }
    }
    rows.push_back(static_cast<uint8_t>(filter));
    for (size_t i = 0; i < row_bytes; ++i) {
      const int a = i < pixel ? 0 : row[i - pixel], b = above[i];
      const int c = i < pixel ? 0 : above[i - pixel], p = a + b - c;
      const int pa = std::abs(p - a), pb = std::abs(p - b), pc = std::abs(p - c);
      const int paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
      const int guess[] = {0, a, b, (a + b) / 2, paeth};
      rows.push_back(static_cast<uint8_t>(row[i] - guess[filter]));
    }
    above = row;
    filter = (filter + 1) % 5;
  }
  return rows;
}

std::vector<uint8_t> FilteredRows(const Image& image) {
  if (!image.interlaced) return FilteredRows(image, 0, 0, 1, 1);
  std::vector<uint8_t> rows;
  constexpr uint32_t kAdam7[7][4] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                     {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
  for (const auto& p : kAdam7) {
    const std::vector<uint8_t> pass = FilteredRows(image, p[0], p[1], p[2], p[3]);
    rows.insert(rows.end(), pass.begin(), pass.end());
  }
  return rows;
}

TEST_CASE("pictures of all kinds come back from their PNG files' rows") {
  for (const bool interlaced : {false, true}) {
    for (const auto& [channels, depth] : {std::pair{1, 1},
                                          {1, 2},
                                          {1, 4},
                                          {1, 8},
                                          {1, 16},
                                          {2, 8},
                                          {2, 16},
                                          {3, 8},
                                          {3, 16},
                                          {4, 8},
                                          {4, 16}}) {
      for (const auto& [width, height] : {std::pair{1u, 1u}, {3u, 9u}, {61u, 37u}, {130u, 4u}}) {
        CAPTURE(interlaced, channels, depth, width, height);
        Kind kind{channels, depth, 3};
        kind.interlaced = interlaced;
        const Image image = testing::OfKind(kind, width, height, 5);
        const std::vector<uint8_t> rows = FilteredRows(image);
        REQUIRE(rows.size() == FilteredBytes(image, width, height));
        const std::vector<uint8_t> stream = Deflate(rows, 9, Z_DEFAULT_STRATEGY);
        const std::vector<uint8_t> file = EncodeDeflated(image, stream, {});
        CHECK(file.size() <= stream.size() + 33 + 3 + 4 + 8 + 1);
        REQUIRE(SameImage(Decode(file, {}), image));
        // A part, and a smaller scale.
        DecodeOptions part;
        part.region = {width / 2, height / 2, width - width / 2, height - height / 2};
        const Image piece = Decode(file, part);
        for (uint32_t y = 0; y < piece.height; ++y) {
          REQUIRE(std::equal(piece.Row(y), piece.Row(y) + piece.row_bytes(),
                             image.At(width / 2, height / 2 + y)));
        }
        DecodeOptions reduced;
        reduced.scale_log2 = 1;
        CHECK(Decode(file, reduced).width == (width + 1) / 2);
      }
    }
  }
}

TEST_CASE("streams of other pictures are refused") {
  const Image image = testing::OfKind({3, 8, 3}, 30, 20, 1);
  const std::vector<uint8_t> stream = Deflate(FilteredRows(image), 6, Z_DEFAULT_STRATEGY);
  const auto refused = [](const Image& other, ByteSpan rows) {
    try {
      EncodeDeflated(other, rows, {});
      return false;
    } catch (const Error& error) {
      return error.code() == ErrorCode::kInvalidArgument;
    }
  };
  Image other = image;
  other.samples[5] ^= 1;
  CHECK(refused(other, stream));
  CHECK(refused(image, ByteSpan(stream).first(20)));
  CHECK(refused(testing::OfKind({3, 8, 3}, 30, 21, 1), stream));
  CHECK(refused(testing::OfKind({3, 12, 3}, 30, 20, 1), stream));  // no PNG file has 12 bits
  CHECK_FALSE(refused(image, stream));
}

TEST_CASE("damaged streams are refused, or are as long as they should be") {
  testing::Random random(2);
  std::vector<uint8_t> bytes(5000);
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<uint8_t>(i % 900 < 100 ? random.Word() >> 24 : i / 9 % 61);
  }
  size_t refused = 0, runs = 0;
  for (const int strategy : {Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY}) {
    for (const int level : {0, 9}) {
      const std::vector<uint8_t> stream = Deflate(bytes, level, strategy);
      for (int run = 0; run < 2000; ++run, ++runs) {
        std::vector<uint8_t> damaged = stream;
        for (int change = random.Between(1, 4); change > 0; --change) {
          const auto most = static_cast<int>(damaged.size()) - 1;
          // In front, where the codes are, more often.
          const int at = random.Between(0, change % 2 == 0 ? most : std::min(most, 80));
          damaged[static_cast<size_t>(at)] ^= static_cast<uint8_t>(1 << random.Between(0, 7));
        }
        try {
          const std::vector<uint8_t> out = Inflate(damaged, bytes.size());
          CHECK(out.size() == bytes.size());
        } catch (const Error& error) {
          refused += error.code() == ErrorCode::kCorrupt || error.code() == ErrorCode::kTruncated;
        }
      }
    }
  }
  CHECK(refused > runs * 9 / 10);
}

TEST_CASE("a stream of nothing but empty blocks ends") {
  std::vector<uint8_t> stream = {0x78, 0x9c};
  // Fixed codes, not the last, end of block: ten bits; four of them are five bytes.
  for (int i = 0; i < 200000; ++i) {
    stream.insert(stream.end(), {0x02, 0x08, 0x20, 0x80, 0x00});
  }
  CHECK_THROWS_AS(Inflate(stream, 1), Error);
  stream.insert(stream.end(), {0x03, 0x00, 0x00, 0x00, 0x00, 0x01});  // the last one, and the sum
  CHECK(Inflate(stream, 0).empty());
}

TEST_CASE("damaged deflated files are refused") {
  const Image image = testing::OfKind({2, 8, 1}, 25, 17, 1);
  const std::vector<uint8_t> file =
      EncodeDeflated(image, Deflate(FilteredRows(image), 6, Z_DEFAULT_STRATEGY), {});
  for (size_t at = 0; at < file.size(); ++at) {
    std::vector<uint8_t> damaged = file;
    damaged[at] ^= 0x10;
    CHECK_THROWS_AS(Decode(damaged, {}), Error);
  }
}

}  // namespace
}  // namespace flowzip
