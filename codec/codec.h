// SPDX-License-Identifier: BSD-3-Clause
// Whole pictures to whole .flz files and back, in memory.
//
// The result depends on the picture and the model only, never on the number of jobs.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/bytes.h"
#include "codec/container.h"
#include "codec/image.h"
#include "codec/memory.h"
#include "codec/pixel_bits.h"
#include "codec/recover.h"
#include "codec/row_source.h"
#include "codec/tile_modes.h"
#include "model/embedded.h"
#include "model/model.h"

namespace flowzip {

inline constexpr uint64_t kDefaultMaxPixels = uint64_t{1} << 28;

struct EncodeOptions {
  const Model* model = nullptr;             // the caller's own, if set
  const EmbeddedModel* embedded = nullptr;  // else this one; null: DefaultEmbedded()
  int jobs = 1;                             // threads, the calling one included
  int tile_log2 = kDefaultTileLog2;         // side of a tile; smaller ones are for tests
  PixelBits* pixel_bits = nullptr;          // if set: where the bits went; costs time
  Coding coding = Coding::kSmallest;
  bool recover_colour = true;  // look for what RGB was converted from (recovered_colour.h)
  uint64_t max_memory = kDefaultMaxMemory;  // bytes, by EncodeMemory
  std::vector<Chunk> chunks;                // put into the header as they are
  RowsFn rows;  // if set: reads the samples in, of which none is there before (row_source.h)
};

// The one that these options name. An embedded model is parsed when a tile first needs it.
const Model& ModelOf(const EncodeOptions& options);

struct DecodeOptions {
  const Model* model_override = nullptr;  // consulted before the embedded models
  int jobs = 1;
  uint64_t max_pixels = kDefaultMaxPixels;
  uint64_t max_memory = kDefaultMaxMemory;  // bytes, by DecodeMemory
  PixelBits* pixel_bits = nullptr;          // as above; not with region or scale
  // If set: decode what can be decoded, and say here what could not (codec/recover.h).
  Recovery* recovery = nullptr;
  // Only the tiles that this part of the picture needs are decoded. Width 0: all of it.
  Rect region;
  // 1, 2 or 3: only the pixels whose column and row in the picture are multiples of 2, 4 or 8;
  // only the levels that they need are decoded.
  int scale_log2 = 0;
  // Whether the picture goes to `pixels`, its rows `stride` bytes apart; what Decode gives then
  // has neither samples nor chunks, which the caller has unpacked already. After an error, their
  // contents are undefined.
  bool to_pixels = false;
  uint8_t* pixels = nullptr;
  size_t stride = 0;
};

struct CodecStats {
  FileInfo info;
  uint64_t file_bytes = 0;
  // Sum over the tiles. Tiles with fewer levels add their base to the last entry.
  TileStats tiles;
};
using EncodeStats = CodecStats;
using DecodeStats = CodecStats;

// Called after each tile with the pixels done and the pixels in all.
using ProgressFn = std::function<void(uint64_t, uint64_t)>;

// Throws kInvalidArgument for a picture that contradicts itself, kLimit, kUnknownModel if there
// is no model at all.
std::vector<uint8_t> Encode(const Image& image, const EncodeOptions& options,
                            EncodeStats* stats = nullptr, const ProgressFn& progress = {});

// Throws kTruncated, kCorrupt, kUnsupported, kUnknownModel or kLimit, and kInvalidArgument for a
// region outside the picture or without a pixel at that scale. The picture is allocated only
// when the file's length and all its checksums are right.
Image Decode(ByteSpan file, const DecodeOptions& options, DecodeStats* stats = nullptr,
             const ProgressFn& progress = {});

// Looks at the header only.
FileInfo Probe(ByteSpan file);

// Kind and size of a picture as a header says them; samples and chunks are not looked at.
FileInfo Describe(const Image& image);

// What Encode and Decode take at most (codec/memory.h), with these options.
MemoryPlan PlanEncode(const Image& image, const EncodeOptions& options);
MemoryPlan PlanDecode(const FileInfo& info, const DecodeOptions& options);
inline uint64_t EncodingMemory(const Image& image, const EncodeOptions& options) {
  return PlanEncode(image, options).bytes;
}
inline uint64_t DecodingMemory(const FileInfo& info, const DecodeOptions& options) {
  return PlanDecode(info, options).bytes;
}

// Where in the reduced picture lies what Decode gives; its size is the picture's.
Rect DecodedRect(const FileInfo& info, const DecodeOptions& options);

// Sixteen hexadecimal digits, the way a model's hash is shown to people.
std::string HashName(uint64_t hash);

}  // namespace flowzip
