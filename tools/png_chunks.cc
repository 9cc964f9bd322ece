// SPDX-License-Identifier: BSD-3-Clause
#include "tools/png_chunks.h"

#include <png.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace flowzip {
namespace {

constexpr uint8_t kSignature[8] = {0x89, 'P', 'N', 'G', 0x0D, 0x0A, 0x1A, 0x0A};
constexpr char kCutShort[] = "PNG file is cut short";

uint32_t BigEndian(ByteSpan bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

[[noreturn]] void Damaged(const std::string& why) {
  throw Error(ErrorCode::kCorrupt, "PNG file is damaged (" + why + ")");
}

PngHeader ReadHeader(ByteSpan data) {
  if (data.size() != 13) Damaged("IHDR has a wrong length");
  PngHeader header;
  header.width = BigEndian(data);
  header.height = BigEndian(data.subspan(4));
  header.bit_depth = data[8];
  header.color_type = data[9];
  header.interlace = data[12];
  if (header.width == 0 || header.height == 0 || header.width > PNG_UINT_31_MAX ||
      header.height > PNG_UINT_31_MAX) {
    Damaged("impossible image size");
  }
  // Depths that a colour type allows, as a set of bits.
  constexpr int kAny = 1 | 2 | 4 | 8 | 16;
  constexpr int kDepths[7] = {kAny, 0, 8 | 16, kAny & ~16, 8 | 16, 0, 8 | 16};
  const int depth = header.bit_depth;
  if (header.color_type > 6 || depth > 16 || (depth & (depth - 1)) != 0 ||
      (kDepths[header.color_type] & depth) == 0) {
    Damaged("impossible colour type " + std::to_string(header.color_type) + " with " +
            std::to_string(depth) + " bits");
  }
  if (data[10] != 0 || data[11] != 0 || header.interlace > 1) Damaged("unknown method in IHDR");
  return header;
}

}  // namespace

PngFile SplitPng(ByteSpan file) {
  Require(!file.empty(), ErrorCode::kTruncated, "file is empty");
  const size_t present = std::min(file.size(), sizeof(kSignature));
  Require(std::memcmp(file.data(), kSignature, present) == 0, ErrorCode::kCorrupt,
          "not a PNG file");
  Require(present == sizeof(kSignature), ErrorCode::kTruncated, kCutShort);

  PngFile png;
  png.data.push_back(file.first(sizeof(kSignature)));
  size_t at = sizeof(kSignature);
  bool palette = false, samples = false, in_samples = false;
  for (bool first = true;; first = false) {
    constexpr size_t kFrame = 12;  // length, type, checksum
    Require(file.size() - at >= kFrame, ErrorCode::kTruncated, kCutShort);
    const uint64_t length = BigEndian(file.subspan(at));
    const std::string type(file.begin() + at + 4, file.begin() + at + 8);
    if (!IsChunkType(type) || length > PNG_UINT_31_MAX) Damaged("no chunk where one must be");
    Require(length <= file.size() - at - kFrame, ErrorCode::kTruncated, kCutShort);
    const ByteSpan whole = file.subspan(at, kFrame + length), data = whole.subspan(8, length);
    at += whole.size();
    if (crc32(crc32(0, nullptr, 0), whole.data() + 4, static_cast<uInt>(length + 4)) !=
        BigEndian(whole.last(4))) {
      Damaged("checksum of chunk " + type);
    }
    if (first != (type == "IHDR")) Damaged("IHDR is not the first chunk");
    if (type == "IHDR") {
      png.header = ReadHeader(data);
      png.data.push_back(whole);
      continue;
    }
    if (type == "IEND") {
      if (!samples) Damaged("no IDAT chunk");
      png.data.push_back(whole);
      break;
    }
    if (type == "IDAT") {
      if (samples && !in_samples) Damaged("IDAT chunks are not together");
      if (!samples) png.chunks.push_back(MakeChunk("IDAT"));
      samples = in_samples = true;
      png.data.push_back(whole);
      continue;
    }
    in_samples = false;
    const bool indexed = png.header.color_type == PNG_COLOR_TYPE_PALETTE;
    if (type == "PLTE") {
      if (palette || samples) Damaged("PLTE is out of place");
      if (!IsPaletteSize(data.size())) Damaged("PLTE has a wrong length");
      palette = true;
      if (indexed) png.data.push_back(whole);
    } else if (type[0] <= 'Z') {
      throw Error(ErrorCode::kUnsupported, "PNG file needs the unknown chunk " + type);
    }
    png.chunks.push_back(MakeChunk(type, data));
  }
  if (png.header.color_type == PNG_COLOR_TYPE_PALETTE && !palette) Damaged("no PLTE chunk");
  if (png.chunks.back().name() == "IDAT") png.chunks.pop_back();
  return png;
}

}  // namespace flowzip
