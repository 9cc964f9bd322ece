// SPDX-License-Identifier: BSD-3-Clause
// Integers and varints as bytes: one form each, and reads that never pass the end.
#include "base/bytes.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <vector>

namespace flowzip {
namespace {

std::vector<uint8_t> Varint(uint64_t value) {
  ByteWriter writer;
  writer.PutVarint(value);
  return writer.Take();
}

template <class Fn>
int CodeOf(const Fn& fn) {
  try {
    fn();
  } catch (const Error& error) {
    return static_cast<int>(error.code());
  }
  return 0;
}

int VarintError(const std::vector<uint8_t>& bytes) {
  return CodeOf([&] { ByteReader(bytes).GetVarint(); });
}

constexpr int kTruncated = static_cast<int>(ErrorCode::kTruncated);
constexpr int kCorrupt = static_cast<int>(ErrorCode::kCorrupt);

TEST_CASE("integers are little-endian, signed ones in two's complement") {
  ByteWriter writer;
  writer.Put<uint8_t>(0xFE);
  writer.Put<int16_t>(-2);
  writer.Put<uint32_t>(0x01020304);
  writer.Put<int64_t>(std::numeric_limits<int64_t>::min());
  const std::vector<uint8_t> expected = {0xFE, 0xFE, 0xFF, 4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0x80};
  CHECK(writer.bytes() == expected);
  ByteReader reader(expected);
  CHECK(reader.Get<uint8_t>() == 0xFE);
  CHECK(reader.Get<int16_t>() == -2);
  CHECK(reader.Get<uint32_t>() == 0x01020304);
  CHECK(reader.position() == 7);
  CHECK(reader.Get<int64_t>() == std::numeric_limits<int64_t>::min());
  CHECK(reader.remaining() == 0);
  CHECK(CodeOf([&] { reader.Get<uint8_t>(); }) == kTruncated);
}

TEST_CASE("varints have one form and every 64-bit value has it") {
  CHECK(Varint(0) == std::vector<uint8_t>{0});
  CHECK(Varint(127) == std::vector<uint8_t>{127});
  CHECK(Varint(128) == std::vector<uint8_t>{0x80, 1});
  CHECK(Varint(300) == std::vector<uint8_t>{0xAC, 2});
  CHECK(Varint(UINT64_MAX) ==
        std::vector<uint8_t>{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1});
  for (int bits = 0; bits < 64; ++bits) {
    for (const int64_t step : {-1, 0, 1}) {
      const uint64_t value = (uint64_t{1} << bits) + static_cast<uint64_t>(step);
      const std::vector<uint8_t> bytes = Varint(value);
      ByteReader reader(bytes);
      CHECK(reader.GetVarint() == value);
      CHECK(reader.remaining() == 0);
      // No prefix of it is a varint.
      for (size_t size = 0; size < bytes.size(); ++size) {
        CHECK(VarintError({bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size)}) ==
              kTruncated);
      }
    }
  }
}

TEST_CASE("over-long and over-large varints are refused") {
  CHECK(VarintError({0x80, 0x00}) == kCorrupt);
  CHECK(VarintError({0x80, 0x80, 0x00}) == kCorrupt);
  CHECK(VarintError({0xFF, 0x00}) == kCorrupt);
  CHECK(VarintError({0x80, 0x80}) == kTruncated);
  // 2^64: the tenth byte may only be 1.
  const std::vector<uint8_t> nine(9, 0xFF);
  for (int tenth = 0; tenth < 256; ++tenth) {
    std::vector<uint8_t> bytes = nine;
    bytes.push_back(static_cast<uint8_t>(tenth));
    INFO(tenth);
    CHECK(VarintError(bytes) == (tenth == 1 ? 0 : kCorrupt));
  }
  CHECK(VarintError(std::vector<uint8_t>(20, 0x80)) == kCorrupt);
}

TEST_CASE("signed varints are zig-zag") {
  const auto bytes = [](int64_t value) {
    ByteWriter writer;
    writer.PutSignedVarint(value);
    return writer.Take();
  };
  CHECK(bytes(0) == std::vector<uint8_t>{0});
  CHECK(bytes(-1) == std::vector<uint8_t>{1});
  CHECK(bytes(1) == std::vector<uint8_t>{2});
  CHECK(bytes(-64) == std::vector<uint8_t>{127});
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  for (const int64_t value : {kMin, kMin + 1, int64_t{-129}, int64_t{128}, -(kMin + 1)}) {
    const std::vector<uint8_t> coded = bytes(value);
    CHECK(ByteReader(coded).GetSignedVarint() == value);
  }
}

TEST_CASE("a failed read takes nothing, and no count is too large to ask for") {
  const std::vector<uint8_t> bytes = {1, 2, 3};
  ByteReader reader(bytes);
  CHECK(CodeOf([&] { reader.Get<uint32_t>(); }) == kTruncated);
  CHECK(CodeOf([&] { reader.GetBytes(4); }) == kTruncated);
  CHECK(CodeOf([&] { reader.GetBytes(std::numeric_limits<size_t>::max()); }) == kTruncated);
  CHECK(reader.position() == 0);
  CHECK(reader.GetBytes(3).size() == 3);
  CHECK(reader.GetBytes(0).empty());
}

}  // namespace
}  // namespace flowzip
