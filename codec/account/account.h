// SPDX-License-Identifier: BSD-3-Clause
// Where a tile's bytes and bits are booked: what is not asked for costs nothing.
#pragma once

#include "codec/account/pixel_bits.h"
#include "codec/account/tile_stats.h"

namespace flowzip {

struct Account {
  bool counts = false;          // whether `stats` are wanted
  PixelBits* pixels = nullptr;  // set: the bits of every pixel are added to it
  TileStats stats = {};

  TileStats* wanted_stats() { return counts ? &stats : nullptr; }
};

}  // namespace flowzip
