// SPDX-License-Identifier: BSD-3-Clause
#include "codec/metadata/chunk_store.h"

#include <algorithm>

#include "codec/coders/contexts/byte_coder.h"
#include "codec/coders/contexts/context_coder.h"

namespace flowzip {
namespace {

// Critical (kCriticalChunk) where the picture cannot be shown without it: with a palette.
constexpr char kAncillary[] = "pNGC", kMaxValue[] = "mAXV";
constexpr uint8_t kPlain = 0, kPacked = 1, kLargePacked = 2;
// Packed chunks never unpack to more: no small file asks for gigabytes, or for minutes. Fuzzing
// has better things to do than to unpack even that.
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
constexpr size_t kMostPacked = size_t{1} << 13;
#else
constexpr size_t kMostPacked = size_t{1} << 20;
#endif
// What is larger than that is packed ten times as fast.
constexpr size_t kSmallPacked = size_t{1} << 17;
constexpr ContextOptions kByteContexts{.candidates = 2, .indices = true};

SampleBlock AsBlock(ByteSpan bytes) {
  SampleBlock block;
  block.width = static_cast<int>(bytes.size());
  block.height = 1;
  block.samples.assign(bytes.begin(), bytes.end());
  return block;
}

std::vector<uint8_t> Unpack(ByteReader& reader) {
  const uint64_t size = reader.GetVarint();
  Require(size >= 1 && size <= kMostPacked, ErrorCode::kCorrupt, "malformed metadata");
  SampleBlock block;
  block.width = static_cast<int>(size);
  block.height = 1;
  DecodeContexts(reader.GetBytes(reader.remaining()), kByteContexts, &block);
  return {block.samples.begin(), block.samples.end()};
}

std::vector<uint8_t> UnpackLarge(ByteReader& reader) {
  const uint64_t size = reader.GetVarint();
  Require(size >= 1 && size <= std::min(kMostBytesPacked, kMostPacked << 3), ErrorCode::kCorrupt,
          "malformed metadata");
  return UnpackBytes(reader.GetBytes(reader.remaining()), static_cast<size_t>(size));
}

std::vector<Chunk> Split(ByteSpan bytes) {
  ByteReader reader(bytes);
  std::vector<Chunk> chunks;
  while (reader.remaining() > 0) {
    const ByteSpan type = reader.GetBytes(4);
    const std::string_view name(reinterpret_cast<const char*>(type.data()), type.size());
    Require(IsChunkType(name), ErrorCode::kCorrupt, "malformed metadata");
    const uint64_t size = reader.GetVarint();
    Require(size <= reader.remaining(), ErrorCode::kCorrupt, "malformed metadata");
    chunks.push_back(MakeChunk(name, reader.GetBytes(static_cast<size_t>(size))));
  }
  return chunks;
}

void CheckRestored(const Image& image) {
  int places = 0;
  for (const Chunk& chunk : image.chunks) {
    const bool place = chunk.name() == "IDAT";
    places += place ? 1 : 0;
    Require(chunk.name() != "IHDR" && chunk.name() != "IEND" && (!place || chunk.data.empty()) &&
                places <= 1,
            ErrorCode::kCorrupt, "malformed metadata");
  }
  if (!image.indexed) return;
  const Chunk* palette = FindChunk(image, "PLTE");
  Require(palette != nullptr && IsPaletteSize(palette->data.size()), ErrorCode::kCorrupt,
          "no valid palette");
}

uint64_t PackingMemory(uint64_t bytes) {
  return ContextMemory(static_cast<int>(bytes), 1, 1) + 2 * 3 * bytes;  // samples of two bytes
}

bool IsStored(const Chunk& chunk) {
  return chunk.name() == kCriticalChunk || chunk.name() == kAncillary;
}

}  // namespace

uint64_t StoringMemory(const Image& image) {
  uint64_t bytes = 0;
  for (const Chunk& chunk : image.chunks) bytes += chunk.type.size() + 10 + chunk.data.size();
  // Twice, as it grows; and as it is stored.
  return 4 * bytes + (bytes == 0                  ? 0
                      : bytes <= kSmallPacked     ? PackingMemory(bytes)
                      : bytes <= kMostBytesPacked ? PackBytesMemory(bytes)
                                                  : 0);
}

uint64_t RestoringMemory(const std::vector<Chunk>& stored) {
  uint64_t memory = 0;
  for (const Chunk& chunk : stored) {
    if (!IsStored(chunk)) continue;
    memory += 2 * chunk.data.size();
    if (chunk.data.empty() || chunk.data[0] == kPlain) continue;
    try {
      const uint64_t size = ByteReader(ByteSpan(chunk.data).subspan(1)).GetVarint();
      if (chunk.data[0] == kPacked && size <= kMostPacked) {
        memory += PackingMemory(size) + 3 * size;
      } else if (size <= kMostBytesPacked) {
        memory += UnpackBytesMemory(size) + 3 * size;
      }
    } catch (const Error&) {  // is refused when it is restored
    }
  }
  return memory;
}

uint32_t StoredMaxValue(const FileInfo& info) {
  for (const Chunk& chunk : info.chunks) {
    if (chunk.name() == kMaxValue && chunk.data.size() == 2) {
      return chunk.data[0] | uint32_t{chunk.data[1]} << 8;
    }
  }
  return 0;
}

std::vector<Chunk> StoreChunks(const Image& image) {
  std::vector<Chunk> stored;
  if (image.max_value != 0) {
    const uint8_t bytes[] = {static_cast<uint8_t>(image.max_value),
                             static_cast<uint8_t>(image.max_value >> 8)};
    stored.push_back(MakeChunk(kMaxValue, bytes));
  }
  ByteWriter plain;
  for (size_t i = 0; i < image.chunks.size(); ++i) {
    const Chunk& chunk = image.chunks[i];
    if (chunk.name() == "IDAT" && i + 1 == image.chunks.size()) break;
    for (const char c : chunk.type) plain.Put(static_cast<uint8_t>(c));
    plain.PutVarint(chunk.data.size());
    plain.PutBytes(chunk.data);
  }
  if (plain.size() == 0) return stored;
  ByteWriter data;
  data.Put(kPlain);
  data.PutBytes(plain.bytes());
  if (plain.size() <= kMostBytesPacked) {
    const bool small = plain.size() <= kSmallPacked;
    ByteWriter packed;
    packed.Put(small ? kPacked : kLargePacked);
    packed.PutVarint(plain.size());
    packed.PutBytes(small ? EncodeContexts(AsBlock(plain.bytes()), kByteContexts)
                          : PackBytes(plain.bytes()));
    if (packed.size() < data.size()) data = std::move(packed);
  }
  stored.push_back(MakeChunk(image.indexed ? kCriticalChunk : kAncillary, data.bytes()));
  return stored;
}

void RestoreChunks(const std::vector<Chunk>& stored, Image* image) {
  for (const Chunk& chunk : stored) {
    ByteReader reader(chunk.data);
    try {
      if (chunk.name() == kMaxValue) {
        image->max_value = reader.Get<uint16_t>();
        Require(image->max_value >> (image->bit_depth - 1) == 1 && reader.remaining() == 0,
                ErrorCode::kCorrupt, "malformed metadata");
      } else if (IsStored(chunk)) {
        Require(image->chunks.empty(), ErrorCode::kCorrupt, "malformed metadata");
        const auto method = reader.Get<uint8_t>();
        Require(method <= kLargePacked, ErrorCode::kCorrupt, "malformed metadata");
        image->chunks = method == kPacked        ? Split(Unpack(reader))
                        : method == kLargePacked ? Split(UnpackLarge(reader))
                                                 : Split(reader.GetBytes(reader.remaining()));
      }
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kTruncated) throw;
      throw Error(ErrorCode::kCorrupt, "malformed metadata");
    }
  }
  CheckRestored(*image);
}

}  // namespace flowzip
