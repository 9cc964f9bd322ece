// SPDX-License-Identifier: BSD-3-Clause
// A PNG file as its chunks, each with its checksum verified.
#pragma once

#include <cstdint>
#include <string>
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

// How far damage is forgiven, and what was left out or put right: parts of one sentence.
struct PngMending {
  bool repair = false;          // whatever leaves the pixels whole
  bool drops_metadata = false;  // the caller will: their damage does not matter
  std::vector<std::string> notes{};
};

// Throws kTruncated, kCorrupt, or kUnsupported for an unknown critical chunk. What follows IEND is
// in the mark of that name. With `mending->repair`, ancillary chunks that are damaged are left
// out, and so is what is no chunk behind the samples.
PngFile SplitPng(ByteSpan file, PngMending* mending = nullptr);

// The compressed rows of such a file, the data of its chunks IDAT; and their bytes.
std::vector<uint8_t> DeflatedRows(const PngFile& png);
uint64_t DeflatedBytes(const PngFile& png);

}  // namespace flowzip
