// SPDX-License-Identifier: BSD-3-Clause
#include "codec/tiles/memory.h"

#include <algorithm>

#include "codec/coders/contexts/context_coder.h"
#include "codec/coders/contexts/copy_finder.h"
#include "codec/coders/raster/raster_tile.h"
#include "codec/coders/refined/refined_state.h"
#include "codec/tiles/tile_modes.h"
#include "model/adaptive_coupling.h"
#include "model/levels.h"

namespace flowzip {
namespace {

// Stacks and scratch of a thread, and the normal equations of the filter fit.
constexpr uint64_t kPerThread = uint64_t{1} << 20;
constexpr uint64_t kFixed = uint64_t{1} << 20;
// More threads than that share tiles.
constexpr int kMostTilesAtOnce = 8;
constexpr uint64_t kPlaneBorder = 16;  // both sides together; an upper bound of LevelPlanes'

uint64_t GridBytes(const LevelSize& size) {
  return uint64_t{2} * (size.grid_width() + kPlaneBorder) * (size.grid_height() + kPlaneBorder);
}

// The 12 sample planes of a level, its references and predictions, and 9 planes of residuals.
uint64_t LevelBytes(const LevelSize& size) {
  return GridBytes(size) * kChannels * (kLattices + 2 + kGroups);
}

// The stream, and the rows that two threads keep of the other layers, with copies between them.
uint64_t NetworkBytes(const LevelNet& net, const LevelSize& size) {
  const auto even = [](int channels) { return static_cast<uint64_t>(channels + 1) & ~uint64_t{1}; };
  uint64_t most = 0;
  for (const GroupNet& group : net.groups) {
    uint64_t rows = 4 * even(group.input.in);
    for (const ResidualBlock& block : group.blocks) {
      rows += 4 * (even(block.first.out) + 3 * even(net.width()));
    }
    for (const HeadNet& head : group.heads) {
      most = std::max(
          most, rows + 8 * (even(head.hidden.out) + even(head.extra.in) + even(head.out.out)));
    }
  }
  const uint64_t height = static_cast<uint64_t>(size.grid_height()) + 2;
  return sizeof(int16_t) * (size.grid_width() + 2) * (even(net.width()) * height + 2 * most);
}

// Samples of the three planes.
uint64_t PictureBytes(const LevelSize& size) {
  return sizeof(int16_t) * kChannels * static_cast<uint64_t>(size.width) * size.height;
}

LevelSize LargestTile(const FileInfo& info) {
  return {static_cast<int>(std::min(uint32_t{1} << info.tile_width_log2(), info.width)),
          static_cast<int>(std::min(uint32_t{1} << info.tile_height_log2(), info.height))};
}

uint64_t EncodeTileBytes(const Model& model, LevelSize size) {
  uint64_t levels = PictureBytes(size), most = 0;
  const int count = LevelCount(size.width, size.height);
  std::vector<LevelSize> sizes;
  for (int l = 0; l < count; ++l, size = size.next()) {
    levels += LevelBytes(size);
    sizes.push_back(size);
  }
  // Level after level is dropped, coarsest first; the finest is the one that matters, unless
  // a coarser one has a much wider network.
  for (int l = 0; l < count; ++l) {
    // A log of four bytes per symbol, with room for a few escapes, and the stream made of it.
    const uint64_t sites = uint64_t{3} * sizes[l].grid_width() * sizes[l].grid_height();
    uint64_t logs = sites * kChannels * sizeof(uint32_t) * 3 / 2;
    if (model.latent_components || model.affine) {
      // The priors' parameters and samples (borrow_log.h), a table of their runs, the stream.
      const uint64_t site = sizeof(int16_t) * (3 * static_cast<uint64_t>(model.components) + 1) +
                            2 * sizeof(int16_t) + 2;
      logs = sites * kChannels * site;
    }
    const uint64_t coarse = PictureBytes(sizes[l].next());
    most = std::max(most, coarse + logs + NetworkBytes(model.ForLevel(l).net, sizes[l]));
  }
  return levels + most;
}

uint64_t DecodeTileBytes(const Model& model, LevelSize size) {
  const int count = LevelCount(size.width, size.height);
  uint64_t most = PictureBytes(size);
  for (int l = 0; l < count; ++l, size = size.next()) {
    // The level, its picture, the coarser level's picture and residuals, and a copy of the
    // streams.
    most = std::max(most, LevelBytes(size) + PictureBytes(size) + 2 * PictureBytes(size.next()) +
                              PictureBytes(size) / sizeof(int16_t) +
                              NetworkBytes(model.ForLevel(l).net, size));
  }
  return most;
}

// A tile by contexts: the coder; its samples of 16 bits as they are, as they are coded, and a copy.
uint64_t ContextTileBytes(const FileInfo& info) {
  const LevelSize size = LargestTile(info);
  const uint64_t samples =
      uint64_t{2} * static_cast<uint64_t>(info.channels) * size.width * size.height;
  return ContextMemory(size.width, size.height, info.channels) + 3 * samples;
}

// What the search for copies takes beside that: its tables, three more blocks, bits of each pixel.
uint64_t SearchBytes(const FileInfo& info) {
  const LevelSize size = LargestTile(info);
  const auto pixels = static_cast<uint64_t>(size.width) * size.height;
  return CopyFinderMemory(pixels) + (6 * static_cast<uint64_t>(info.channels) + 12) * pixels;
}

uint64_t RefinedBytes(const FileInfo& info) {
  const LevelSize size = LargestTile(info);
  return info.refined ? RefinedState::Memory(size.width, size.height, std::min(info.channels, 3))
                      : 0;
}

bool FlowMay(const FileInfo& info) { return info.bit_depth == 8 && !info.indexed; }

uint64_t RasterTileBytes(const FileInfo& info) {
  const LevelSize size = LargestTile(info);
  return FlowMay(info) ? RasterMemory(size.width, size.height, info.channels) : 0;
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
  const unsigned __int128 bytes = static_cast<unsigned __int128>(info.pixels()) *
                                  static_cast<unsigned>(info.channels) *
                                  (info.bit_depth > 8 ? 2u : 1u);
  return bytes > UINT64_MAX ? UINT64_MAX : static_cast<uint64_t>(bytes);
}

uint64_t TileSampleMemory(const FileInfo& info) {
  const LevelSize size = LargestTile(info);
  return uint64_t{4} * static_cast<uint64_t>(info.channels) * size.width * size.height /
         (info.bit_depth > 8 ? 2 : 4);
}

MemoryPlan PlanEncode(const FileInfo& info, const Model* model, int jobs, uint64_t limit) {
  // Streams, and the file that they are put together in.
  const uint64_t samples = SampleMemory(info), file = AddMemory(samples, samples);
  // What contexts made of a tile, twice while it grows, is held while the model tries.
  uint64_t tile = ContextTileBytes(info) + SearchBytes(info);
  const bool all_at_once = IsSmall(info.TileRect(0));
  const auto add = [&](uint64_t way) { tile = all_at_once ? tile + way : std::max(tile, way); };
  add(RasterTileBytes(info));
  if (model != nullptr && FlowMay(info)) {
    add(EncodeTileBytes(*model, LargestTile(info)) + RefinedBytes(info));
  }
  return Plan(info, jobs, AddMemory(file, 200 * info.tile_count()),
              tile + 2 * TileSampleMemory(info), limit);
}

MemoryPlan PlanDecode(const FileInfo& info, const Model* model, int jobs, uint64_t limit,
                      uint64_t picture) {
  uint64_t tile = std::max(ContextTileBytes(info), RasterTileBytes(info));
  if (model != nullptr) {
    tile = std::max(tile, DecodeTileBytes(*model, LargestTile(info)) + RefinedBytes(info));
  }
  return Plan(info, jobs, AddMemory(picture, 40 * info.tile_count()), tile, limit);
}

}  // namespace flowzip
