// SPDX-License-Identifier: BSD-3-Clause
#include "codec/api/codec.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/thread_pool.h"
#include "codec/coders/deflated/deflated_tile.h"
#include "codec/metadata/chunk_store.h"
#include "codec/metadata/shown_colours.h"
#include "codec/metadata/value_map.h"
#include "codec/options/region.h"
#include "codec/preview/preview.h"
#include "codec/tiles/tile_decoder.h"
#include "codec/tiles/tile_encoder.h"
#include "codec/tiles/tile_loop.h"
#include "codec/tiles/tile_modes.h"
#include "codec/tiles/tile_payload.h"
#include "codec/tiles/tile_plan.h"

namespace flowzip {
namespace {

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

// A tile, as ranks if there is a map.
TileResult EncodeTile(const Image& image, const Rect& rect, uint64_t tile,
                      const std::optional<ValueMap>& map, const EncodeOptions& options,
                      ThreadPool& pool, bool count) {
  if (!map) return EncodeOneTile(image, rect, tile, options, pool, count);
  const Image ranks = ToRanks(image, rect, *map);
  EncodeOptions apart = options;
  PixelBits bits;
  if (options.pixel_bits != nullptr) {
    bits.Reset(rect.width, rect.height);
    apart.pixel_bits = &bits;
  }
  TileResult result =
      EncodeOneTile(ranks, {0, 0, rect.width, rect.height}, tile, apart, pool, count);
  if (options.pixel_bits != nullptr) options.pixel_bits->Add(rect, bits.bits);
  return result;
}

// The values that occur, if the picture is smaller as their ranks: photographs that were converted
// leave gaps too, but the conversion explains them. Its middle decides, by what needs no model.
std::optional<ValueMap> ChooseValues(const Image& image, const EncodeOptions& options,
                                     const FileInfo& info, RowSource& rows, ThreadPool& pool) {
  constexpr uint32_t kSide = 256;
  if (!ChoosesSmallest(options.coding)) return std::nullopt;
  const uint32_t first = std::min(uint32_t{1} << info.tile_height_log2(), image.height);
  rows.Need(first);
  if (!MayLeaveGaps(image, first)) return std::nullopt;
  rows.Need(image.height);
  CheckSamples(image, {0, 0, image.width, image.height});
  std::optional<ValueMap> map = FindValues(image);
  if (!map) return std::nullopt;
  EncodeOptions fast = options;
  fast.coding = Coding::kFast;
  fast.pixel_bits = nullptr;
  const uint32_t width = std::min(image.width, kSide), height = std::min(image.height, kSide);
  const Rect middle{(image.width - width) / 2, (image.height - height) / 2, width, height};
  const auto bytes = [&](const std::optional<ValueMap>& by) {
    return EncodeTile(image, middle, 0, by, fast, pool, /*count=*/false).payload.size();
  };
  const uint64_t list = StoreValues(*map).data.size() * width * height / info.pixels();
  const uint64_t with = bytes(map) + list, without = bytes(std::nullopt);
  // Of deep samples, the contexts find the gaps in each tile; no other coder does.
  const bool pays = image.bit_depth > 8 ? with * 64 <= without * 65 : with * 64 < without * 63;
  return pays ? map : std::nullopt;
}

// Puts a small picture with a palette into the header as its colours, where that is smaller.
void UseColours(const Image& image, const EncodeOptions& options, FileInfo& info,
                std::vector<TileResult>& results) {
  constexpr uint64_t kCostsNothing = 16384;  // pixels
  const bool fast = options.coding == Coding::kFast;
  if (!image.indexed || results.size() != 1 || !ChoosesSmallest(options.coding) ||
      (fast && info.pixels() > kCostsNothing)) {
    return;
  }
  FileInfo before = info;
  before.payload_bytes = {results[0].payload.size()};
  before.is_short = true;
  before.chunks.resize(before.chunks.size() - options.chunks.size());
  FileInfo empty = before;
  empty.chunks.clear();
  empty.payload_bytes = {0};
  const uint64_t most =
      SerializeHeader(before).size() + results[0].payload.size() - SerializeHeader(empty).size();
  std::optional<ShownColours> shown = StoreAsColours(image, most);
  if (!shown) return;
  info.chunks = std::move(shown->chunks);
  info.chunks.insert(info.chunks.end(), options.chunks.begin(), options.chunks.end());
  results[0].payload.clear();
  results[0].model_hash = 0;
  results[0].stats = {};
  results[0].stats.mode_tiles[static_cast<size_t>(TileMode::kContexts)] = 1;
  if (options.pixel_bits != nullptr) {
    options.pixel_bits->Reset(image.width, image.height);
    options.pixel_bits->Add({0, 0, image.width, image.height}, shown->bits);
  }
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
  const std::optional<ValueMap> map = ChooseValues(image, options, info, rows, pool);
  if (map) info.chunks.push_back(StoreValues(*map));
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
        results[tile] = EncodeTile(image, rect, tile, map, options, pool, stats != nullptr);
      });

