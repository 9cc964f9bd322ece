// SPDX-License-Identifier: BSD-3-Clause
#include "codec/codec.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/thread_pool.h"
#include "codec/chunk_store.h"
#include "codec/refined_coder.h"
#include "codec/tile_loop.h"
#include "model/embedded.h"

namespace flowzip {
namespace {

constexpr int kMaxScaleLog2 = 3;
constexpr uint64_t kRefinedSurely = 65536;  // pixels above which refined tiles are smaller

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

// Null if no tile needs one.
const Model* ModelOf(const FileInfo& info, const DecodeOptions& options) {
  if (info.model_hash == 0) return nullptr;
  if (options.model_override != nullptr && options.model_override->hash() == info.model_hash) {
    return options.model_override;
  }
  const Model* model = FindModel(info.model_hash);
  if (model == nullptr) {
    throw Error(ErrorCode::kUnknownModel, "was written with model " + HashName(info.model_hash) +
                                              ", which this decoder does not have");
  }
  return model;
}

// The blocks of a file; some are missing only where the caller wants what is left.
std::vector<std::optional<TileBlock>> TilesOf(const FileInfo& info, ByteSpan file,
                                              const DecodeOptions& options) {
  if (options.recovery != nullptr) return FindTiles(info, file, *options.recovery);
  const std::vector<TileBlock> blocks = SplitTiles(info, file);
  return {blocks.begin(), blocks.end()};
}

void CheckPixels(const Image& image, const Rect& rect, uint64_t tile, uint32_t checksum) {
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  Require(PixelChecksum(image, rect, tile) == checksum, ErrorCode::kCorrupt,
          "decodes to other pixels than were encoded (checksum)");
#else
  (void)image, (void)rect, (void)tile, (void)checksum;
#endif
}

// Errors inside a tile, with its number. Its bytes are all there and have their checksum,
// so a stream that ends early contradicts itself rather than being cut.
template <class F>
void InTile(uint64_t tile, const F& body) {
  try {
    body();
  } catch (const Error& error) {
    const bool cut = error.code() == ErrorCode::kTruncated;
    throw Error(cut ? ErrorCode::kCorrupt : error.code(),
                "tile " + std::to_string(tile + 1) + ": " + error.what());
  }
}

// What becomes of one tile in the encoder.
struct TileResult {
  std::vector<uint8_t> payload;
  TileStats stats;
  uint32_t pixel_checksum = 0;
  uint64_t model_hash = 0;  // of the model that the payload needs, or 0
};

TileResult EncodeOneTile(const Image& image, const Rect& rect, uint64_t tile,
                         const EncodeOptions& options, ThreadPool& pool, bool count) {
  TileResult result;
  result.pixel_checksum = PixelChecksum(image, rect, tile);
  TilePlan plan = PlanTile(image, rect, options.coding);
  const Model* model = nullptr;
  if (plan.flow) {
    model = options.model != nullptr ? options.model : &DefaultModel();
    SettlePlan(*model, image, rect, pool, &plan);
  }
  FlowOptions flow_options{options.recover_colour, plan.refined && plan.flow && CanRefine(*model)};
  // Only the winner books its pixels, in a second run where it is not known before.
  const auto without = [&](TileStats* stats, PixelBits* pixel_bits) {
    return EncodeWithoutFlow(image, rect, plan, stats, pixel_bits);
  };
  const auto with = [&](TileStats* stats, PixelBits* pixel_bits) {
    return EncodeWithFlow(*model, image, rect, pool, stats, pixel_bits, flow_options);
  };
  TileStats flow_stats;
  std::vector<uint8_t> flow;
  // What a small tile teaches may not be worth its being learnt.
  const bool try_plain =
      flow_options.refined && options.coding == Coding::kThorough &&
      uint64_t{rect.width} * rect.height <= kRefinedSurely;
  const bool any_way = ChoosesSmallest(options.coding);
  const bool sure = !plan.contexts && !try_plain && !any_way;
  const auto run = [&](int64_t way) {
    if (way == 0) {
      result.payload =
          without(count ? &result.stats : nullptr, plan.flow ? nullptr : options.pixel_bits);
    } else {
      flow = with(count ? &flow_stats : nullptr, sure ? options.pixel_bits : nullptr);
    }
  };
  if (plan.flow && IsSmall(rect)) {
    pool.ParallelFor(2, run);
  } else {
    run(0);
    if (!plan.flow) return result;
    run(1);
  }
  if (try_plain) {
    flow_options.refined = false;
    TileStats plain_stats;
    std::vector<uint8_t> plain = with(count ? &plain_stats : nullptr, nullptr);
    if (plain.size() <= flow.size()) {
      flow = std::move(plain);
      flow_stats = std::move(plain_stats);
    } else {
      flow_options.refined = true;
    }
  }
  if (!plan.contexts && any_way && (AlphaIsLarge(flow) || IsAboveRaw(flow, image, rect))) {
    plan.contexts = true;
    result.payload = without(count ? &result.stats : nullptr, nullptr);
  }
  const bool smaller = result.payload.empty() || flow.size() < result.payload.size();
  if (options.pixel_bits != nullptr && !sure) {
    smaller ? void(with(nullptr, options.pixel_bits)) : void(without(nullptr, options.pixel_bits));
  }
  if (smaller) {
    result.payload = std::move(flow);
    result.stats = std::move(flow_stats);
    result.model_hash = model->hash();
  }
  return result;
}

// The part of the picture that is asked for.
Rect WantedRegion(const FileInfo& info, const DecodeOptions& options) {
  Require(options.scale_log2 >= 0 && options.scale_log2 <= kMaxScaleLog2,
          ErrorCode::kInvalidArgument, "the scale is 1, 1/2, 1/4 or 1/8");
  if (options.region.width == 0) return {0, 0, info.width, info.height};
  const Rect& region = options.region;
  Require(region.height > 0 && region.x < info.width && region.width <= info.width - region.x &&
              region.y < info.height && region.height <= info.height - region.y,
          ErrorCode::kInvalidArgument, "the region is not inside the image");
  return region;
}

// Multiples of 2^scale_log2 in [start, start + length): the first one divided by it, and how many.
std::pair<uint32_t, uint32_t> ReducedSpan(uint32_t start, uint32_t length, int scale_log2) {
  const uint64_t round = (uint64_t{1} << scale_log2) - 1;
  const uint64_t first = (start + round) >> scale_log2,
                 end = (uint64_t{start} + length + round) >> scale_log2;
  return {static_cast<uint32_t>(first), static_cast<uint32_t>(end - first)};
}

Rect Reduced(const Rect& rect, int scale_log2) {
  const auto [x, width] = ReducedSpan(rect.x, rect.width, scale_log2);
  const auto [y, height] = ReducedSpan(rect.y, rect.height, scale_log2);
  return {x, y, width, height};
}

// Copies what `tile` (at `from` in the reduced picture) and the picture (at `to`) share.
void CopyOverlap(const Image& tile, const Rect& from, const Rect& to, Image* image) {
  const size_t pixel = size_t(tile.channels) * tile.bytes_per_sample();
  const uint32_t left = std::max(from.x, to.x), top = std::max(from.y, to.y);
  const uint32_t right = std::min(from.x + from.width, to.x + to.width),
                 bottom = std::min(from.y + from.height, to.y + to.height);
  for (uint32_t y = top; left < right && y < bottom; ++y) {
    std::copy_n(tile.samples.data() + (y - from.y) * tile.row_bytes() + (left - from.x) * pixel,
                (right - left) * pixel,
                image->samples.data() + (y - to.y) * image->row_bytes() + (left - to.x) * pixel);
  }
}

// An image of that kind, without size and samples.
Image EmptyImage(const FileInfo& info) {
  Image image;
  image.channels = info.channels;
  image.bit_depth = info.bit_depth;
  image.indexed = info.indexed;
  image.interlaced = info.interlaced;
  RestoreChunks(info.chunks, &image);
  return image;
}

void Resize(uint32_t width, uint32_t height, Image* image) {
  image->width = width;
  image->height = height;
  image->samples.resize(image->row_bytes() * height);
}

class TileDecoder {
 public:
  TileDecoder(const FileInfo& info, const DecodeOptions& options, const Rect& region)
      : info_(info), options_(options), model_(ModelOf(info, options)),
        whole_(region.width == info.width && region.height == info.height &&
               options.scale_log2 == 0),
        target_(DecodedRect(info, options)),
        image_(EmptyImage(info)) {
    Require(options.recovery == nullptr || whole_, ErrorCode::kInvalidArgument,
            "only whole pictures are recovered");
    if (!whole_) like_ = image_;
    Resize(target_.width, target_.height, &image_);
  }

