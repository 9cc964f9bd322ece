// SPDX-License-Identifier: BSD-3-Clause
#include "codec/tiles/memory.h"

#include <algorithm>
#include <set>

#include "codec/coders/deflated/deflated_tile.h"
#include "codec/tiles/differences.h"
#include "codec/tiles/tile_modes.h"
#include "codec/tiles/tile_plan.h"

namespace flowzip {
namespace {

// Stacks and scratch of a thread, and the normal equations of the filter fit.
constexpr uint64_t kPerThread = uint64_t{1} << 20;
constexpr uint64_t kFixed = uint64_t{1} << 20;
// More threads than that share tiles.
constexpr int kMostTilesAtOnce = 8;

struct TileSize {
  int width, height;
};

TileSize LargestTile(const FileInfo& info) {
  return {static_cast<int>(std::min(uint32_t{1} << info.tile_width_log2(), info.width)),
          static_cast<int>(std::min(uint32_t{1} << info.tile_height_log2(), info.height))};
}

// Of a tile of that kind by the coder that takes most, or by all that are tried side by side.
uint64_t TileBytesOf(const Image& kind, const FileInfo& info, bool with_model, bool side_by_side,
                     bool encodes) {
  const TileSize size = LargestTile(info);
  uint64_t bytes = 0;
  std::set<const TileCoder*> seen;
  for (const ModeRow& row : ModeTable()) {
    const TileCoder& coder = *row.coder;
    if (!seen.insert(&coder).second || !coder.takes(kind)) continue;
    if (coder.needs_model && !with_model) continue;
    if (&coder == &kDifferencesCoder) continue;
    if ((&coder == &kDeflatedCoder) != info.is_whole()) continue;
    const uint64_t way = coder.memory({size.width, size.height, kind, info.adaptive, encodes});
    bytes = side_by_side ? bytes + way : std::max(bytes, way);
  }
  return bytes;
}

// The same for the file's kind, or for its differences.
uint64_t TileBytes(const FileInfo& info, bool with_model, bool side_by_side, bool encodes) {
  Image kind = KindOf(info);
  const uint64_t bytes = TileBytesOf(kind, info, with_model, side_by_side, encodes);
  if (info.is_whole() || !kDifferencesCoder.takes(kind)) return bytes;
  const TileSize size = LargestTile(info);
  const uint64_t differences =
      kDifferencesCoder.memory({size.width, size.height, kind, info.adaptive, encodes});
  kind.bit_depth = 8;
  kind.max_value = 0;
  return differences + std::max(bytes, TileBytesOf(kind, info, with_model, side_by_side, encodes));
}

// `whole`: what does not depend on the number of tiles at once.
MemoryPlan Plan(const FileInfo& info, int jobs, uint64_t whole, uint64_t tile, uint64_t limit) {
  MemoryPlan plan{static_cast<int>(std::min<uint64_t>(std::min(jobs, kMostTilesAtOnce),
                                                      std::max<uint64_t>(info.tile_count(), 1))),
                  0};
  for (;; --plan.tiles_at_once) {
    plan.bytes = AddMemory(whole, kFixed + kPerThread * static_cast<uint64_t>(jobs) +
                                      tile * static_cast<uint64_t>(plan.tiles_at_once));
    if (plan.bytes <= limit || plan.tiles_at_once == 1) return plan;
  }
}

}  // namespace

uint64_t SampleMemory(const FileInfo& info) {
  Image kind = KindOf(info);
  kind.width = info.width;
  kind.height = info.height;
  return kind.sample_bytes();
}

uint64_t TileSampleMemory(const FileInfo& info) {
  const TileSize size = LargestTile(info);
  return uint64_t{4} * static_cast<uint64_t>(info.channels) * size.width * size.height /
         (info.bit_depth > 8 ? 2 : 4);
}

MemoryPlan PlanEncode(const FileInfo& info, bool network, int jobs, uint64_t limit) {
  // Streams, and the file that they are put together in.
  const uint64_t samples = SampleMemory(info), file = AddMemory(samples, samples);
  const uint64_t tile = TileBytes(info, network, IsSmall(info.TileRect(0)), /*encodes=*/true);
  // What contexts made of a tile, twice while it grows, is held while the others try; and the
  // tile's ranks, if that is what is coded.
  return Plan(info, jobs, AddMemory(file, 200 * info.tile_count()),
              tile + 3 * TileSampleMemory(info), limit);
}

MemoryPlan PlanDecode(const FileInfo& info, int jobs, uint64_t limit, uint64_t picture) {
  const uint64_t tile =
      TileBytes(info, info.model_hash != 0, /*side_by_side=*/false, /*encodes=*/false);
  return Plan(info, jobs, AddMemory(picture, 40 * info.tile_count()), tile, limit);
}

}  // namespace flowzip
