// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/deflated/inflate.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/error.h"

namespace flowzip {
namespace {

constexpr size_t kCodeBits = 15;
constexpr size_t kEndOfBlock = 256;
constexpr size_t kLiterals = 286, kDistances = 30;  // symbols that mean something

[[noreturn]] void Malformed() { throw Error(ErrorCode::kCorrupt, "malformed deflate stream"); }

// Bits of bytes, the lowest first.
class BitReader {
 public:
  explicit BitReader(ByteSpan bytes) : bytes_(bytes) {}

  uint32_t Bits(uint32_t count) {
    while (held_ < count) {
      Require(at_ < bytes_.size(), ErrorCode::kTruncated, "data end too early");
      bits_ |= uint32_t{bytes_[at_++]} << held_;
      held_ += 8;
    }
    const uint32_t bits = bits_ & ((1U << count) - 1);
    bits_ >>= count;
    held_ -= count;
    return bits;
  }
  void ToByte() { bits_ = held_ = 0; }  // less than a byte is ever held between two calls
  bool at_end() const { return at_ == bytes_.size(); }

 private:
  ByteSpan bytes_;
  size_t at_ = 0;
  uint32_t bits_ = 0, held_ = 0;
};

// A canonical prefix code, read bit by bit: tables that are looked up take longer to make than a
// stream of many small blocks takes to be read.
class PrefixCode {
 public:
  // `lengths`: of each symbol's code, 0 if it has none. Codes may be left over.
  explicit PrefixCode(ByteSpan lengths) : symbols_(lengths.size()) {
    for (const uint8_t length : lengths) ++counts_[length];
    counts_[0] = 0;
    std::array<size_t, kCodeBits + 2> next{};
    uint32_t left = 1;
    for (size_t length = 1; length <= kCodeBits; ++length) {
      left <<= 1;
      if (counts_[length] > left) Malformed();
      left -= counts_[length];
      next[length + 1] = next[length] + counts_[length];
    }
    for (size_t symbol = 0; symbol < lengths.size(); ++symbol) {
      if (lengths[symbol] > 0) symbols_[next[lengths[symbol]]++] = static_cast<uint16_t>(symbol);
    }
  }

  uint32_t Read(BitReader& bits) const {
    uint32_t code = 0, first = 0, index = 0;  // of the codes of that length
    for (size_t length = 1; length <= kCodeBits; ++length) {
      code = code << 1 | bits.Bits(1);
      first <<= 1;
      if (code - first < counts_[length]) return symbols_[index + code - first];
      first += counts_[length];
      index += counts_[length];
    }
    Malformed();
  }

 private:
  std::array<uint32_t, kCodeBits + 1> counts_{};  // of the codes of each length
  std::vector<uint16_t> symbols_;                 // in the order of their codes
};

struct Codes {
  PrefixCode literals, distances;
};

Codes FixedCodes() {
  std::array<uint8_t, 288> lengths;
  std::fill(lengths.begin(), lengths.end(), uint8_t{8});
  std::fill(lengths.begin() + 144, lengths.begin() + 256, uint8_t{9});
  std::fill(lengths.begin() + 256, lengths.begin() + 280, uint8_t{7});
  std::array<uint8_t, kDistances> distances;
  distances.fill(5);
  return {PrefixCode(lengths), PrefixCode(distances)};
}

Codes ReadCodes(BitReader& bits) {
  constexpr std::array<uint8_t, 19> kOrder = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                              11, 4,  12, 3, 13, 2, 14, 1, 15};
  const size_t literals = bits.Bits(5) + 257, distances = bits.Bits(5) + 1, own = bits.Bits(4) + 4;
  if (literals > kLiterals || distances > kDistances) Malformed();
  std::array<uint8_t, 19> own_lengths{};
  for (size_t i = 0; i < own; ++i) own_lengths[kOrder[i]] = static_cast<uint8_t>(bits.Bits(3));
  const PrefixCode code(own_lengths);
  std::vector<uint8_t> lengths;
  while (lengths.size() < literals + distances) {
    const uint32_t symbol = code.Read(bits);
    size_t times = 1;
    auto length = static_cast<uint8_t>(symbol);
    if (symbol >= 16) {
      if (symbol == 16 && lengths.empty()) Malformed();
      length = symbol == 16 ? lengths.back() : uint8_t{0};
      times = symbol == 16 ? 3 + bits.Bits(2) : symbol == 17 ? 3 + bits.Bits(3) : 11 + bits.Bits(7);
    }
    lengths.insert(lengths.end(), times, length);
  }
  if (lengths.size() > literals + distances) Malformed();
  return {PrefixCode(ByteSpan(lengths).first(literals)),
          PrefixCode(ByteSpan(lengths).subspan(literals))};
}

// Of a copy: RFC 1951, 3.2.5.
uint32_t LengthOf(uint32_t symbol, BitReader& bits) {
  if (symbol < 265) return symbol - 254;
  if (symbol == 285) return 258;
  if (symbol > 285) Malformed();
  const uint32_t extra = (symbol - 261) / 4;
  return (((symbol - 261) % 4 + 4) << extra) + 3 + bits.Bits(extra);
}

uint32_t DistanceOf(uint32_t symbol, BitReader& bits) {
  if (symbol < 4) return symbol + 1;
  const uint32_t extra = symbol / 2 - 1;
  return ((symbol % 2 + 2) << extra) + 1 + bits.Bits(extra);
}

void ReadBlock(const Codes& codes, size_t size, BitReader& bits, std::vector<uint8_t>& out) {
  for (;;) {
    const uint32_t symbol = codes.literals.Read(bits);
    if (symbol == kEndOfBlock) return;
    if (symbol < kEndOfBlock) {
      if (out.size() == size) Malformed();
      out.push_back(static_cast<uint8_t>(symbol));
      continue;
    }
    const uint32_t length = LengthOf(symbol, bits);
    const uint32_t distance = DistanceOf(codes.distances.Read(bits), bits);
    if (distance > out.size() || length > size - out.size()) Malformed();
    for (uint32_t i = 0; i < length; ++i) out.push_back(out[out.size() - distance]);
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
  const Codes fixed = FixedCodes();
  std::vector<uint8_t> out;
  out.reserve(size);
  for (bool last = false; !last;) {
    last = bits.Bits(1) != 0;
    switch (bits.Bits(2)) {
      case 0: ReadStored(size, bits, out); break;
      case 1: ReadBlock(fixed, size, bits, out); break;
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
