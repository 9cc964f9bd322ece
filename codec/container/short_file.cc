// SPDX-License-Identifier: BSD-3-Clause
// Short files: pictures of one tile, of which a header of 33 bytes and three checksums would be a
// large part (docs/FORMAT.md 2.9).
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "codec/container/header_parts.h"

namespace flowzip {
namespace {

constexpr size_t kSizesAt = kKindBytes + 2 * sizeof(uint16_t);
constexpr size_t kLeastShortHeader = kSizesAt + 2 + kChecksumBytes;

// Of a short file: of all but the checksum itself, which stands at the header's end.
uint32_t ShortChecksum(ByteSpan header, ByteSpan payload) {
  XXH32_state_t state;
  XXH32_reset(&state, 0);
  XXH32_update(&state, header.data(), header.size());
  XXH32_update(&state, payload.data(), payload.size());
  return XXH32_digest(&state);
}

// Whether all of a short file is there and has its checksum, which fuzzing passes over.
bool IsWhole(const FileInfo& info, ByteSpan file) {
  if (file.size() < info.file_bytes()) return false;
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  return true;
#else
  const ByteSpan covered = file.first(info.header_bytes - kChecksumBytes);
  const ByteSpan payload =
      file.subspan(info.header_bytes, static_cast<size_t>(info.payload_bytes.at(0)));
  return ByteReader(file.subspan(covered.size())).Get<uint32_t>() ==
         ShortChecksum(covered, payload);
#endif
}

}  // namespace

bool SaysShort(ByteSpan file) {
  return file.size() >= kKindBytes && (file[kFlagsAt] & kShortFlag) != 0;
}

bool FileInfo::MayBeShort() const {
  FileInfo usual = *this;
  usual.tile_log2 = kDefaultTileLog2;
  return width <= kMaxShortSide && height <= kMaxShortSide && tile_count() == 1 &&
         usual.tile_count() == 1 && !is_whole() && model_hash == 0 && !adaptive &&
         preview.channels == 0;
}

std::vector<uint8_t> SerializeShort(const FileInfo& info, ByteSpan payload) {
  ByteWriter header, chunks;
  PutKind(info, header);
  header.Put(static_cast<uint16_t>(info.width));
  header.Put(static_cast<uint16_t>(info.height));
  header.PutVarint(info.payload_bytes.at(0));
  PutChunks(info, chunks);
  Require(chunks.size() <= UINT32_MAX, ErrorCode::kLimit, "metadata exceed 4 gigabytes");
  header.PutVarint(chunks.size());
  header.PutBytes(chunks.bytes());
  header.Put(ShortChecksum(header.bytes(), payload));
  return header.Take();
}

namespace {

// After the fields that all headers have; sets info.header_bytes and what follows it.
void Parse(ByteSpan file, int flags, FileInfo& info) {
  ByteReader reader(file.subspan(kKindBytes));
  info.is_short = true;
  info.width = reader.Get<uint16_t>();
  info.height = reader.Get<uint16_t>();
  const uint64_t payload = reader.GetVarint(), chunks = reader.GetVarint();
  Require(payload <= UINT32_MAX && chunks <= UINT32_MAX, ErrorCode::kCorrupt, "header is damaged");
  const size_t chunks_at = kKindBytes + reader.position();
  const ByteSpan listed = reader.GetBytes(chunks);
  info.header_bytes = chunks_at + listed.size() + kChecksumBytes;
  reader.GetBytes(kChecksumBytes);
  info.payload_bytes = {payload};
  Require(file.size() < info.file_bytes() || IsWhole(info, file), ErrorCode::kCorrupt,
          "file is damaged (checksum)");
  CheckFields(info, flags);
  Require(info.MayBeShort(), ErrorCode::kCorrupt, "header contradicts itself");
  ByteReader list(listed);
  try {
    info.chunks = ReadChunks(list);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kTruncated) throw;
    throw Error(ErrorCode::kCorrupt, "header contradicts itself");
  }
}

}  // namespace

void ParseShort(ByteSpan file, int flags, FileInfo& info) {
  try {
    Parse(file, flags, info);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kTruncated) throw;
    throw Error(ErrorCode::kTruncated, kCutShort);
  }
}

uint64_t HeaderBytes(ByteSpan begin) {
  if (begin.size() < kKindBytes) return kKindBytes;
  if (!SaysShort(begin)) {
    if (begin.size() < kFixedHeaderBytes) return kFixedHeaderBytes;
    return ByteReader(begin.subspan(kHeaderBytesAt)).Get<uint32_t>();
  }
  if (begin.size() < kLeastShortHeader) return kLeastShortHeader;
  ByteReader reader(begin.subspan(kSizesAt));
  try {
    reader.GetVarint();
    const uint64_t chunks = reader.GetVarint();
    Require(chunks <= UINT32_MAX, ErrorCode::kCorrupt, "header is damaged");
    return begin.size() - reader.remaining() + chunks + kChecksumBytes;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kTruncated) throw;
    return begin.size() + 1;
  }
}

bool ShortIsWhole(ByteSpan file) {
  try {
    FileInfo info;
    info.is_short = true;
    info.header_bytes = static_cast<size_t>(HeaderBytes(file));
    info.payload_bytes = {ByteReader(file.subspan(std::min(file.size(), kSizesAt))).GetVarint()};
    return info.payload_bytes[0] <= UINT32_MAX && IsWhole(info, file);
  } catch (const Error&) {
    return false;
  }
}

}  // namespace flowzip
