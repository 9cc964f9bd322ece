// SPDX-License-Identifier: BSD-3-Clause
// A tile's colour channels by the network coder (docs/FORMAT.md 3.12):
//
//   u8 1 if the planes are adaptive (adaptive_sites.h), else 0
//   up to 8 bits  the head of tile_planes.h
//   deeper        per channel, in the order green, red, blue: varint min, varint max - min
//   recovered colour only: u8 squeeze (plane_order.h), plus 4 if the planes are turned over from
//   left to right, plus 8 if from top to bottom
//   unless all channels are constant, the planes (network_coder.h)
#pragma once

#include <vector>

#include "base/thread_pool.h"
#include "codec/coders/coder.h"
#include "codec/picture/image.h"
#include "model/flow_model.h"

namespace flowzip {

// Alpha is left alone. `stats` and `pixel_bits` may be null.
std::vector<uint8_t> EncodeNetworkTile(const FlowModel& model, const Image& image, const Rect& rect,
                                       ThreadPool& pool, bool recover_colour, bool adaptive,
                                       TileStats* stats, PixelBits* pixel_bits);

// Throws kTruncated or kCorrupt; part of the tile may have been written by then.
void DecodeNetworkTile(const FlowModel& model, ByteSpan payload, const Rect& rect, Image* image,
                       ThreadPool& pool, TileStats* stats, PixelBits* pixel_bits);

// Takes gray and RGB of 8 bits and more.
extern const TileCoder kNetworkCoder;
extern const TileEncoder kNetworkEncoder;

}  // namespace flowzip
