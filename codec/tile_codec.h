// SPDX-License-Identifier: BSD-3-Clause
// One tile of a picture to its payload and back (docs/FORMAT.md, "Tile payload").
//
//   RGB only: colour conversion and exceptions (recovered_colour.h)
//   per channel (1 or 3): signed varint min, varint max - min    (lifted, or converted back)
//   base:  varint length, one rANS stream
//   per level, coarsest first: a varint length per stream, then the streams: a rANS stream per
//   band, or two if the tile is refined (refined_coder.h)
//
// A tile whose channels are all constant ends after the ranges. The order lets a prefix of
// the payload give the picture at 1/2, 1/4, ... of its size.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/thread_pool.h"
#include "codec/image.h"
#include "codec/pixel_bits.h"
#include "model/colour_conversion.h"
#include "model/model.h"

namespace flowzip {

// Bits spent, from the model's own -log2 p (statistics only).
struct TileStats {
  // [level][channel], level 0 the finest; the last entry is the base.
  std::vector<std::array<double, 4>> level_channel_bits;
  double side_bits = 0;                  // filters and exceptions
  std::vector<size_t> level_bytes;       // streams, in the same order; the last is the base
  uint64_t other_bytes = 0;              // of tiles and channels without the model
  std::array<uint64_t, 9> mode_tiles{};  // tiles by TileMode

  // RGB pictures: tiles by conversion, and the pixels that it does not fit.
  std::array<uint64_t, kColourConversions> conversion_tiles{};
  uint64_t colour_exceptions = 0;
  size_t exception_bytes = 0;

  double total_bits() const {
    double sum = side_bits;
    for (const auto& level : level_channel_bits) {
      for (const double bits : level) sum += bits;
    }
    return sum;
  }
};

struct FlowOptions {
  bool recover_colour = true;  // look for the integers that RGB was converted from
  bool refined = false;        // only where CanRefine(model)
};

// Alpha is left alone: the colour channels of `image`, one or three, are coded.
//
// `rect` lies inside the picture. `stats` may be null. `pixel_bits`, if given, has the
// picture's size; the tile's bits are added to it.
std::vector<uint8_t> EncodeTile(const Model& model, const Image& image, const Rect& rect,
                                ThreadPool& pool, TileStats* stats, PixelBits* pixel_bits = nullptr,
                                const FlowOptions& options = {});

// Writes the tile's pixels into `image`, which has its final size. Throws kTruncated or
// kCorrupt; part of the tile may have been written by then.
void DecodeTile(const Model& model, ByteSpan payload, const Rect& rect, bool refined, Image* image,
                ThreadPool& pool, TileStats* stats, PixelBits* pixel_bits = nullptr);

// Whether DecodeTileReduced() can be used; otherwise all of the tile has to be decoded.
bool CanReduceTile(ByteSpan payload, const Image& image);

// Every 2^scale_log2-th column and row of the tile into `small`, which has that size, without
// decoding the levels that are not needed.
void DecodeTileReduced(const Model& model, ByteSpan payload, const Rect& rect, bool refined,
                       int scale_log2, Image* small, ThreadPool& pool);

}  // namespace flowzip
