// SPDX-License-Identifier: BSD-3-Clause
// Tiles of a picture as blocks of 16-bit samples and back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "codec/picture/image.h"

namespace flowzip {

// Rows of `channels` interleaved samples.
struct SampleBlock {
  int width = 0, height = 0, channels = 1, bit_depth = 8;
  std::vector<uint16_t> samples;
  size_t count() const { return size_t(width) * height * channels; }
};

// All channels of the tile, or only those from `first` up to `end`.
SampleBlock ReadBlock(const Image& image, const Rect& rect, int first = 0, int end = 4);
void WriteBlock(const SampleBlock& block, const Rect& rect, int first, Image* image);

// Two parts of at most 112 x 112 pixels, by which ways to code a tile are compared.
std::array<Rect, 2> ProbeParts(const Rect& rect);

// Raw samples: rows of bit_depth-bit fields, high bits first, each row padded to a byte; samples
// above 8 bits as two bytes, low byte first.
std::vector<uint8_t> PackRaw(const SampleBlock& block);
uint64_t RawBytes(const Image& image, const Rect& rect);
// Throws kTruncated or kCorrupt.
void UnpackRaw(ByteSpan bytes, int largest, SampleBlock* block);

}  // namespace flowzip
