// SPDX-License-Identifier: BSD-3-Clause
// The .flz container, version 1: header, tile index, metadata chunks, tile blocks.
//
// docs/FORMAT.md is the definition. This layer knows bytes and checksums; what is
// inside a tile's payload is the tile codec's affair. Every number read is checked
// before it is used for a size or an allocation.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "codec/picture/image.h"

namespace flowzip {

inline constexpr int kFormatVersion = 1;
// The PNG idea: a first byte that is not text, the name, and line endings that show a
// file mangled by a text-mode transfer (or by `type` under DOS, which stops at 1A).
inline constexpr std::array<uint8_t, 8> kMagic = {0x8F, 'F', 'L', 'Z', 0x0D, 0x0A, 0x1A, 0x0A};
inline constexpr size_t kFixedHeaderBytes = 33;
inline constexpr size_t kTileOverheadBytes = 8;  // two checksums before each payload
inline constexpr uint32_t kMaxShortSide = 0xFFFF;
inline constexpr char kCriticalChunk[] = "PNGC", kValuesChunk[] = "VALU",
                      kColoursChunk[] = "PIXL";  // that are known
inline constexpr uint32_t kMaxSide = 0x7FFFFFFF;
inline constexpr uint32_t kMaxPreviewSide = 256;
inline constexpr uint64_t kMaxPreviewBytes = uint64_t{1} << 20;  // more than its samples
inline constexpr uint32_t kPreviewTile = UINT32_MAX;  // its tile number, for its checksums
inline constexpr int kMinTileLog2 = 4, kMaxTileLog2 = 12, kDefaultTileLog2 = 10;
// In their place: one tile, whatever the picture's size (coders/deflated/).
inline constexpr int kWholePicture = 31;

// The preview: a picture of every `factor` pixels of the picture in either direction
// (codec/preview/).
struct PreviewInfo {
  int channels = 0;  // 0: there is none
  uint32_t factor = 1;
  uint64_t payload_bytes = 0;
};

// What the header says.
struct FileInfo {
  uint32_t width = 0, height = 0;
  int channels = 0, bit_depth = 0;
  bool indexed = false, interlaced = false;
  bool adaptive = false;  // some tiles are, which takes a decoder more memory
  // One tile, without a model or preview: short fields, and one checksum of all of the file.
  bool is_short = false;
  uint64_t model_hash = 0;  // 0: no tile needs a model
  int tile_log2 = kDefaultTileLog2;
  std::vector<uint64_t> payload_bytes;  // of each tile, in raster order
  PreviewInfo preview;                  // its block lies before those of the tiles
  std::vector<Chunk> chunks;            // of the header; chunk_store.h reads them
  size_t header_bytes = 0;              // set by ParseHeader: everything before the first block

  uint64_t pixels() const { return uint64_t{width} * height; }
  // Tiles are squares of 1 << tile_log2, but where the picture is thinner than that, as much longer
  // as it is thinner, in powers of two: what a tile costs counts by its pixels.
  int tile_width_log2() const { return TileLog2(height); }
  int tile_height_log2() const { return TileLog2(width); }
  uint32_t tile_columns() const { return TilesAcross(width, tile_width_log2()); }
  uint32_t tile_rows() const { return TilesAcross(height, tile_height_log2()); }
  bool is_whole() const { return tile_log2 == kWholePicture; }
  size_t tile_overhead() const { return is_short ? 0 : kTileOverheadBytes; }
  // Whether the file may be a short one.
  bool MayBeShort() const;
  uint64_t tile_count() const { return uint64_t{tile_columns()} * tile_rows(); }
  Rect TileRect(uint64_t tile) const;
  uint32_t preview_width() const { return (width - 1) / preview.factor + 1; }
  uint32_t preview_height() const { return (height - 1) / preview.factor + 1; }
  // Of header and preview: where the first tile's block begins.
  uint64_t tiles_at() const;
  // The size that the complete file has.
  uint64_t file_bytes() const;

 private:
  // Of a tile's side, by the picture's other side.
  int TileLog2(uint32_t other) const {
    const auto bits = static_cast<int>(std::bit_width(other - 1));
    return bits < tile_log2 && !is_whole() ? 2 * tile_log2 - bits : tile_log2;
  }
  static uint32_t TilesAcross(uint32_t side, int log2) {
    return static_cast<uint32_t>((uint64_t{side} + (uint64_t{1} << log2) - 1) >> log2);
  }
};

// One tile as it lies in the file. Short files have no pixel checksum.
struct TileBlock {
  std::optional<uint32_t> pixel_checksum;
  ByteSpan payload;
};

// Header, tile index, chunks and their checksum. info.payload_bytes must be complete. A short
// file's checksum is of the payload, too.
std::vector<uint8_t> SerializeHeader(const FileInfo& info, ByteSpan payload = {});

// The picture's kind alone: neither size nor samples.
Image KindOf(const FileInfo& info);

// Reads and checks the header; needs no more of the file than that. Throws kCorrupt,
// kTruncated, or kUnsupported for a later version or an unknown critical chunk.
FileInfo ParseHeader(ByteSpan file);

// Whether the header is all there and has its checksum; nothing else is looked at. Of a short file
// that takes all of it.
bool HeaderIsWhole(ByteSpan file);

// Whether it is a short file by what it begins with.
bool SaysShort(ByteSpan file);

// How many bytes the header has, as far as the first ones of it say: more than there are, if it is
// not all there. Throws kCorrupt.
uint64_t HeaderBytes(ByteSpan begin);

// Appends the block of one tile.
void AppendTile(uint64_t tile, uint32_t pixel_checksum, ByteSpan payload,
                std::vector<uint8_t>& file);

// Reads the block of one tile, given exactly, of a file that is not short. Throws kCorrupt if its
// checksum is not right.
TileBlock ReadTile(uint64_t tile, ByteSpan block);

// The preview's block, which the header must name; the file may end after it.
TileBlock ReadPreview(const FileInfo& info, ByteSpan file);

// The tile blocks of a whole file. Throws kTruncated or kCorrupt unless the file is
// exactly as long as its header says and every block, the preview's too, has its checksum.
std::vector<TileBlock> SplitTiles(const FileInfo& info, ByteSpan file);

// Checksum of the samples inside `rect`: rows top to bottom, channels interleaved,
// samples above 8 bits as two bytes, low byte first.
uint32_t PixelChecksum(const Image& image, const Rect& rect, uint64_t tile);

}  // namespace flowzip
