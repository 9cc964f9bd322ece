// SPDX-License-Identifier: BSD-3-Clause
// A binary range coder: bits with a probability each, for models that adapt after every bit.
//
// (The rANS stack wants its symbols in reverse, so an adaptive model would have to log them all;
// here the encoder writes as it goes.)
//
// The state is an interval [low, high] of 64-bit numbers. A bit with probability p / 2^16 of
// being 1 takes the lower part, up to low + floor((high - low) p / 2^16), if it is 1 and the rest
// if it is 0. Leading bytes that low and high share are written, high byte first. At the end come
// as few bytes as name a number of the interval when zeros follow; a decoder reads zeros there.
//
// Several even bits at once are a number v below 2^n, whose part begins at low + v step with
// step = floor((high - low) / 2^n), v = 0 lowest.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"

namespace flowzip {

namespace binary_coder {
constexpr uint64_t Split(uint64_t low, uint64_t high, uint32_t p) {
  const uint64_t range = high - low;
  return low + (range >> 16) * p + (((range & 0xFFFF) * p) >> 16);
}
// So few numbers are left, once in 2^24 streams, that even bits are coded one by one.
constexpr bool IsNarrow(uint64_t low, uint64_t high) { return (high - low) >> 32 == 0; }
}  // namespace binary_coder

class BinaryEncoder {
 public:
  static constexpr bool kEncodes = true;

  // `p` in 1..65535, the probability of a 1 in 2^-16. Returns the bit.
  int Code(int bit, uint32_t p) {
    const uint64_t split = binary_coder::Split(low_, high_, p);
    // Not a branch: what is hard to tell would be guessed wrong every other time.
    high_ = bit != 0 ? split : high_;
    low_ = bit != 0 ? low_ : split + 1;
    Shift();
    return bit;
  }
  // `value` below 2^count, of even chances; count <= 16. Returns the value.
  uint32_t CodeEven(uint32_t value, int count) {
    if (binary_coder::IsNarrow(low_, high_)) {
      for (int i = count - 1; i >= 0; --i) Code(static_cast<int>(value >> i & 1), 32768);
      return value;
    }
    const uint64_t step = (high_ - low_) >> count;
    low_ += value * step;
    high_ = low_ + step - 1;
    Shift();
    return value;
  }

  // The stream will have no fewer bytes, whatever follows: zeros at its end are left out.
  size_t least_size() const {
    size_t size = bytes_.size();
    while (size > 0 && bytes_[size - 1] == 0) --size;
    return size;
  }

  // The stream. The encoder is used up.
  std::vector<uint8_t> Finish();

 private:
  void Shift() {
    while ((low_ ^ high_) >> 56 == 0) {
      bytes_.push_back(static_cast<uint8_t>(high_ >> 56));
      low_ <<= 8;
      high_ = high_ << 8 | 0xFF;
    }
  }

  uint64_t low_ = 0, high_ = ~uint64_t{0};
  std::vector<uint8_t> bytes_;
};

class BinaryDecoder {
 public:
  static constexpr bool kEncodes = false;

  explicit BinaryDecoder(ByteSpan bytes);

  // The first argument is ignored, so that one function can drive either coder. Throws
  // kTruncated if the stream is read further than an encoder can have meant.
  int Code(int, uint32_t p) {
    const uint64_t split = binary_coder::Split(low_, high_, p);
    const int bit = value_ <= split;
    bit != 0 ? high_ = split : low_ = split + 1;
    Shift();
    return bit;
  }
  // The first argument is ignored. Throws kCorrupt if there is no such number.
  uint32_t CodeEven(uint32_t, int count) {
    uint32_t value = 0;
    if (binary_coder::IsNarrow(low_, high_)) {
      for (int i = 0; i < count; ++i) value = value << 1 | static_cast<uint32_t>(Code(0, 32768));
      return value;
    }
    const uint64_t step = (high_ - low_) >> count, at = (value_ - low_) / step;
    Require(at >> count == 0, ErrorCode::kCorrupt, "number out of range");
    value = static_cast<uint32_t>(at);
    low_ += value * step;
    high_ = low_ + step - 1;
    Shift();
    return value;
  }

  // Throws kCorrupt if bytes are left over.
  void CheckEnd() const;

 private:
  static constexpr size_t kAhead = 8;  // bytes in value_
  uint8_t NextByte() {
    const size_t at = position_++;
    return at < bytes_.size() ? bytes_[at] : 0;
  }
  void Shift() {
    while ((low_ ^ high_) >> 56 == 0) {
      low_ <<= 8;
      high_ = high_ << 8 | 0xFF;
      value_ = value_ << 8 | NextByte();
    }
  }

  ByteSpan bytes_;
  size_t position_ = 0;
  uint64_t low_ = 0, high_ = ~uint64_t{0}, value_ = 0;
};

}  // namespace flowzip
