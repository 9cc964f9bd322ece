// SPDX-License-Identifier: BSD-3-Clause
// One tile of a picture to its payload and back (docs/FORMAT.md, "Tile payload").
//
//   RGB only: colour conversion and exceptions (recovered_colour.h)
//   per channel (1 or 3): signed varint min, varint max - min    (lifted, or converted back)
//   base:  varint length, one rANS stream
//   per level, coarsest first: a varint length per stream, then the streams: a rANS stream per
//   band, or two if the tile is refined (coders/refined)
//
// A tile whose channels are all constant ends after the ranges. The order lets a prefix of
// the payload give the picture at 1/2, 1/4, ... of its size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/thread_pool.h"
#include "codec/account/pixel_bits.h"
#include "codec/account/tile_stats.h"
#include "codec/coders/flow/level_coder.h"
#include "codec/coders/flow/level_streams.h"
#include "codec/picture/image.h"
#include "model/model.h"

namespace flowzip {

struct FlowOptions {
  bool recover_colour = true;                 // look for the integers that RGB was converted from
  LevelCodersFn levels = &PlainLevels::Make;  // how sites become streams
};

// Alpha is left alone: the colour channels of `image`, one or three, are coded.
//
// `rect` lies inside the picture. `stats` may be null. `pixel_bits`, if given, has the
// picture's size; the tile's bits are added to it.
std::vector<uint8_t> EncodeFlowTile(const Model& model, const Image& image, const Rect& rect,
                                    ThreadPool& pool, TileStats* stats,
                                    PixelBits* pixel_bits = nullptr,
                                    const FlowOptions& options = {});

// Writes the tile's pixels into `image`, which has its final size. Throws kTruncated or
// kCorrupt; part of the tile may have been written by then.
void DecodeFlowTile(const Model& model, ByteSpan payload, const Rect& rect,
                    const LevelCodersFn& levels, Image* image, ThreadPool& pool, TileStats* stats,
                    PixelBits* pixel_bits = nullptr);

// Whether DecodeFlowTileReduced() can be used; otherwise all of the tile has to be decoded.
bool CanReduceFlowTile(ByteSpan payload, const Image& image);

// Every 2^scale_log2-th column and row of the tile into `small`, which has that size, without
// decoding the levels that are not needed.
void DecodeFlowTileReduced(const Model& model, ByteSpan payload, const Rect& rect,
                           const LevelCodersFn& levels, int scale_log2, Image* small,
                           ThreadPool& pool);

}  // namespace flowzip