  bool Wanted(const Rect& rect) const {
    const Rect reduced = Reduced(rect, options_.scale_log2);
    return reduced.x < target_.x + target_.width && target_.x < reduced.x + reduced.width &&
           reduced.y < target_.y + target_.height && target_.y < reduced.y + reduced.height;
  }

  // `block` may be missing only where the caller wants what is left.
  void Decode(uint64_t tile, const std::optional<TileBlock>& block, ThreadPool& pool,
              TileStats* stats) {
    if (options_.recovery == nullptr) {
      InTile(tile, [&] { DecodeBlock(tile, *block, pool, stats); });
      return;
    }
    const Rect rect = info_.TileRect(tile);
    if (!block) return FillLost(rect);
    try {
      DecodeBlock(tile, *block, pool, stats);
    } catch (const Error& error) {
      const std::lock_guard lock(mutex_);
      LoseTile(info_, tile, error.what(), *options_.recovery);
      FillLost(rect);
      if (stats != nullptr) *stats = {};
    }
  }
  Image Take() { return std::move(image_); }

 private:
  void DecodeBlock(uint64_t tile, const TileBlock& block, ThreadPool& pool, TileStats* stats) {
    Require(model_ != nullptr || !NeedsFlow(block.payload), ErrorCode::kCorrupt,
            "needs a model, but the header names none");
    Require(info_.refined || !IsRefined(block.payload), ErrorCode::kCorrupt,
            "refined, but the header says that no tile is");
    const Rect rect = info_.TileRect(tile);
    if (whole_) {
      DecodePayload(model_, block.payload, rect, &image_, pool, stats, options_.pixel_bits);
      CheckPixels(image_, rect, tile, block.pixel_checksum);
      return;
    }
    const Rect reduced = Reduced(rect, options_.scale_log2);
    Image part = like_;
    Resize(reduced.width, reduced.height, &part);
    const Rect all = {0, 0, rect.width, rect.height};
    if (options_.scale_log2 == 0) {
      DecodePayload(model_, block.payload, all, &part, pool, stats, nullptr);
      CheckPixels(part, all, tile, block.pixel_checksum);
    } else {
      DecodeReduced(model_, block.payload, rect, options_.scale_log2, &part, pool);
    }
    CopyOverlap(part, reduced, target_, &image_);
  }
  // A middle gray; the first colour of a palette.
  void FillLost(const Rect& rect) {
    FillGray(rect, image_);
    if (!image_.indexed) return;
    for (uint32_t y = rect.y; y < rect.y + rect.height; ++y) {
      std::fill_n(image_.samples.begin() + static_cast<ptrdiff_t>(y * image_.row_bytes() + rect.x),
                  rect.width, uint8_t{0});
    }
  }

