// SPDX-License-Identifier: BSD-3-Clause
// Whole pictures to whole .flz files and back, in memory.
//
// The result depends on the picture and the model only, never on the number of jobs.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "codec/account/tile_stats.h"
#include "codec/container/container.h"
#include "codec/options/options.h"
#include "codec/options/region.h"
#include "codec/picture/image.h"
#include "codec/tiles/memory.h"

namespace flowzip {

struct CodecStats {
  FileInfo info;
  uint64_t file_bytes = 0;
  // Sum over the tiles. Tiles with fewer levels add their base to the last entry.
  TileStats tiles;
};
using EncodeStats = CodecStats;
using DecodeStats = CodecStats;

// Throws kInvalidArgument for a picture that contradicts itself, kLimit, kUnknownModel if there
// is no model at all.
std::vector<uint8_t> Encode(const Image& image, const EncodeOptions& options,
                            EncodeStats* stats = nullptr, const ProgressFn& progress = {});

// A file that keeps the samples as a PNG file has them: `stream` is the zlib stream of its filtered
// rows. For what Encode makes larger than that. Throws kInvalidArgument unless the stream is that
// of these samples, and kLimit.
std::vector<uint8_t> EncodeDeflated(const Image& image, ByteSpan stream,
                                    const EncodeOptions& options);

// Throws kTruncated, kCorrupt, kUnsupported, kUnknownModel or kLimit, and kInvalidArgument for a
// region outside the picture or without a pixel at that scale. The picture is allocated only
// when the file's length and all its checksums are right.
Image Decode(ByteSpan file, const DecodeOptions& options, DecodeStats* stats = nullptr,
             const ProgressFn& progress = {});

// Looks at the header only.
FileInfo Probe(ByteSpan file);

// Kind and size of a picture as a header says them; samples and chunks are not looked at.
FileInfo Describe(const Image& image);

// What Encode and Decode take at most (codec/tiles/memory.h), with these options.
MemoryPlan PlanEncode(const Image& image, const EncodeOptions& options);
MemoryPlan PlanDecode(const FileInfo& info, const DecodeOptions& options);
inline uint64_t EncodingMemory(const Image& image, const EncodeOptions& options) {
  return PlanEncode(image, options).bytes;
}
inline uint64_t DecodingMemory(const FileInfo& info, const DecodeOptions& options) {
  return PlanDecode(info, options).bytes;
}

}  // namespace flowzip
