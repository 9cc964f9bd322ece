// SPDX-License-Identifier: BSD-3-Clause
// Decoded pictures as the codec sees them: interleaved unsigned samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace flowzip {

struct Rect {
  uint32_t x = 0, y = 0, width = 0, height = 0;
};

// `samples` holds height rows of width * channels samples, no padding. A sample is one
// byte for bit_depth <= 8 and two (native order uint16_t) above.
struct Image {
  uint32_t width = 0, height = 0;
  int channels = 0;   // 1 gray, 3 RGB (2 and 4, with alpha, are reserved)
  int bit_depth = 8;  // significant bits per sample
  std::vector<uint8_t> samples;

  int bytes_per_sample() const { return bit_depth > 8 ? 2 : 1; }
  size_t row_bytes() const { return size_t{width} * channels * bytes_per_sample(); }
  uint64_t sub_pixels() const { return uint64_t{width} * height * channels; }
};

}  // namespace flowzip
