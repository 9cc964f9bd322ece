// SPDX-License-Identifier: BSD-3-Clause
// Little-endian reading and writing of byte strings; every read is bounds-checked.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "base/error.h"

namespace flowzip {

using ByteSpan = std::span<const uint8_t>;

// Gives a vector's memory back. (Assigning {} only empties it.)
template <class Vector>
void Release(Vector& vector) {
  vector = Vector();
}

// Of this machine.
inline constexpr bool kLittleEndian = std::endian::native == std::endian::little;

// Appends little-endian integers to a byte vector.
class ByteWriter {
 public:
  template <class T>
  void Put(T value) {
    static_assert(std::is_integral_v<T>);
    auto bits = static_cast<std::make_unsigned_t<T>>(value);
    for (size_t i = 0; i < sizeof(T); ++i) {
      bytes_.push_back(static_cast<uint8_t>(static_cast<uint64_t>(bits) >> (8 * i)));
    }
  }
  // LEB128: seven bits per byte, least significant first, high bit = "more follows".
  void PutVarint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<uint8_t>(value | 0x80));
    bytes_.push_back(static_cast<uint8_t>(value));
  }
  // Zig-zag, then LEB128: 0, -1, 1, -2, ... become 0, 1, 2, 3, ...
  void PutSignedVarint(int64_t value) {
    PutVarint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
  }
  void PutBytes(ByteSpan bytes) {
    for (const uint8_t byte : bytes) bytes_.push_back(byte);
  }

  size_t size() const { return bytes_.size(); }
  const std::vector<uint8_t>& bytes() const { return bytes_; }
  std::vector<uint8_t> Take() { return std::move(bytes_); }

 private:
  std::vector<uint8_t> bytes_;
};

// Reads what ByteWriter wrote. Throws kTruncated at the end of the input and
// kCorrupt for a varint that is over-long or exceeds 64 bits.
class ByteReader {
 public:
  explicit ByteReader(ByteSpan bytes) : bytes_(bytes) {}

  template <class T>
  T Get() {
    static_assert(std::is_integral_v<T>);
    const ByteSpan raw = GetBytes(sizeof(T));
    uint64_t bits = 0;
    for (size_t i = 0; i < sizeof(T); ++i) bits |= static_cast<uint64_t>(raw[i]) << (8 * i);
    return static_cast<T>(bits);
  }
  uint64_t GetVarint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = Get<uint8_t>();
      const uint64_t part = byte & 0x7F;
      Require(shift < 63 || part <= 1, ErrorCode::kCorrupt, "varint exceeds 64 bits");
      Require(shift == 0 || byte != 0, ErrorCode::kCorrupt, "over-long varint");
      value |= part << shift;
      if (byte < 0x80) return value;
    }
    throw Error(ErrorCode::kCorrupt, "varint exceeds 64 bits");
  }
  int64_t GetSignedVarint() {
    const uint64_t v = GetVarint();
    return static_cast<int64_t>(v >> 1) ^ -static_cast<int64_t>(v & 1);
  }
  // Of 64 bits also where size_t is not: lengths come from files.
  ByteSpan GetBytes(uint64_t count) {
    Require(count <= remaining(), ErrorCode::kTruncated, "data end too early");
    const ByteSpan part = bytes_.subspan(position_, static_cast<size_t>(count));
    position_ += static_cast<size_t>(count);
    return part;
  }
  size_t remaining() const { return bytes_.size() - position_; }
  size_t position() const { return position_; }

 private:
  ByteSpan bytes_;
  size_t position_ = 0;
};

}  // namespace flowzip
