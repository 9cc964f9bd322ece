// SPDX-License-Identifier: BSD-3-Clause
#include "codec/container/header_parts.h"

#include <algorithm>
#include <string>

namespace flowzip {

void PutKind(const FileInfo& info, ByteWriter& header) {
  header.PutBytes(kMagic);
  header.Put<uint8_t>(kFormatVersion);
  header.Put(static_cast<uint8_t>(info.channels));
  header.Put(static_cast<uint8_t>(info.bit_depth));
  header.Put(static_cast<uint8_t>(
      (info.indexed ? kIndexedFlag : 0) | (info.interlaced ? kInterlacedFlag : 0) |
      (info.adaptive ? kAdaptiveFlag : 0) | (info.preview.channels > 0 ? kPreviewFlag : 0) |
      (info.is_short ? kShortFlag : 0)));
}

void PutChunks(const FileInfo& info, ByteWriter& header) {
  for (const Chunk& chunk : info.chunks) {
    for (const char c : chunk.type) header.Put(static_cast<uint8_t>(c));
    header.PutVarint(chunk.data.size());
    header.PutBytes(chunk.data);
  }
}

void CheckFields(const FileInfo& info, int flags) {
  Require(info.width >= 1 && info.width <= kMaxSide && info.height >= 1 && info.height <= kMaxSide,
          ErrorCode::kCorrupt, "impossible image size");
  Require((info.tile_log2 >= kMinTileLog2 && info.tile_log2 <= kMaxTileLog2) || info.is_whole(),
          ErrorCode::kCorrupt, "impossible tile size");
  const bool kind = info.channels >= 1 && info.channels <= 4 && info.bit_depth >= 1 &&
                    info.bit_depth <= 16 &&
                    (!info.indexed || (info.channels == 1 && info.bit_depth <= 8));
  const int known = info.is_short ? kIndexedFlag | kInterlacedFlag | kShortFlag
                                  : kIndexedFlag | kInterlacedFlag | kAdaptiveFlag | kPreviewFlag;
  if (!kind || (flags & ~known) != 0) {
    throw Error(ErrorCode::kUnsupported, "images of " + std::to_string(info.channels) +
                                             " channels of " + std::to_string(info.bit_depth) +
                                             " bits with flags " + std::to_string(flags) +
                                             " are not supported by this version");
  }
}

std::vector<Chunk> ReadChunks(ByteReader& reader) {
  std::vector<Chunk> chunks;
  while (reader.remaining() > 0) {
    Chunk chunk;
    const ByteSpan type = reader.GetBytes(4);
    std::copy(type.begin(), type.end(), chunk.type.begin());
    Require(IsChunkType(chunk.name()), ErrorCode::kCorrupt, "malformed metadata chunk");
    const uint64_t size = reader.GetVarint();
    Require(size <= reader.remaining(), ErrorCode::kCorrupt, "malformed metadata chunk");
    const ByteSpan data = reader.GetBytes(static_cast<size_t>(size));
    if (chunk.type[0] <= 'Z' && chunk.name() != kCriticalChunk && chunk.name() != kValuesChunk &&
        chunk.name() != kColoursChunk) {
      throw Error(ErrorCode::kUnsupported, "needs a later version of flowzip (chunk \"" +
                                               std::string(chunk.type.begin(), chunk.type.end()) +
                                               "\")");
    }
    chunk.data.assign(data.begin(), data.end());
    chunks.push_back(std::move(chunk));
  }
  return chunks;
}

}  // namespace flowzip
