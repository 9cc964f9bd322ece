// SPDX-License-Identifier: BSD-3-Clause
#include "codec/api/codec.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/thread_pool.h"
#include "codec/metadata/chunk_store.h"
#include "codec/metadata/value_map.h"
#include "codec/options/region.h"
#include "codec/tiles/tile_decoder.h"
#include "codec/tiles/tile_encoder.h"
#include "codec/tiles/tile_loop.h"
#include "codec/tiles/tile_modes.h"

namespace flowzip {
namespace {

// Adds element by element, except that the last entry (the base) meets the last.
template <class T, class AddFn>
void AddLevels(const std::vector<T>& from, std::vector<T>& to, const AddFn& add) {
  if (from.empty()) return;
  if (from.size() > to.size()) {
    to.insert(to.empty() ? to.end() : to.end() - 1, from.size() - to.size(), T{});
  }
  for (size_t i = 0; i + 1 < from.size(); ++i) add(from[i], to[i]);
  add(from.back(), to.back());
}

void AddStats(const TileStats& from, TileStats& to) {
  AddLevels(from.level_channel_bits, to.level_channel_bits, [](const auto& a, auto& b) {
    for (size_t c = 0; c < a.size(); ++c) b[c] += a[c];
  });
  AddLevels(from.level_bytes, to.level_bytes, [](size_t a, size_t& b) { b += a; });
  to.side_bits += from.side_bits;
  to.other_bytes += from.other_bytes;
  for (size_t m = 0; m < from.mode_tiles.size(); ++m) to.mode_tiles[m] += from.mode_tiles[m];
  for (size_t i = 0; i < from.conversion_tiles.size(); ++i) {
    to.conversion_tiles[i] += from.conversion_tiles[i];
  }
  to.colour_exceptions += from.colour_exceptions;
  to.exception_bytes += from.exception_bytes;
}

bool IsOneSmallTile(const FileInfo& info) {
  return info.tile_count() == 1 && IsSmall(info.TileRect(0));
}

// The blocks of a file; some are missing only where the caller wants what is left.
std::vector<std::optional<TileBlock>> TilesOf(const FileInfo& info, ByteSpan file,
                                              const DecodeOptions& options) {
  if (options.recovery != nullptr) return FindTiles(info, file, *options.recovery);
  const std::vector<TileBlock> blocks = SplitTiles(info, file);
  return {blocks.begin(), blocks.end()};
}

}  // namespace

std::vector<uint8_t> Encode(const Image& image, const EncodeOptions& options, EncodeStats* stats,
                            const ProgressFn& progress) {
  CheckHeader(image);
  Require(options.jobs >= 1, ErrorCode::kInvalidArgument, "at least one job is needed");
  Require(options.tile_log2 >= kMinTileLog2 && options.tile_log2 <= kMaxTileLog2,
          ErrorCode::kInvalidArgument, "tile size out of range");

  const MemoryPlan plan = PlanEncode(image, options);
  RequireMemory(plan.bytes, options.max_memory);
  FileInfo info = Describe(image);
  info.tile_log2 = options.tile_log2;
  info.chunks = StoreChunks(image);
  info.chunks.insert(info.chunks.end(), options.chunks.begin(), options.chunks.end());

  if (options.pixel_bits != nullptr) options.pixel_bits->Reset(image.width, image.height);
  ThreadPool pool(options.jobs);
  const uint64_t tiles = info.tile_count();
  std::vector<TileResult> results(tiles);
  RowSource rows(options.rows, image.height);
  // Values that never occur, if the first rows look like that.
  Image ranks;
  if (ChoosesSmallest(options.coding)) {
    const uint32_t first = std::min(uint32_t{1} << info.tile_height_log2(), image.height);
    rows.Need(first);
    if (MayLeaveGaps(image, first)) {
      rows.Need(image.height);
      if (const std::optional<ValueMap> map = FindValues(image)) {
        RequireMemory(AddMemory(plan.bytes, map->Memory(info.pixels())), options.max_memory);
        CheckSamples(image, {0, 0, image.width, image.height});
        ranks = ToRanks(image, *map);
        info.chunks.push_back(StoreValues(*map));
      }
    }
  }
  const Image& coded = ranks.width > 0 ? ranks : image;
  ForEachTile(
      pool, tiles, plan.tiles_at_once, progress, info.pixels(),
      [&](uint64_t tile) {
        const Rect rect = info.TileRect(tile);
        return uint64_t{rect.width} * rect.height;
      },
      [&](uint64_t tile) {
        const Rect rect = info.TileRect(tile);
        const uint32_t end = rect.y + rect.height;
        rows.Need(end);
        // So that nobody waits for the next row of tiles.
        rows.ReadAhead(end + std::min(uint32_t{1} << info.tile_height_log2(), image.height - end));
        CheckSamples(image, rect);
        results[tile] = EncodeOneTile(coded, rect, tile, options, pool, stats != nullptr);
      });

  size_t bytes = 0;
  for (const TileResult& result : results) {
    info.payload_bytes.push_back(result.payload.size());
    bytes += result.payload.size() + kTileOverheadBytes;
    if (result.model_hash != 0) info.model_hash = result.model_hash;
    info.refined = info.refined || IsRefined(result.payload);
  }
  std::vector<uint8_t> file = SerializeHeader(info);
  info.header_bytes = file.size();
  file.reserve(file.size() + bytes);
  TileStats sum;
  for (uint64_t tile = 0; tile < tiles; ++tile) {
    TileResult& result = results[tile];
    AppendTile(tile, result.pixel_checksum, result.payload, file);
    AddStats(result.stats, sum);
    result = {};  // so that the streams are not held twice
  }
  if (stats != nullptr) *stats = {std::move(info), file.size(), std::move(sum)};
  return file;
}

Image Decode(ByteSpan file, const DecodeOptions& options, DecodeStats* stats,
             const ProgressFn& progress) {
  Require(options.jobs >= 1, ErrorCode::kInvalidArgument, "at least one job is needed");
  std::vector<uint8_t> repaired;
  FileInfo info = options.recovery != nullptr ? RecoverHeader(file, repaired, *options.recovery)
                                              : ParseHeader(file);
  if (!repaired.empty()) file = repaired;
  const Rect region = WantedRegion(info, options);
  // Of what is decoded, not of the file: a part of a picture too large for this machine is fine.
  const uint64_t pixels = (uint64_t{region.width} * region.height) >> (2 * options.scale_log2);
  if (pixels > options.max_pixels) {
    throw Error(ErrorCode::kLimit, std::to_string(region.width) + " x " +
                                       std::to_string(region.height) +
                                       " pixels exceed the limit of " +
                                       std::to_string(options.max_pixels) + " pixels");
  }
  const std::vector<std::optional<TileBlock>> blocks = TilesOf(info, file, options);
  const MemoryPlan plan = PlanDecode(info, options);
  RequireMemory(plan.bytes, options.max_memory);
  TileDecoder decoder(info, options, region);

  if (options.pixel_bits != nullptr) options.pixel_bits->Reset(info.width, info.height);
  ThreadPool pool(IsOneSmallTile(info) ? 1 : options.jobs);  // a thread costs more than it brings
  TileStats sum;
  std::vector<TileStats> tile_stats(stats != nullptr ? blocks.size() : 0);
  // What needs no model first: such a tile is one thread's work, so that the others help each
  // other with what follows.
  std::vector<uint64_t> tiles, flow;
  for (uint64_t tile = 0; tile < blocks.size(); ++tile) {
    if (!decoder.Wanted(info.TileRect(tile))) continue;
    (blocks[tile] && NeedsFlow(blocks[tile]->payload) ? flow : tiles).push_back(tile);
  }
  tiles.insert(tiles.end(), flow.begin(), flow.end());
  const auto show = [&](uint64_t done, uint64_t) {
    progress(info.pixels() * done / tiles.size(), info.pixels());
  };
  ForEachTile(
      pool, tiles.size(), plan.tiles_at_once, progress ? ProgressFn(show) : ProgressFn(),
      tiles.size(), [](uint64_t) { return uint64_t{1}; },
      [&](uint64_t i) {
        const uint64_t tile = tiles[i];
        decoder.Decode(tile, blocks[tile], pool, tile_stats.empty() ? nullptr : &tile_stats[tile]);
      });
  for (const TileStats& tile : tile_stats) AddStats(tile, sum);
  if (stats != nullptr) *stats = {std::move(info), file.size(), std::move(sum)};
  return decoder.Take();
}

FileInfo Probe(ByteSpan file) { return ParseHeader(file); }

FileInfo Describe(const Image& image) {
  FileInfo info;
  info.width = image.width;
  info.height = image.height;
  info.channels = image.channels;
  info.bit_depth = image.bit_depth;
  info.indexed = image.indexed;
  info.interlaced = image.interlaced;
  return info;
}

MemoryPlan PlanEncode(const Image& image, const EncodeOptions& options) {
  FileInfo info = Describe(image);
  info.tile_log2 = options.tile_log2;
  info.refined = Refines(options.coding);
  const bool flow = FlowTakes(image) && TakesModel(options.coding);
  // Parsing the model takes a third as long as coding so small a picture: not for an estimate.
  const bool small = options.model == nullptr && IsOneSmallTile(info);
  MemoryPlan plan = PlanEncode(info, flow && !small ? &ModelOf(options) : nullptr, options.jobs,
                               options.max_memory);
  if (flow && small) plan.bytes = AddMemory(plan.bytes, kSmallFlowMemory);
  plan.bytes = std::max(plan.bytes, StoringMemory(image));
  return plan;
}

// Of a part: as of a picture of its size, but with whole tiles, each in memory of its own.
MemoryPlan PlanDecode(const FileInfo& info, const DecodeOptions& options) {
  const Rect region = WantedRegion(info, options);
  const std::optional<ValueMap> map = RestoreValues(info);
  FileInfo part = info;
  if (map) part.bit_depth = map->bit_depth;
  part.width = std::min(info.width, std::max(region.width, uint32_t{1} << info.tile_width_log2()));
  part.height =
      std::min(info.height, std::max(region.height, uint32_t{1} << info.tile_height_log2()));
  const uint64_t picture = options.to_pixels ? 0 : SampleMemory(part);
  MemoryPlan plan =
      PlanDecode(part, ModelOf(info, options), options.jobs, options.max_memory, picture);
  if (options.region.width != 0 || options.scale_log2 != 0) {
    plan.bytes = AddMemory(plan.bytes,
                           2 * TileSampleMemory(info) * static_cast<uint64_t>(plan.tiles_at_once));
  }
  if (map) {  // both pictures at the end
    const uint64_t pixels = uint64_t{part.width} * part.height;
    plan.bytes = AddMemory(plan.bytes, 2 * pixels * static_cast<uint64_t>(info.channels));
  }
  plan.bytes = std::max(plan.bytes, RestoringMemory(info.chunks));
  return plan;
}

}  // namespace flowzip
