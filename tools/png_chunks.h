// SPDX-License-Identifier: BSD-3-Clause
// A PNG file as its chunks, each with its checksum verified.
#pragma once

#include <cstdint>
#include <vector>

#include "codec/picture/image.h"

namespace flowzip {

// What IHDR says.
struct PngHeader {
  uint32_t width = 0, height = 0;
  int bit_depth = 0, color_type = 0, interlace = 0;
};

struct PngFile {
  PngHeader header;
  std::vector<Chunk> chunks;   // as Image::chunks: with a mark where the samples are
  std::vector<ByteSpan> data;  // pieces of the file that are a PNG file without those chunks,
                               // except that a palette stays
};

// Throws kTruncated, kCorrupt, or kUnsupported for an unknown critical chunk. Bytes after IEND
// are ignored, as everywhere.
PngFile SplitPng(ByteSpan file);

}  // namespace flowzip
