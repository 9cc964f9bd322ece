// SPDX-License-Identifier: BSD-3-Clause
// A tile's samples as planes of integers, and the head of a payload that says how to go back:
//
//   RGB only: colour conversion and exceptions (recovered_colour.h)
//   RGB of coders that flip: orientation, one byte (model/orientation.h)
//   per channel (1 or 3): signed varint min, varint max - min    (lifted, or converted back)
#pragma once

#include <array>

#include "base/bytes.h"
#include "codec/account/tile_stats.h"
#include "codec/picture/image.h"
#include "codec/planes/recovered_colour.h"
#include "model/levels.h"
#include "model/lifting1x1.h"
#include "model/orientation.h"

namespace flowzip {

using Planes = std::array<SitePlane, kChannels>;
using Ranges = std::array<SampleRange, kChannels>;

// Alpha, the last of two or four channels, is coded apart.
inline int ColorChannels(const Image& image) { return image.channels >= 3 ? 3 : 1; }
inline uint64_t PixelCount(const Rect& rect) { return uint64_t{rect.width} * rect.height; }

bool AllConstant(const Ranges& ranges);

// What a coder wants of the planes: a border around them, and what may be done to them.
struct PlaneNeeds {
  int border = 0;  // kRasterBorder if any_order
  bool flips = false;
  bool any_order = false;  // may be red, green and blue as they are (colour_conversion.h)
};

struct TilePlanes {
  RecoveredColour colour;
  Orientation orientation;  // that of the planes
  Ranges ranges;
  Planes planes;  // three; those of a gray picture's colours are 0
};

// Reads and converts a tile and writes the head. Throws kInvalidArgument if the lifting leads to
// samples beyond kMaxSample.
TilePlanes ReadTile(const Lifting1x1& lifting, const Image& image, const Rect& rect,
                    bool recover_colour, const PlaneNeeds& needs, ByteWriter& head,
                    TileStats* stats);

// Of ReadTile's head: all but the planes. Throws kTruncated or kCorrupt.
TilePlanes ReadHead(int channels, const Rect& rect, const PlaneNeeds& needs, ByteReader& reader,
                    TileStats* stats);

// Writes the tile's pixels. The planes, flipped back, are used up. Throws kCorrupt.
void WriteTile(const Lifting1x1& lifting, TilePlanes& tile, const Rect& rect, Image* image);

}  // namespace flowzip
