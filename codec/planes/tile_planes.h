// SPDX-License-Identifier: BSD-3-Clause
// A tile's samples as planes of integers, and the head of a payload that says how to go back:
//
//   RGB only: colour conversion and exceptions (recovered_colour.h)
//   per channel (1 or 3): signed varint min, varint max - min    (lifted, or converted back)
#pragma once

#include <array>

#include "base/bytes.h"
#include "codec/account/tile_stats.h"
#include "codec/picture/image.h"
#include "codec/planes/recovered_colour.h"
#include "model/lifting1x1.h"
#include "model/sample_range.h"

namespace flowzip {

using Planes = std::array<SamplePlane, kChannels>;
using Ranges = std::array<SampleRange, kChannels>;

// Alpha, the last of two or four channels, is coded apart.
inline int ColorChannels(const Image& image) { return image.channels >= 3 ? 3 : 1; }
inline uint64_t PixelCount(const Rect& rect) { return uint64_t{rect.width} * rect.height; }

bool AllConstant(const Ranges& ranges);

struct TilePlanes {
  RecoveredColour colour;
  Ranges ranges;
  Planes planes;  // three, with kRasterBorder; those of a gray picture's colours are 0
};

// Reads and converts a tile of 8-bit samples and writes the head.
TilePlanes ReadTile(const Image& image, const Rect& rect, bool recover_colour, ByteWriter& head,
                    TileStats* stats);

// Of ReadTile's head: all but the planes. Throws kTruncated or kCorrupt.
TilePlanes ReadHead(int channels, const Rect& rect, ByteReader& reader, TileStats* stats);

// Writes the tile's pixels. The planes are used up. Throws kCorrupt.
void WriteTile(TilePlanes& tile, const Rect& rect, Image* image);

}  // namespace flowzip
