// SPDX-License-Identifier: BSD-3-Clause
// How a tile is coded: its payload's first byte, and the choice of the smallest.
//
//   raw         the samples as they are
//   constant    one pixel, for all of the tile
//   contexts    any samples by the context coder (context_coder.h)
//   raster      gray or colour of 8 bits by the raster coder (raster_tile.h)
//   network     gray or colour of 8 bits and more by the network coder (network_tile.h)
//   raster+alpha, network+alpha   the same, the alpha channel by the context coder
//
// docs/FORMAT.md 3 is the definition.
#pragma once

#include <cstdint>
#include <vector>

#include "base/thread_pool.h"
#include "codec/account/pixel_bits.h"
#include "codec/account/tile_stats.h"
#include "codec/coders/contexts/context_tile.h"
#include "codec/picture/image.h"
#include "model/model.h"

namespace flowzip {

enum class TileMode : uint8_t {
  kRaw,
  kConstant,
  kContexts,
  kRaster,
  kRasterAlpha,
  kNetwork,
  kNetworkAlpha
};
static_assert(kTileModes == static_cast<int>(TileMode::kNetworkAlpha) + 1);
const char* ModeName(TileMode mode);

inline constexpr int kTries = 4;  // candidates of the context coder, where it tries any

// Tiles that are coded in all ways, side by side.
inline bool IsSmall(const Rect& rect) { return uint64_t{rect.width} * rect.height <= 4096; }

// Whether the raster coder and the network coder can code pictures of that kind.
bool RasterTakes(const Image& image);
bool NetworkTakes(const Image& image);

// What is tried on a tile (tile_plan.h).
struct TilePlan {
  bool network = false, raster = false, contexts = true;
  bool adaptive = false;  // the network's planes
  bool probe = false;     // SettlePlan has to say whether the contexts are worth a try
  int candidates = 0;     // of the context coder

  // By the context coder or, without it, as one pixel or as the samples are.
  bool by_contexts() const { return contexts || !(network || raster); }
};
// Whether the alpha channel takes so much of a tile that the contexts, which see colour and alpha together, are worth a try.
bool AlphaIsLarge(ByteSpan payload);
// Whether it is larger than the tile's samples as they are.
bool IsAboveRaw(ByteSpan payload, const Image& image, const Rect& rect);

// The smallest payload by contexts or simpler; empty if the plan has none. `stats` as below.
// `worth` as in EncodeContextTile; after a no, the samples as they are.
std::vector<uint8_t> EncodeByContexts(const Image& image, const Rect& rect, const TilePlan& plan,
                                      TileStats* stats, PixelBits* pixel_bits,
                                      const WorthFn& worth = {});

// By the network coder.
std::vector<uint8_t> EncodeWithNetwork(const Model& model, const Image& image, const Rect& rect,
                                       ThreadPool& pool, TileStats* stats, PixelBits* pixel_bits,
                                       bool recover_colour, bool adaptive);

// By the raster coder.
std::vector<uint8_t> EncodeWithRaster(const Image& image, const Rect& rect, ThreadPool& pool,
                                      TileStats* stats, PixelBits* pixel_bits, bool recover_colour);

// Whether a payload needs a model to be decoded, and whether its planes are adaptive.
bool NeedsModel(ByteSpan payload);
bool IsAdaptiveTile(ByteSpan payload);

// Writes the tile's pixels into `image`. `model` may be null unless NeedsModel().
void DecodePayload(const Model* model, ByteSpan payload, const Rect& rect, Image* image,
                   ThreadPool& pool, TileStats* stats, PixelBits* pixel_bits);

// Every 2^scale_log2-th column and row of the tile, from its first on, into `small`, which has
// that size.
void DecodeReduced(const Model* model, ByteSpan payload, const Rect& rect, int scale_log2,
                   Image* small, ThreadPool& pool);

}  // namespace flowzip
