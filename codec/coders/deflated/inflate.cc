// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/deflated/inflate.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace flowzip {
namespace {

constexpr int kMostCodeBits = 15;
constexpr size_t kLiterals = 288, kDistances = 30;

[[noreturn]] void Malformed() { throw Error(ErrorCode::kCorrupt, "malformed deflate stream"); }

// Bits of bytes, the lowest first.
class BitReader {
 public:
  explicit BitReader(ByteSpan bytes) : bytes_(bytes) {}

  uint32_t Bits(int count) {
    Fill(count);
    const auto bits = static_cast<uint32_t>(held_ & ((uint64_t{1} << count) - 1));
    Drop(count);
    return bits;
  }
  // The next kMostCodeBits, zeros after the end.
  uint32_t Peek() {
    while (count_ < kMostCodeBits && at_ < bytes_.size()) Hold();
    return static_cast<uint32_t>(held_ & ((1 << kMostCodeBits) - 1));
  }
  void Drop(int count) {
    Require(count <= count_, ErrorCode::kTruncated, "data end too early");
    held_ >>= count;
    count_ -= count;
  }
  void ToByte() { Drop(count_ % 8); }
  bool at_end() const { return count_ == 0 && at_ == bytes_.size(); }

 private:
  void Hold() {
    held_ |= uint64_t{bytes_[at_++]} << count_;
    count_ += 8;
  }
  void Fill(int count) {
    while (count_ < count) {
      Require(at_ < bytes_.size(), ErrorCode::kTruncated, "data end too early");
      Hold();
    }
  }

  ByteSpan bytes_;
  size_t at_ = 0;
  uint64_t held_ = 0;
  int count_ = 0;
};

// A canonical prefix code: what each value of the next bits means.
class PrefixCode {
 public:
  // `lengths`: of each symbol's code, 0 if it has none. A code of one symbol may be incomplete.
  explicit PrefixCode(std::span<const uint8_t> lengths) : entries_(size_t{1} << kMostCodeBits) {
    std::array<uint32_t, kMostCodeBits + 2> next{};
    for (const uint8_t length : lengths) next[length + size_t{1}] += length > 0 ? 1 : 0;
    uint32_t used = 0, code = 0;
    for (int length = 1; length <= kMostCodeBits; ++length) {
      const uint32_t count = next[static_cast<size_t>(length) + 1];
      next[static_cast<size_t>(length)] = code;
      used += count << (kMostCodeBits - length);
      code = (code + count) << 1;
    }
    if (used > uint32_t{1} << kMostCodeBits) Malformed();
    for (size_t symbol = 0; symbol < lengths.size(); ++symbol) {
      const int length = lengths[symbol];
      if (length == 0) continue;
      uint32_t reversed = 0;
      const uint32_t own = next[static_cast<size_t>(length)]++;
      for (int i = 0; i < length; ++i) reversed |= (own >> i & 1) << (length - 1 - i);
      for (uint32_t at = reversed; at < entries_.size(); at += uint32_t{1} << length) {
        entries_[at] = static_cast<uint16_t>(symbol << 4 | static_cast<size_t>(length));
      }
    }
  }
  uint32_t Read(BitReader& bits) const {
    const uint16_t entry = entries_[bits.Peek()];
    if (entry == 0) Malformed();
    bits.Drop(entry & 15);
    return entry >> 4;
  }

