// SPDX-License-Identifier: BSD-3-Clause
// What a coder of tiles is: a few functions and what has to be known of them.
//
// Each coder has a folder of its own under coders/, and the table in tiles/tile_modes.cc has one
// row for each way it is used. What is common to all of them (the payload's first byte, the alpha
// channel beside a coder of colours, smaller scales, the choice of the smallest) is tiles/.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/thread_pool.h"
#include "codec/account/account.h"
#include "codec/coders/worth.h"
#include "codec/picture/image.h"
#include "model/embedded.h"
#include "model/model.h"

namespace flowzip {

// How many pixels seem to be copies of others, from a sample.
enum class Copies : uint8_t {
  kFew,
  kSome,
  kMany,  // before they are found, nothing is too large
};

// A tile to encode.
struct TileSource {
  const Image& image;
  Rect rect;  // inside the picture
  ThreadPool& pool;
  ModelSource model = {};
  bool recover_colour = true;  // look for the integers that RGB was converted from
  bool repeats = true;         // pixels are repeated often enough to look for what repeats
  bool quick = false;          // nothing that takes more than half a second a megapixel
  Copies copies = Copies::kFew;
  bool adaptive = false;  // coders that can learn from the tile do: smaller, and far slower
  WorthFn worth = {};
};

// Where a tile is decoded to.
struct TileTarget {
  Image* image;  // has its final size and kind
  Rect rect;
  ThreadPool& pool;
  const Model* model = nullptr;  // null only where the coder needs none
};

// What memory depends on.
struct TileNeeds {
  int width, height;
  const Image& kind;
  bool adaptive;  // the file may have tiles that are
  bool encodes;
};

struct TileCoder {
  const char* name;
  bool needs_model = false;
  // Codes the colour channels and leaves alpha alone.
  bool colours_only = false;
  // Whether it codes pictures of that kind; samples are not looked at.
  bool (*takes)(const Image& kind);

  // Throws kTruncated or kCorrupt; part of the tile may have been written by then.
  void (*decode)(ByteSpan payload, const TileTarget& tile, Account& account);

  // Whether a payload was coded adaptively, which the file's header has to say, since it takes more
  // memory; null if none is.
  bool (*adapts)(ByteSpan payload) = nullptr;

  // Upper estimate of the bytes that a tile takes beside the picture.
  uint64_t (*memory)(const TileNeeds& tile);
};

// A coder's other half, apart: a program that only decodes does not refer to it, and a linker
// leaves it out (half of web/'s decoder).
struct TileEncoder {
  const TileCoder* coder;
  // The payload; of what it books in the account as its own, tiles/ subtracts the bytes from the
  // rest. Empty once `tile.worth` has said no.
  std::vector<uint8_t> (*encode)(const TileSource& tile, Account& account);
};

}  // namespace flowzip
