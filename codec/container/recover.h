// SPDX-License-Identifier: BSD-3-Clause
// What can be saved of a damaged or truncated .flz file (DecodeOptions::recovery).
//
// Tiles are independent and each has its checksums, so those that are whole come back exactly;
// in the place of the others stands a middle gray. A header with one damaged byte is put
// right: the byte is found by trying (its checksum tells, and the tiles' agree). A header with
// more damage says nothing reliable, and such a file is refused as ever.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "codec/container/container.h"
#include "codec/picture/image.h"

namespace flowzip {

struct LostTile {
  uint64_t tile = 0;  // from 0, in raster order
  Rect rect;
  std::string reason;
};

struct Recovery {
  std::vector<LostTile> lost;  // in the order of the tiles
  uint64_t tiles = 0;          // in all
  std::string damage;          // of the file as a whole; empty if there is none

  // True if nothing at all is wrong with the file.
  bool intact() const { return lost.empty() && damage.empty(); }
};

// The header of `file`. If one of its bytes had to be put right, `repaired` is the whole file
// with that byte, to be read on from; else it is empty. Throws what ParseHeader throws.
FileInfo RecoverHeader(ByteSpan file, std::vector<uint8_t>& repaired, Recovery& recovery);

// One entry per tile; empty, and noted as lost, where the block is not whole. Throws kCorrupt
// if there is no whole tile at all.
std::vector<std::optional<TileBlock>> FindTiles(const FileInfo& info, ByteSpan file,
                                                Recovery& recovery);

// Notes a tile as lost and fills its place. Keeps recovery.lost in order.
void LoseTile(const FileInfo& info, uint64_t tile, const std::string& reason, Recovery& recovery);

// Every sample of the rectangle becomes half of the largest one.
void FillGray(const Rect& rect, Image& image);

}  // namespace flowzip