 private:
  std::vector<uint16_t> entries_;  // symbol, and in four bits the code's length; 0: no code
};

struct Codes {
  PrefixCode literals, distances;
};

Codes FixedCodes() {
  std::array<uint8_t, kLiterals> lengths;
  std::fill_n(lengths.begin(), 144, uint8_t{8});
  std::fill_n(lengths.begin() + 144, 112, uint8_t{9});
  std::fill_n(lengths.begin() + 256, 24, uint8_t{7});
  std::fill_n(lengths.begin() + 280, 8, uint8_t{8});
  std::array<uint8_t, kDistances> distances;
  distances.fill(5);
  return {PrefixCode(lengths), PrefixCode(distances)};
}

Codes ReadCodes(BitReader& bits) {
  constexpr std::array<uint8_t, 19> kOrder = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                              11, 4,  12, 3, 13, 2, 14, 1, 15};
  const size_t literals = bits.Bits(5) + 257, distances = bits.Bits(5) + 1, own = bits.Bits(4) + 4;
  if (literals > 286 || distances > kDistances) Malformed();
  std::array<uint8_t, 19> own_lengths{};
  for (size_t i = 0; i < own; ++i) own_lengths[kOrder[i]] = static_cast<uint8_t>(bits.Bits(3));
  const PrefixCode code(own_lengths);
  std::vector<uint8_t> lengths;
  while (lengths.size() < literals + distances) {
    const uint32_t symbol = code.Read(bits);
    if (symbol < 16) {
      lengths.push_back(static_cast<uint8_t>(symbol));
      continue;
    }
    if (symbol == 16 && lengths.empty()) Malformed();
    const uint8_t again = symbol == 16 ? lengths.back() : uint8_t{0};
    const size_t times = symbol == 16   ? bits.Bits(2) + 3
                         : symbol == 17 ? bits.Bits(3) + 3
                                        : bits.Bits(7) + 11;
    if (times > literals + distances - lengths.size()) Malformed();
    lengths.insert(lengths.end(), times, again);
  }
  const std::span<const uint8_t> all(lengths);
  return {PrefixCode(all.first(literals)), PrefixCode(all.subspan(literals))};
}

// Lengths and distances: the code's base, and how many bits follow.
uint32_t LengthOf(uint32_t symbol, BitReader& bits) {
  if (symbol < 265) return symbol - 254;
  if (symbol == 285) return 258;
  if (symbol > 285) Malformed();
  const uint32_t extra = (symbol - 261) / 4;
  return (((symbol - 261) % 4 + 4) << extra) + 3 + bits.Bits(static_cast<int>(extra));
}

uint32_t DistanceOf(uint32_t symbol, BitReader& bits) {
  if (symbol < 4) return symbol + 1;
  const uint32_t extra = symbol / 2 - 1;
  return ((symbol % 2 + 2) << extra) + 1 + bits.Bits(static_cast<int>(extra));
}

void ReadBlock(const Codes& codes, size_t size, BitReader& bits, std::vector<uint8_t>& out) {
  for (;;) {
    const uint32_t symbol = codes.literals.Read(bits);
    if (symbol == 256) return;
    if (symbol < 256) {
      if (out.size() == size) Malformed();
      out.push_back(static_cast<uint8_t>(symbol));
      continue;
    }
    const uint32_t length = LengthOf(symbol, bits);
    const uint32_t distance = DistanceOf(codes.distances.Read(bits), bits);
    if (distance > out.size() || length > size - out.size()) Malformed();
    const size_t from = out.size() - distance;
    for (uint32_t i = 0; i < length; ++i) out.push_back(out[from + i]);
  }
}

void ReadStored(size_t size, BitReader& bits, std::vector<uint8_t>& out) {
  bits.ToByte();
  const uint32_t length = bits.Bits(16);
  if ((bits.Bits(16) ^ 0xFFFF) != length || length > size - out.size()) Malformed();
  for (uint32_t i = 0; i < length; ++i) out.push_back(static_cast<uint8_t>(bits.Bits(8)));
}

uint32_t Adler32(ByteSpan bytes) {
  uint32_t a = 1, b = 0;
  for (size_t at = 0; at < bytes.size();) {
    const size_t end = std::min(bytes.size(), at + 5552);  // until b could overflow
    for (; at < end; ++at) b += a += bytes[at];
    a %= 65521;
    b %= 65521;
  }
  return b << 16 | a;
}

}  // namespace

std::vector<uint8_t> Inflate(ByteSpan stream, size_t size) {
  BitReader bits(stream);
  const uint32_t method = bits.Bits(8), flags = bits.Bits(8);
  if ((method & 15) != 8 || (method << 8 | flags) % 31 != 0 || (flags & 32) != 0) Malformed();
  std::vector<uint8_t> out;
  out.reserve(size);
  for (bool last = false; !last;) {
    last = bits.Bits(1) != 0;
    switch (bits.Bits(2)) {
      case 0: ReadStored(size, bits, out); break;
      case 1: ReadBlock(FixedCodes(), size, bits, out); break;
      case 2: ReadBlock(ReadCodes(bits), size, bits, out); break;
      default: Malformed();
    }
  }
  if (out.size() != size) Malformed();
  bits.ToByte();
  uint32_t sum = 0;
  for (int i = 0; i < 4; ++i) sum = sum << 8 | bits.Bits(8);
  if (sum != Adler32(out) || !bits.at_end()) Malformed();
  return out;
}

}  // namespace flowzip
