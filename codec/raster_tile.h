// SPDX-License-Identifier: BSD-3-Clause
// A tile by the raster coder, which needs no model (docs/FORMAT.md 3.13): the head
// (tile_planes.h), then, unless all channels are constant, for each channel that is not: varint
// length, and the channel's bytes.
#pragma once

#include "codec/tile_codec.h"

namespace flowzip {

// As EncodeTile and DecodeTile; of the statistics, only those of the colours are set.
std::vector<uint8_t> EncodeRasterTile(const Image& image, const Rect& rect, ThreadPool& pool,
                                      bool recover_colour, TileStats* stats, PixelBits* pixel_bits);
void DecodeRasterTile(ByteSpan payload, const Rect& rect, Image* image, TileStats* stats);

// Upper estimate of the bytes that such a tile takes beside the picture.
uint64_t RasterMemory(int width, int height, int channels);

}  // namespace flowzip