  UseColours(image, options, info, results);
  size_t bytes = 0;
  for (const TileResult& result : results) {
    info.payload_bytes.push_back(result.payload.size());
    bytes += result.payload.size() + kTileOverheadBytes;
    if (result.model_hash != 0) info.model_hash = result.model_hash;
    info.adaptive = info.adaptive || IsAdaptive(result.payload);
  }
  std::optional<Preview> preview;
  if (options.preview) preview = ChoosePreview(image, bytes, pool);
  if (preview) info.preview = preview->info;
  info.is_short = info.MayBeShort();
  const auto& first = results[0].payload;
  std::vector<uint8_t> file = SerializeHeader(info, {first.data(), first.size()});
  info.header_bytes = file.size();
  file.reserve(info.file_bytes());
  if (info.is_short) file.insert(file.end(), first.begin(), first.end());
  if (preview) AppendTile(kPreviewTile, preview->pixel_checksum, preview->payload, file);
  TileStats sum;
  for (uint64_t tile = 0; tile < tiles; ++tile) {
    TileResult& result = results[tile];
    if (!info.is_short) AppendTile(tile, result.pixel_checksum, result.payload, file);
    sum.Add(result.stats);
    result = {};  // so that the streams are not held twice
  }
  if (stats != nullptr) *stats = {std::move(info), file.size(), std::move(sum)};
  return file;
}

std::vector<uint8_t> EncodeDeflated(const Image& image, ByteSpan stream,
                                    const EncodeOptions& options) {
  CheckImage(image);
  Require(kDeflatedCoder.takes(image) && stream.size() < UINT32_MAX, ErrorCode::kInvalidArgument,
          "no picture of a PNG file");
  FileInfo info = Describe(image);
  info.tile_log2 = kWholePicture;
  info.chunks = StoreChunks(image);
  info.chunks.insert(info.chunks.end(), options.chunks.begin(), options.chunks.end());
  info.payload_bytes = {stream.size() + 1};
  RequireMemory(AddMemory(DecodingMemory(info, DecodeOptions{}), 2 * stream.size()),
                options.max_memory);

  std::vector<uint8_t> payload(stream.size() + 1, static_cast<uint8_t>(TileMode::kDeflated));
  std::copy(stream.begin(), stream.end(), payload.begin() + 1);
  const Rect all{0, 0, image.width, image.height};
  Image same = KindOf(info);
  same.width = image.width;
  same.height = image.height;
  same.samples.resize(same.row_bytes() * same.height);
  try {
    ThreadPool pool(1);
    Account closed;
    DecodePayload(payload, {&same, all, pool}, closed);
  } catch (const Error& error) {
    throw Error(ErrorCode::kInvalidArgument, error.what());
  }
  for (uint32_t y = 0; y < image.height; ++y) {
    Require(std::equal(same.Row(y), same.Row(y) + same.row_bytes(), image.Row(y)),
            ErrorCode::kInvalidArgument, "the stream is of other samples");
  }
  std::vector<uint8_t> file = SerializeHeader(info);
  AppendTile(0, PixelChecksum(image, all, 0), payload, file);
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
  std::vector<uint64_t> tiles, network;
  for (uint64_t tile = 0; tile < blocks.size(); ++tile) {
    if (!decoder.Wanted(info.TileRect(tile))) continue;
    (blocks[tile] && NeedsModel(blocks[tile]->payload) ? network : tiles).push_back(tile);
  }
  tiles.insert(tiles.end(), network.begin(), network.end());
  const auto show = [&](uint64_t done, uint64_t) {
    progress(info.pixels() * done / tiles.size(), info.pixels());
  };
  ForEachTile(
      pool, tiles.size(), plan.tiles_at_once, progress ? ProgressFn(show) : ProgressFn(),
      tiles.size(), [](uint64_t) { return uint64_t{1}; },
      [&](uint64_t i) {
        const uint64_t tile = tiles[i];
        Account account{stats != nullptr, options.pixel_bits, {}};
        decoder.Decode(tile, blocks[tile], pool, account);
        if (stats != nullptr) tile_stats[tile] = std::move(account.stats);
      });
  for (const TileStats& tile : tile_stats) sum.Add(tile);
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
  info.adaptive = Adapts(options.coding);
  MemoryPlan plan = PlanEncode(info, TakesModel(options.coding) && SomeModelTakes(image),
                               options.jobs, options.max_memory);
  plan.bytes = std::max(plan.bytes, StoringMemory(image));
  return plan;
}

// Of a part: as of a picture of its size, but with whole tiles, each in memory of its own.
MemoryPlan PlanDecode(const FileInfo& info, const DecodeOptions& options) {
  const Rect region = WantedRegion(info, options);
  FileInfo part = info;
  part.width = std::min(info.width, std::max(region.width, uint32_t{1} << info.tile_width_log2()));
  part.height =
      std::min(info.height, std::max(region.height, uint32_t{1} << info.tile_height_log2()));
  const uint64_t picture = options.to_pixels ? 0 : SampleMemory(part);
  MemoryPlan plan = PlanDecode(part, options.jobs, options.max_memory, picture);
  if (options.region.width != 0 || options.scale_log2 != 0 || HasValues(info)) {
    plan.bytes = AddMemory(plan.bytes,
                           2 * TileSampleMemory(info) * static_cast<uint64_t>(plan.tiles_at_once));
  }
  plan.bytes = std::max(plan.bytes, RestoringMemory(info));
  return plan;
}

}  // namespace flowzip
