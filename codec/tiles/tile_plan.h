// SPDX-License-Identifier: BSD-3-Clause
// Which coders are worth a try on a tile, by how often its pixels repeat each other. A plan needs
// no model; whether a coder takes the picture at all is asked afterwards (tile_encoder.cc).
#pragma once

#include <cstddef>
#include <cstdint>

#include "codec/coders/coder.h"
#include "codec/options/coding.h"
#include "codec/picture/image.h"

namespace flowzip {

// Tiles that are coded in all ways, side by side.
inline bool IsSmall(const Rect& rect) { return uint64_t{rect.width} * rect.height <= 4096; }

// Those on which trying all of the contexts costs nothing, in `fast` as well.
inline bool IsCheap(const Rect& rect) { return uint64_t{rect.width} * rect.height <= 16384; }

// Whether nothing may take more than half a second a megapixel.
inline bool Hurries(Coding coding, const Rect& rect) {
  return coding == Coding::kRaster || (coding == Coding::kFast && !IsCheap(rect));
}

// How much of the context coder.
enum class Contexts : uint8_t {
  kNone,
  kQuick,  // its models that are as fast as the raster coder, and copies
  kAll,
};

struct TilePlan {
  Contexts contexts = Contexts::kAll;
  Copies copies = Copies::kFew;  // as in TileSource
  bool repeated_rows = false;    // in a photograph
  bool raster = false;           // the raster coder
  bool network = false;          // the network coder
  bool adaptive = false;         // its planes learn
  bool probe = false;            // samples of the tile have to say which of them
  bool quick_probe = false;      // the same, but with the quick model alone
  double close = 1;              // to what share of the others' bytes contexts have to come there
  bool repeats = false;          // as in TileSource
  bool hurry = false;            // time counts
};

TilePlan PlanTile(const Image& image, const Rect& rect, Coding coding);

// What samples of the tile came to.
struct ProbeBytes {
  size_t smooth = 0;    // by a coder of smooth pictures: the network's, else the raster coder
  size_t adaptive = 0;  // by the network coder that learns, where the plan has it
  size_t contexts = 0;
};
// What follows from that.
void JudgeProbes(const ProbeBytes& bytes, TilePlan* plan);

}  // namespace flowzip
