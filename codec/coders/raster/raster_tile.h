// SPDX-License-Identifier: BSD-3-Clause
// A tile by the raster coder, which needs no model (docs/FORMAT.md 3.10): the head
// (tile_planes.h), then, unless all channels are constant, for each channel that is not: varint
// length, and the channel's bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/thread_pool.h"
#include "codec/coders/coder.h"
#include "codec/picture/image.h"

namespace flowzip {

// Of the statistics, only those of the colours are set.
std::vector<uint8_t> EncodeRasterTile(const Image& image, const Rect& rect, ThreadPool& pool,
                                      bool recover_colour, TileStats* stats, PixelBits* pixel_bits);
void DecodeRasterTile(ByteSpan payload, const Rect& rect, Image* image, TileStats* stats);

// Takes gray and RGB of 8 bits; needs no model.
extern const TileCoder kRasterCoder;
extern const TileEncoder kRasterEncoder;

}  // namespace flowzip
