// SPDX-License-Identifier: BSD-3-Clause
#include "tools/png_chunks.h"

#include <png.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "codec/picture/marks.h"

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

constexpr uint8_t kEmptyEnd[12] = {0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xAE, 0x42, 0x60, 0x82};
constexpr size_t kFrame = 12;  // length, type, checksum

struct RawChunk {
  std::string type;
  ByteSpan whole, data;
  bool checksum = false;  // is right
};

RawChunk ReadChunk(ByteSpan file) {
  Require(file.size() >= kFrame, ErrorCode::kTruncated, kCutShort);
  RawChunk chunk;
  const uint64_t length = BigEndian(file);
  chunk.type.assign(file.begin() + 4, file.begin() + 8);
  if (!IsChunkType(chunk.type) || length > PNG_UINT_31_MAX) Damaged("no chunk where one must be");
  Require(length <= file.size() - kFrame, ErrorCode::kTruncated, kCutShort);
  chunk.whole = file.first(kFrame + length);
  chunk.data = chunk.whole.subspan(8, length);
  chunk.checksum = crc32(crc32(0, nullptr, 0), chunk.whole.data() + 4,
                         static_cast<uInt>(length + 4)) == BigEndian(chunk.whole.last(4));
  return chunk;
}

// Whether no pixel depends on such a chunk.
bool IsAncillary(const std::string& type) { return type[0] >= 'a' && type != "tRNS"; }

class Splitter {
 public:
  Splitter(ByteSpan file, PngMending& mending) : file_(file), mending_(mending) {
    png_.data.push_back(file.first(sizeof(kSignature)));
  }

  PngFile Split() {
    for (bool first = true;; first = false) {
      RawChunk chunk;
      try {
        chunk = ReadChunk(file_.subspan(at_));
        if (!chunk.checksum) Forgive(chunk);
      } catch (const Error& error) {
        if (!samples_) throw;
        if (!mending_.repair) {
          if (error.code() != ErrorCode::kTruncated) throw;
          throw Error(error.code(), std::string(kCutShort) + " (no chunk IEND; see --repair)");
        }
        End();
        return Finish();
      }
      at_ += chunk.whole.size();
      if (first && chunk.type == "CgBI") {
        throw Error(ErrorCode::kUnsupported,
                    "is a PNG file for Apple's devices only (CgBI), which others cannot read; "
                    "pngcrush -revert-iphone-optimizations makes a PNG file of it");
      }
      if (first != (chunk.type == "IHDR")) Damaged("IHDR is not the first chunk");
      if (chunk.type == "IEND") {
        if (!samples_) Damaged("no IDAT chunk");
        if (!chunk.data.empty()) {
          mending_.notes.push_back(std::to_string(chunk.data.size()) +
                                   " bytes inside IEND left out");
        }
        png_.data.emplace_back(kEmptyEnd);
        return Finish();
      }
      Add(chunk);
    }
  }

 private:
  // A wrong checksum; leaves the chunk out, or takes it as it is, or throws.
  void Forgive(RawChunk& chunk) {
    const bool left_out = IsAncillary(chunk.type);
    if (mending_.drops_metadata && left_out) {
      dropped_ = true;
      return;
    }
    if (!mending_.repair || chunk.type == "IHDR" || chunk.type == "PLTE" || chunk.type == "tRNS") {
      Damaged("checksum of chunk " + chunk.type +
              (left_out || chunk.type == "IDAT" || chunk.type == "IEND" ? "; see --repair" : ""));
    }
    const std::string note = "wrong checksum of chunk " + chunk.type;
    if (left_out) {
      mending_.notes.push_back(note + ", which is left out");
      dropped_ = true;
    } else if (mending_.notes.empty() || mending_.notes.back() != note) {
      mending_.notes.push_back(note);
    }
  }

  void Add(const RawChunk& chunk) {
    if (std::exchange(dropped_, false)) return;
    if (chunk.type == "IHDR") {
      png_.header = ReadHeader(chunk.data);
      png_.data.push_back(chunk.whole);
      return;
    }
    if (chunk.type == "IDAT") {
      if (samples_ && !in_samples_) Damaged("IDAT chunks are not together");
      if (!samples_) png_.chunks.push_back(MakeChunk("IDAT"));
      samples_ = in_samples_ = true;
      png_.data.push_back(chunk.whole);
      return;
    }
    in_samples_ = false;
    const bool indexed = png_.header.color_type == PNG_COLOR_TYPE_PALETTE;
    if (chunk.type == "PLTE") {
      if (palette_ || samples_) Damaged("PLTE is out of place");
      if (!IsPaletteSize(chunk.data.size())) Damaged("PLTE has a wrong length");
      palette_ = true;
      if (indexed) png_.data.push_back(chunk.whole);
    } else if (chunk.type[0] <= 'Z') {
      throw Error(ErrorCode::kUnsupported, "PNG file needs the unknown chunk " + chunk.type);
    }
    png_.chunks.push_back(MakeChunk(chunk.type, chunk.data));
  }

  // Behind the samples there is no IEND.
  void End() {
    std::string note = "no chunk IEND";
    if (at_ < file_.size()) {
      note += ", " + std::to_string(file_.size() - at_) + " bytes at the end left out";
    }
    mending_.notes.push_back(note);
    at_ = file_.size();
    png_.data.emplace_back(kEmptyEnd);
  }

  PngFile Finish() {
    if (png_.header.color_type == PNG_COLOR_TYPE_PALETTE && !palette_) Damaged("no PLTE chunk");
    if (png_.chunks.back().name() == "IDAT") png_.chunks.pop_back();
    if (at_ < file_.size()) png_.chunks.push_back(MakeChunk(kTailMark, file_.subspan(at_)));
    return std::move(png_);
  }

  ByteSpan file_;
  PngMending& mending_;
  PngFile png_;
  size_t at_ = sizeof(kSignature);
  bool palette_ = false, samples_ = false, in_samples_ = false, dropped_ = false;
};

}  // namespace

PngFile SplitPng(ByteSpan file, PngMending* mending) {
  Require(!file.empty(), ErrorCode::kTruncated, "file is empty");
  const size_t present = std::min(file.size(), sizeof(kSignature));
  Require(std::memcmp(file.data(), kSignature, present) == 0, ErrorCode::kCorrupt,
          "not a PNG file");
  Require(present == sizeof(kSignature), ErrorCode::kTruncated, kCutShort);
  PngMending none;
  return Splitter(file, mending != nullptr ? *mending : none).Split();
}

namespace {

template <class Fn>
void ForEachDeflated(const PngFile& png, const Fn& fn) {
  for (const ByteSpan piece : png.data) {
    if (piece.size() < 12 || std::memcmp(piece.data() + 4, "IDAT", 4) != 0) continue;
    fn(piece.subspan(8, piece.size() - 12));
  }
}

}  // namespace

std::vector<uint8_t> DeflatedRows(const PngFile& png) {
  std::vector<uint8_t> rows;
  rows.reserve(static_cast<size_t>(DeflatedBytes(png)));
  ForEachDeflated(png, [&](ByteSpan data) { rows.insert(rows.end(), data.begin(), data.end()); });
  return rows;
}

uint64_t DeflatedBytes(const PngFile& png) {
  uint64_t bytes = 0;
  ForEachDeflated(png, [&](ByteSpan data) { bytes += data.size(); });
  return bytes;
}

}  // namespace flowzip
