// SPDX-License-Identifier: BSD-3-Clause
#include "codec/metadata/chunk_store.h"

#include <algorithm>

#include "codec/metadata/byte_coder.h"
#include "codec/metadata/shown_colours.h"
#include "codec/picture/marks.h"

namespace flowzip {
namespace {

// Critical (kCriticalChunk) where the picture cannot be shown without it: with a palette.
constexpr char kAncillary[] = "pNGC", kMaxValue[] = "mAXV";
constexpr uint8_t kPlain = 0, kPacked = 1;
// So that what keeps them is bounded too.
constexpr size_t kMostChunks = size_t{1} << 20;
constexpr uint64_t kLeastListed = 5;  // bytes of a chunk in the list

std::vector<Chunk> Split(ByteSpan bytes) {
  ByteReader reader(bytes);
  std::vector<Chunk> chunks;
  while (reader.remaining() > 0) {
    const ByteSpan type = reader.GetBytes(4);
    const std::string_view name(reinterpret_cast<const char*>(type.data()), type.size());
    Require(IsChunkType(name), ErrorCode::kCorrupt, "malformed metadata");
    const uint64_t size = reader.GetVarint();
    Require(size <= reader.remaining(), ErrorCode::kCorrupt, "malformed metadata");
    Require(chunks.size() < kMostChunks, ErrorCode::kCorrupt, "malformed metadata");
    chunks.push_back(MakeChunk(name, reader.GetBytes(static_cast<size_t>(size))));
  }
  return chunks;
}

void CheckRestored(const Image& image) {
  Require(MarksInPlace(image.chunks), ErrorCode::kCorrupt, "malformed metadata");
  if (!image.indexed) return;
  const Chunk* palette = FindChunk(image, "PLTE");
  Require(palette != nullptr && IsPaletteSize(palette->data.size()), ErrorCode::kCorrupt,
          "no valid palette");
}

// In the place of empty chunks, or, where the picture has no others, alone.
void PutPalette(const std::vector<Chunk>& palette, std::vector<Chunk>* chunks) {
  if (chunks->empty()) {
    *chunks = palette;
    return;
  }
  for (const Chunk& made : palette) {
    const auto place = std::find_if(chunks->begin(), chunks->end(), [&](const Chunk& chunk) {
      return chunk.name() == made.name();
    });
    Require(place != chunks->end() && place->data.empty(), ErrorCode::kCorrupt,
            "malformed metadata");
    place->data = made.data;
  }
}

// Of the vector of chunks, as it grows.
uint64_t ListMemory(uint64_t bytes) {
  return 2 * sizeof(Chunk) * std::min<uint64_t>(bytes / kLeastListed, kMostChunks);
}

bool IsStored(const Chunk& chunk) {
  return chunk.name() == kCriticalChunk || chunk.name() == kAncillary;
}

}  // namespace

uint64_t StoringMemory(const Image& image) {
  uint64_t bytes = 0;
  for (const Chunk& chunk : image.chunks) bytes += chunk.type.size() + 10 + chunk.data.size();
  // Twice, as it grows; and as it is stored.
  return 4 * bytes + (bytes > 0 && bytes <= kMostPackedBytes ? PackingMemory(bytes) : 0) +
         (image.indexed ? ColoursMemory(image.width, image.height) : 0);
}

uint64_t RestoringMemory(const FileInfo& info) {
  uint64_t memory = HasColours(info) ? ColoursMemory(info.width, info.height) : 0;
  for (const Chunk& chunk : info.chunks) {
    if (!IsStored(chunk)) continue;
    memory += 2 * chunk.data.size() + ListMemory(chunk.data.size());
    if (chunk.data.empty() || chunk.data[0] != kPacked) continue;
    try {
      const uint64_t size = UnpackedSize(ByteSpan(chunk.data).subspan(1));
      memory += PackingMemory(size) + 3 * size + ListMemory(size);
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
  Require(image.chunks.size() <= kMostChunks, ErrorCode::kUnsupported,
          "the picture has more than a million chunks");
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
  if (plain.size() <= kMostPackedBytes) {
    ByteWriter packed;
    packed.Put(kPacked);
    packed.PutBytes(PackBytes(plain.bytes()));
    if (packed.size() < data.size()) data = std::move(packed);
  }
  stored.push_back(MakeChunk(image.indexed ? kCriticalChunk : kAncillary, data.bytes()));
  return stored;
}

void RestoreChunks(const FileInfo& info, const std::optional<Image>& colours, Image* image) {
  for (const Chunk& chunk : info.chunks) {
    ByteReader reader(chunk.data);
    try {
      if (chunk.name() == kMaxValue) {
        image->max_value = reader.Get<uint16_t>();
        Require(image->max_value >> (image->bit_depth - 1) == 1 && reader.remaining() == 0,
                ErrorCode::kCorrupt, "malformed metadata");
      } else if (IsStored(chunk)) {
        Require(image->chunks.empty(), ErrorCode::kCorrupt, "malformed metadata");
        const auto method = reader.Get<uint8_t>();
        Require(method <= kPacked, ErrorCode::kCorrupt, "malformed metadata");
        const ByteSpan list = reader.GetBytes(reader.remaining());
        image->chunks = Split(method == kPacked ? UnpackBytes(list) : list);
      }
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kTruncated) throw;
      throw Error(ErrorCode::kCorrupt, "malformed metadata");
    }
  }
  if (colours) PutPalette(colours->chunks, &image->chunks);
  CheckRestored(*image);
}

}  // namespace flowzip
