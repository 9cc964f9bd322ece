// SPDX-License-Identifier: BSD-3-Clause
// SHA-256 (FIPS 180-4), what manifests and other tools know files by.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "codec/picture/image.h"

namespace flowzip {

class Sha256 {
 public:
  using Digest = std::array<uint8_t, 32>;

  void Update(ByteSpan bytes);
  // The digest of all bytes so far. The object is used up.
  Digest Finish();

 private:
  void Block(const uint8_t* block);

  std::array<uint32_t, 8> state_ = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
                                    0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};
  std::array<uint8_t, 64> waiting_{};
  uint64_t bytes_ = 0;
};

// 64 hexadecimal digits.
std::string Sha256Of(ByteSpan bytes);

// Of a picture's samples alone, row by row, the channels of a pixel side by side; a sample of up to
// 8 bits is one byte, a deeper one two, low byte first.
std::string PixelSha256(const Image& image);

}  // namespace flowzip
