// SPDX-License-Identifier: BSD-3-Clause
#include "codec/container/container.h"

#include <algorithm>
#include <cstring>
#include <string>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "codec/container/header_parts.h"

namespace flowzip {
namespace {

// XXH32 maps each 32-bit word of the input to the result one-to-one, so damage within
// one word can never go unseen. The tile number as seed catches blocks that changed
// places.
uint32_t Checksum(ByteSpan bytes, uint64_t seed) {
  return XXH32(bytes.data(), bytes.size(), static_cast<XXH32_hash_t>(seed));
}

void CheckMagic(ByteSpan file) {
  Require(!file.empty(), ErrorCode::kTruncated, "file is empty");
  const size_t present = std::min(file.size(), kMagic.size());
  const bool begins =
      std::equal(file.begin(), file.begin() + std::min<size_t>(present, 4), kMagic.begin());
  Require(begins, ErrorCode::kCorrupt, "not a flowzip file");
  Require(std::equal(file.begin(), file.begin() + present, kMagic.begin()), ErrorCode::kCorrupt,
          "flowzip file damaged in its first bytes (copied as text?)");
  Require(file.size() >= kKindBytes, ErrorCode::kTruncated, kCutShort);
}

std::vector<uint64_t> ReadIndex(ByteReader& reader, uint64_t tiles) {
  Require(tiles <= reader.remaining(), ErrorCode::kCorrupt, "tile index is too short");
  std::vector<uint64_t> payload_bytes;
  payload_bytes.reserve(static_cast<size_t>(tiles));
  for (uint64_t i = 0; i < tiles; ++i) {
    payload_bytes.push_back(reader.GetVarint());
    // Far above anything a tile can need, and far below overflow of the sum.
    Require(payload_bytes.back() <= UINT32_MAX, ErrorCode::kCorrupt, "impossible tile index");
  }
  return payload_bytes;
}

void CheckPreview(const FileInfo& info) {
  const PreviewInfo& preview = info.preview;
  Require(preview.channels >= 1 && preview.channels <= 4 &&
              preview.payload_bytes <= kMaxPreviewBytes &&
              std::max(info.preview_width(), info.preview_height()) <= kMaxPreviewSide,
          ErrorCode::kCorrupt, "impossible preview");
}

PreviewInfo GetPreview(ByteReader& reader) {
  PreviewInfo preview;
  preview.channels = reader.Get<uint8_t>();
  const uint64_t factor = reader.GetVarint();
  Require(factor >= 1 && factor <= kMaxSide, ErrorCode::kCorrupt, "impossible preview");
  preview.factor = static_cast<uint32_t>(factor);
  preview.payload_bytes = reader.GetVarint();
  return preview;
}

}  // namespace

Rect FileInfo::TileRect(uint64_t tile) const {
  Rect rect;
  rect.x = static_cast<uint32_t>(tile % tile_columns()) << tile_width_log2();
  rect.y = static_cast<uint32_t>(tile / tile_columns()) << tile_height_log2();
  rect.width = std::min(uint32_t{1} << tile_width_log2(), width - rect.x);
  rect.height = std::min(uint32_t{1} << tile_height_log2(), height - rect.y);
  return rect;
}

uint64_t FileInfo::tiles_at() const {
  return header_bytes + (preview.channels > 0 ? kTileOverheadBytes + preview.payload_bytes : 0);
}

uint64_t FileInfo::file_bytes() const {
  uint64_t sum = tiles_at();
  for (const uint64_t bytes : payload_bytes) sum += tile_overhead() + bytes;
  return sum;
}

std::vector<uint8_t> SerializeHeader(const FileInfo& info, ByteSpan payload) {
  if (info.is_short) return SerializeShort(info, payload);
  ByteWriter rest;  // of the header, after the fixed part
  for (const uint64_t bytes : info.payload_bytes) rest.PutVarint(bytes);
  if (info.preview.channels > 0) {
    rest.Put(static_cast<uint8_t>(info.preview.channels));
    rest.PutVarint(info.preview.factor);
    rest.PutVarint(info.preview.payload_bytes);
  }
  PutChunks(info, rest);
  const uint64_t total = kFixedHeaderBytes + rest.size() + sizeof(uint32_t);
  Require(total <= UINT32_MAX, ErrorCode::kLimit, "metadata exceed 4 gigabytes");

  ByteWriter header;
  PutKind(info, header);
  header.Put(info.width);
  header.Put(info.height);
  header.Put(info.model_hash);
  header.Put(static_cast<uint8_t>(info.tile_log2));
  header.Put(static_cast<uint32_t>(total));
  header.PutBytes(rest.bytes());
  header.Put(Checksum(header.bytes(), 0));
  return header.Take();
}

bool HeaderIsWhole(ByteSpan file) {
  if (SaysShort(file)) return ShortIsWhole(file);
  if (file.size() < kFixedHeaderBytes) return false;
  const size_t bytes = ByteReader(file.subspan(kHeaderBytesAt)).Get<uint32_t>();
  if (bytes < kFixedHeaderBytes + kChecksumBytes || bytes > file.size()) return false;
  const ByteSpan covered = file.first(bytes - kChecksumBytes);
  return ByteReader(file.subspan(covered.size())).Get<uint32_t>() == Checksum(covered, 0);
}

Image KindOf(const FileInfo& info) {
  Image image;
  image.channels = info.channels;
  image.bit_depth = info.bit_depth;
  image.indexed = info.indexed;
  image.interlaced = info.interlaced;
  return image;
}

FileInfo ParseHeader(ByteSpan file) {
  CheckMagic(file);
  ByteReader fixed(file.subspan(kMagic.size()));
  const int version = fixed.Get<uint8_t>();
  if (version != kFormatVersion) {
    throw Error(ErrorCode::kUnsupported, "format version " + std::to_string(version) +
                                             " is not supported by this version of flowzip");
  }
  FileInfo info;
  info.channels = fixed.Get<uint8_t>();
  info.bit_depth = fixed.Get<uint8_t>();
  const int flags = fixed.Get<uint8_t>();
  info.indexed = (flags & kIndexedFlag) != 0;
  info.interlaced = (flags & kInterlacedFlag) != 0;
  info.adaptive = (flags & kAdaptiveFlag) != 0;
  if (SaysShort(file)) {
    ParseShort(file, flags, info);
    return info;
  }
  Require(file.size() >= kFixedHeaderBytes, ErrorCode::kTruncated, kCutShort);
  info.width = fixed.Get<uint32_t>();
  info.height = fixed.Get<uint32_t>();
  info.model_hash = fixed.Get<uint64_t>();
  info.tile_log2 = fixed.Get<uint8_t>();
  info.header_bytes = fixed.Get<uint32_t>();

  // The checksum comes first: nothing else in a damaged header means anything.
  Require(info.header_bytes >= kFixedHeaderBytes + kChecksumBytes, ErrorCode::kCorrupt,
          "header is damaged");
  Require(info.header_bytes <= file.size(), ErrorCode::kTruncated, kCutShort);
  const ByteSpan covered = file.first(info.header_bytes - kChecksumBytes);
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  Require(HeaderIsWhole(file), ErrorCode::kCorrupt, "header is damaged (checksum)");
#endif
  CheckFields(info, flags);

  ByteReader reader(covered.subspan(kFixedHeaderBytes));
  try {
    info.payload_bytes = ReadIndex(reader, info.tile_count());
    if ((flags & kPreviewFlag) != 0) {
      info.preview = GetPreview(reader);
      CheckPreview(info);
    }
    info.chunks = ReadChunks(reader);
  } catch (const Error& error) {
    // All of the header is here: its parts contradict each other, nothing was cut off.
    if (error.code() != ErrorCode::kTruncated) throw;
    throw Error(ErrorCode::kCorrupt, "header contradicts itself");
  }
  return info;
}

void AppendTile(uint64_t tile, uint32_t pixel_checksum, ByteSpan payload,
                std::vector<uint8_t>& file) {
  ByteWriter covered;
  covered.Put(pixel_checksum);
  covered.PutBytes(payload);
  ByteWriter checksum;
  checksum.Put(Checksum(covered.bytes(), tile));
  file.insert(file.end(), checksum.bytes().begin(), checksum.bytes().end());
  file.insert(file.end(), covered.bytes().begin(), covered.bytes().end());
}

TileBlock ReadTile(uint64_t tile, ByteSpan block) {
  ByteReader reader(block);
  const auto checksum = reader.Get<uint32_t>();
  const ByteSpan covered = block.subspan(sizeof(checksum));
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  Require(Checksum(covered, tile) == checksum, ErrorCode::kCorrupt, "is damaged (checksum)");
#else
  (void)checksum, (void)tile;
#endif
  TileBlock result;
  result.pixel_checksum = reader.Get<uint32_t>();
  result.payload = covered.subspan(sizeof(uint32_t));
  return result;
}

TileBlock ReadPreview(const FileInfo& info, ByteSpan file) {
  Require(file.size() >= info.tiles_at(), ErrorCode::kTruncated, kCutShort);
  const auto size = static_cast<size_t>(info.tiles_at() - info.header_bytes);
  try {
    return ReadTile(kPreviewTile, file.subspan(info.header_bytes, size));
  } catch (const Error& error) {
    throw Error(error.code(), std::string("preview ") + error.what());
  }
}

std::vector<TileBlock> SplitTiles(const FileInfo& info, ByteSpan file) {
  const uint64_t expected = info.file_bytes();
  Require(file.size() >= expected, ErrorCode::kTruncated, kCutShort);
  if (file.size() > expected) {
    throw Error(ErrorCode::kCorrupt,
                std::to_string(file.size() - expected) + " surplus bytes after the last tile");
  }
  if (info.preview.channels > 0) ReadPreview(info, file);
  if (info.is_short) return {{std::nullopt, file.subspan(info.header_bytes)}};
  ByteReader reader(file.subspan(static_cast<size_t>(info.tiles_at())));
  std::vector<TileBlock> blocks;
  blocks.reserve(info.payload_bytes.size());
  for (const uint64_t bytes : info.payload_bytes) {
    const uint64_t tile = blocks.size();
    try {
      blocks.push_back(ReadTile(tile, reader.GetBytes(kTileOverheadBytes + bytes)));
    } catch (const Error& error) {
      throw Error(error.code(), "tile " + std::to_string(tile + 1) + " of " +
                                    std::to_string(info.payload_bytes.size()) + " " + error.what());
    }
  }
  return blocks;
}

uint32_t PixelChecksum(const Image& image, const Rect& rect, uint64_t tile) {
  XXH32_state_t state;
  XXH32_reset(&state, static_cast<XXH32_hash_t>(tile));
  std::vector<uint8_t> row(rect.width * image.pixel_bytes());
  for (uint32_t y = rect.y; y < rect.y + rect.height; ++y) {
    const uint8_t* source = image.At(rect.x, y);
    if (image.bytes_per_sample() == 1) {
      XXH32_update(&state, source, row.size());
      continue;
    }
    for (size_t i = 0; i < row.size(); i += 2) {
      uint16_t sample;
      std::memcpy(&sample, source + i, sizeof(sample));
      row[i] = static_cast<uint8_t>(sample);
      row[i + 1] = static_cast<uint8_t>(sample >> 8);
    }
    XXH32_update(&state, row.data(), row.size());
  }
  return XXH32_digest(&state);
}

}  // namespace flowzip
