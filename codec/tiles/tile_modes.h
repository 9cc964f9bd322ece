// SPDX-License-Identifier: BSD-3-Clause
// How a tile is coded: its payload's first byte, and the choice of the smallest.
//
//   raw         the samples as they are
//   constant    one pixel, for all of the tile
//   flow        8-bit gray or RGB by the model (tile_codec.h)
//   contexts    any samples by the context coder (context_coder.h)
//   flow+alpha  8-bit colour by the model, the alpha channel by the context coder
//   refined, refined+alpha   the same, the model's distributions corrected on the way
//               (refined_coder.h); only in files whose header says so
//   raster, raster+alpha     the same kinds of pictures by the raster coder (raster_tile.h)
//
// docs/FORMAT.md 3 is the definition.
#pragma once

#include <cstdint>
#include <vector>

#include "base/thread_pool.h"
#include "codec/coders/contexts/context_tile.h"
#include "codec/coders/flow/flow_tile.h"
#include "codec/options/coding.h"

namespace flowzip {

enum class TileMode : uint8_t {
  kRaw,
  kConstant,
  kFlow,
  kContexts,
  kFlowAlpha,
  kRefined,
  kRefinedAlpha,
  kRaster,
  kRasterAlpha
};
inline constexpr int kTileModes = 9;
const char* ModeName(TileMode mode);

inline constexpr int kTries = 4;  // candidates of the context coder, where it tries any

// Tiles that are coded in all ways, side by side.
inline bool IsSmall(const Rect& rect) { return uint64_t{rect.width} * rect.height <= 4096; }

// Whether the model and the raster coder can code pictures of that kind.
bool FlowTakes(const Image& image);

// What is tried on a tile (tile_plan.h).
struct TilePlan {
  bool flow = false, raster = false, contexts = true;
  bool refined = false;  // the flow's tiles
  bool probe = false;    // SettlePlan has to say whether the contexts are worth a try
  double close = 1.03;   // they are, below that share of the others' bytes
  bool quick = false;    // of the contexts only what is as fast as the raster coder
  bool copies = false;   // many pixels seem to be copies
  int candidates = 0;    // of the context coder

  // By the context coder or, without it, as one pixel or as the samples are.
  bool by_contexts() const { return contexts || !(flow || raster); }
};
// Whether the alpha channel takes so much of a flow+alpha or raster+alpha tile that the contexts,
// which see colour and alpha together, are worth a try.
bool AlphaIsLarge(ByteSpan payload);
// Whether it is larger than the tile's samples as they are.
bool IsAboveRaw(ByteSpan payload, const Image& image, const Rect& rect);

// The smallest payload by contexts or simpler; empty if the plan has none. `stats` as below.
// `worth` as in EncodeContextTile; after a no, the samples as they are.
std::vector<uint8_t> EncodeByContexts(const Image& image, const Rect& rect, const TilePlan& plan,
                                      TileStats* stats, PixelBits* pixel_bits,
                                      const WorthFn& worth = {});

// By the model.
std::vector<uint8_t> EncodeWithFlow(const Model& model, const Image& image, const Rect& rect,
                                    ThreadPool& pool, TileStats* stats, PixelBits* pixel_bits,
                                    bool recover_colour, bool refined = false);

// By the raster coder.
std::vector<uint8_t> EncodeWithRaster(const Image& image, const Rect& rect, ThreadPool& pool,
                                      TileStats* stats, PixelBits* pixel_bits, bool recover_colour,
                                      bool quick = false);

// Whether a payload needs a model to be decoded, and whether it is refined.
bool NeedsFlow(ByteSpan payload);
bool IsRefined(ByteSpan payload);
bool IsRaster(ByteSpan payload);

// Writes the tile's pixels into `image`. `model` may be null unless NeedsFlow().
void DecodePayload(const Model* model, ByteSpan payload, const Rect& rect, Image* image,
                   ThreadPool& pool, TileStats* stats, PixelBits* pixel_bits);

// Every 2^scale_log2-th column and row of the tile, from its first on, into `small`, which has
// that size.
void DecodeReduced(const Model* model, ByteSpan payload, const Rect& rect, int scale_log2,
                   Image* small, ThreadPool& pool);

}  // namespace flowzip
