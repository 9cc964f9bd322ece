// SPDX-License-Identifier: BSD-3-Clause
#include "codec/memory.h"

#include <algorithm>
#include <cstdio>

#include "codec/context_coder.h"
#include "model/adaptive_coupling.h"
#include "model/levels.h"

namespace flowzip {
namespace {

// Stacks and scratch of a thread, and the normal equations of the filter fit.
constexpr uint64_t kPerThread = uint64_t{1} << 20;
constexpr uint64_t kFixed = uint64_t{1} << 20;
constexpr uint64_t kPlaneBorder = 16;  // both sides together; an upper bound of LevelPlanes'

uint64_t GridBytes(const LevelSize& size) {
  return uint64_t{4} * (size.grid_width() + kPlaneBorder) * (size.grid_height() + kPlaneBorder);
}

// The 12 sample planes of a level, and the 27 of its references, predictions and residuals.
uint64_t LevelBytes(const LevelSize& size) {
  return GridBytes(size) * kChannels * (kLattices + 3 * kGroups);
}

// The activations that live at once: stream, hidden layer, inputs, a head and its outputs.
uint64_t NetworkBytes(const LevelNet& net, const LevelSize& size) {
  uint64_t most = 0;
  const auto even = [](int channels) { return static_cast<uint64_t>(channels + 1) & ~uint64_t{1}; };
  uint64_t hidden = 0;
  for (int g = 0; g < kGroups; ++g) {
    const GroupNet& group = net.groups[g];
    for (const ResidualBlock& block : group.blocks) {
      hidden = std::max(hidden, even(block.first.out));
    }
    most = std::max(most, hidden + even(group.input.in));
    for (int c = 0; c < kChannels; ++c) {
      const HeadNet& head = group.heads[c];
      most =
          std::max(most, hidden + even(head.hidden.out) + even(head.extra.in) + even(head.out.out));
    }
  }
  return (most + even(net.width())) * sizeof(int16_t) * (size.grid_width() + 2) *
         (size.grid_height() + 2);
}

// Samples of the three planes at four bytes.
uint64_t PictureBytes(const LevelSize& size) {
  return uint64_t{4} * kChannels * size.width * size.height;
}

LevelSize LargestTile(const FileInfo& info) {
  const uint32_t side = uint32_t{1} << info.tile_log2;
  return {static_cast<int>(std::min(side, info.width)),
          static_cast<int>(std::min(side, info.height))};
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
    // A log of four bytes per symbol, escapes included, grown by doubling, and what the coder
    // makes of it.
    const uint64_t sites = uint64_t{3} * sizes[l].grid_width() * sizes[l].grid_height();
    uint64_t logs = sites * kChannels * sizeof(uint32_t) * 7 / 2;
    if (model.latent_components || model.affine) {
      // The priors' parameters and samples (borrow_log.h), a table of their runs, the stream.
      const uint64_t site = sizeof(int16_t) * (3 * static_cast<uint64_t>(model.components) + 1) +
                            3 * sizeof(int32_t) + 2;
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
                              PictureBytes(size) / sizeof(int32_t) +
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

uint64_t Parallel(const FileInfo& info, int jobs) {
  return std::min<uint64_t>(static_cast<uint64_t>(jobs), info.tile_count());
}

bool FlowMay(const FileInfo& info) { return info.bit_depth == 8 && !info.indexed; }

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

uint64_t EncodeMemory(const FileInfo& info, const Model* model, int jobs) {
  // Blocks, and the file that they are put together in.
  const uint64_t samples = SampleMemory(info), file = AddMemory(samples, samples);
  // What contexts make of a few tiles, twice while it grows; then the model, tile by tile.
  const uint64_t contexts = Parallel(info, jobs) * ContextTileBytes(info),
                 payloads = 2 * Parallel(info, jobs) * TileSampleMemory(info);
  const uint64_t flow =
      model != nullptr && FlowMay(info) ? EncodeTileBytes(*model, LargestTile(info)) : 0;
  return AddMemory(file, kFixed + kPerThread * static_cast<uint64_t>(jobs) +
                             24 * info.tile_count() + payloads + std::max(contexts, flow));
}

uint64_t DecodeMemory(const FileInfo& info, const Model* model, int jobs) {
  const uint64_t contexts = Parallel(info, jobs) * ContextTileBytes(info);
  const uint64_t flow = model != nullptr ? DecodeTileBytes(*model, LargestTile(info)) : 0;
  return AddMemory(SampleMemory(info), kFixed + kPerThread * static_cast<uint64_t>(jobs) +
                                           40 * info.tile_count() + std::max(contexts, flow));
}

void RequireMemory(uint64_t needed, uint64_t limit) {
  if (needed <= limit) return;
  throw Error(ErrorCode::kLimit, "needs about " + HumanBytes(needed) +
                                     " of memory, more than the limit of " + HumanBytes(limit));
}

std::string HumanBytes(uint64_t bytes) {
  constexpr const char* kUnits[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  int unit = 0;
  auto value = static_cast<double>(bytes);
  for (; value >= 1024 && unit < 6; value /= 1024) ++unit;
  char text[32];
  const bool whole = unit == 0 || value >= 99.95;
  std::snprintf(text, sizeof text, whole ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text;
}

}  // namespace flowzip