  const FileInfo& info_;
  const DecodeOptions& options_;
  const Model* model_;
  bool whole_;
  Rect target_;
  Image image_, like_;
  std::mutex mutex_;
};

}  // namespace

std::vector<uint8_t> Encode(const Image& image, const EncodeOptions& options, EncodeStats* stats,
                            const ProgressFn& progress) {
  CheckImage(image);
  Require(options.jobs >= 1, ErrorCode::kInvalidArgument, "at least one job is needed");
  Require(options.tile_log2 >= kMinTileLog2 && options.tile_log2 <= kMaxTileLog2,
          ErrorCode::kInvalidArgument, "tile size out of range");

  FileInfo info = Describe(image);
  info.tile_log2 = options.tile_log2;
  info.chunks = StoreChunks(image);
  info.chunks.insert(info.chunks.end(), options.chunks.begin(), options.chunks.end());
  const MemoryPlan plan = PlanEncode(image, options);
  RequireMemory(plan.bytes, options.max_memory);

  if (options.pixel_bits != nullptr) options.pixel_bits->Reset(image.width, image.height);
  ThreadPool pool(options.jobs);
  const uint64_t tiles = info.tile_count();
  std::vector<TileResult> results(tiles);
  ForEachTile(
      pool, tiles, plan.tiles_at_once, progress, info.pixels(),
      [&](uint64_t tile) {
        const Rect rect = info.TileRect(tile);
        return uint64_t{rect.width} * rect.height;
      },
      [&](uint64_t tile) {
        results[tile] = EncodeOneTile(image, info.TileRect(tile), tile, options, pool,
                                      stats != nullptr);
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
  FileInfo info = options.recovery != nullptr
                      ? RecoverHeader(file, repaired, *options.recovery)
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
  ThreadPool pool(options.jobs);
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
  const bool flow = FlowTakes(image) && options.coding != Coding::kNoFlow;
  info.refined = Refines(options.coding);
  const Model* model = !flow                      ? nullptr
                       : options.model != nullptr ? options.model
                                                  : &DefaultModel();
  return PlanEncode(info, model, options.jobs, options.max_memory);
}

// Of a part: as of a picture of its size, but with whole tiles, each in memory of its own.
MemoryPlan PlanDecode(const FileInfo& info, const DecodeOptions& options) {
  const Rect region = WantedRegion(info, options);
  const uint32_t side = uint32_t{1} << info.tile_log2;
  FileInfo part = info;
  part.width = std::min(info.width, std::max(region.width, side));
  part.height = std::min(info.height, std::max(region.height, side));
  MemoryPlan plan = PlanDecode(part, ModelOf(info, options), options.jobs, options.max_memory);
  if (options.region.width != 0 || options.scale_log2 != 0) {
    plan.bytes = AddMemory(plan.bytes, 2 * TileSampleMemory(info) *
                                           static_cast<uint64_t>(plan.tiles_at_once));
  }
  return plan;
}

Rect DecodedRect(const FileInfo& info, const DecodeOptions& options) {
  const Rect rect = Reduced(WantedRegion(info, options), options.scale_log2);
  Require(rect.width > 0 && rect.height > 0, ErrorCode::kInvalidArgument,
          "the region has no pixel at that scale");
  return rect;
}

std::string HashName(uint64_t hash) {
  std::string name(16, '0');
  for (int i = 0; i < 16; ++i) name[i] = "0123456789abcdef"[(hash >> (60 - 4 * i)) & 15];
  return name;
}

}  // namespace flowzip
