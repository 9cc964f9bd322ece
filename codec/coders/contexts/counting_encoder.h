// SPDX-License-Identifier: BSD-3-Clause
// A binary encoder that adds up what it writes: the same stream, and the bits of each pixel.
#pragma once

#include "codec/bits/bit_cost.h"
#include "rans/binary_coder.h"

namespace flowzip {

class CountingEncoder : public BinaryEncoder {
 public:
  int Code(int bit, uint32_t p) {
    bits += kBitCosts[(bit != 0 ? p : 65535 - p) >> 4];
    return BinaryEncoder::Code(bit, p);
  }
  uint32_t CodeEven(uint32_t value, int count) {
    bits += count;
    return BinaryEncoder::CodeEven(value, count);
  }
  double bits = 0;
};

}  // namespace flowzip
