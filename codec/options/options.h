// SPDX-License-Identifier: BSD-3-Clause
// What a caller of Encode and Decode asks for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "codec/account/pixel_bits.h"
#include "codec/container/container.h"
#include "codec/container/recover.h"
#include "codec/options/coding.h"
#include "codec/options/limits.h"
#include "codec/picture/image.h"
#include "codec/picture/row_source.h"
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
  bool preview = false;        // a small picture beside large ones (codec/preview/)
  uint64_t max_memory = kDefaultMaxMemory;  // bytes, by PlanEncode
  std::vector<Chunk> chunks;                // put into the header as they are
  RowsFn rows;  // if set: reads the samples in, of which none is there before (row_source.h)

  ModelSource source() const { return {model, embedded}; }
};

struct DecodeOptions {
  const Model* model_override = nullptr;  // consulted before the embedded models
  int jobs = 1;
  uint64_t max_pixels = kDefaultMaxPixels;
  uint64_t max_memory = kDefaultMaxMemory;  // bytes, by PlanDecode
  PixelBits* pixel_bits = nullptr;          // as above; not with region or scale
  // If set: decode what can be decoded, and say here what could not (codec/container/recover.h).
  Recovery* recovery = nullptr;
  // Only the tiles that this part of the picture needs are decoded. Width 0: all of it.
  Rect region;
  // 1, 2 or 3: only the pixels whose column and row in the picture are multiples of 2, 4 or 8.
  int scale_log2 = 0;
  // Whether the picture goes to `pixels`, its rows `stride` bytes apart; what Decode gives then
  // has neither samples nor chunks, which the caller has unpacked already. After an error, their
  // contents are undefined.
  bool to_pixels = false;
  uint8_t* pixels = nullptr;
  size_t stride = 0;
};

// The model of a file; null if no tile needs one. Throws kUnknownModel.
const Model* ModelOf(const FileInfo& info, const DecodeOptions& options);

// Called after each tile with the pixels done and the pixels in all.
using ProgressFn = std::function<void(uint64_t, uint64_t)>;

}  // namespace flowzip
