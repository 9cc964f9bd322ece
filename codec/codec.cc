// SPDX-License-Identifier: BSD-3-Clause
#include "codec/codec.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/thread_pool.h"
#include "model/embedded.h"

namespace flowzip {
namespace {

void CheckImage(const Image& image) {
  Require(
      image.width >= 1 && image.width <= kMaxSide && image.height >= 1 && image.height <= kMaxSide,
      ErrorCode::kInvalidArgument, "an image has 1 to 2147483647 pixels on a side");
  if ((image.channels != 1 && image.channels != 3) || image.bit_depth != 8) {
    throw Error(ErrorCode::kUnsupported, "images of " + std::to_string(image.channels) +
                                             " channels of " + std::to_string(image.bit_depth) +
                                             " bits are not supported yet");
  }
  Require(image.samples.size() == image.row_bytes() * image.height, ErrorCode::kInvalidArgument,
          "the image's samples do not fill its size");
}

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
  for (size_t i = 0; i < from.conversion_tiles.size(); ++i) {
    to.conversion_tiles[i] += from.conversion_tiles[i];
  }
  to.colour_exceptions += from.colour_exceptions;
  to.exception_bytes += from.exception_bytes;
}

const Model& ModelOf(const FileInfo& info, const DecodeOptions& options) {
  if (options.model_override != nullptr && options.model_override->hash() == info.model_hash) {
    return *options.model_override;
  }
  const Model* model = FindModel(info.model_hash);
  if (model == nullptr) {
    throw Error(ErrorCode::kUnknownModel, "was written with model " + HashName(info.model_hash) +
                                              ", which this decoder does not have");
  }
  return *model;
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

// An error inside a tile, with its number. Its bytes are all there and have their checksum,
// so a stream that ends early contradicts itself rather than being cut.
Error InTile(uint64_t tile, const Error& error) {
  const bool cut = error.code() == ErrorCode::kTruncated;
  return {cut ? ErrorCode::kCorrupt : error.code(),
          "tile " + std::to_string(tile + 1) + ": " + error.what()};
}

}  // namespace

std::vector<uint8_t> Encode(const Image& image, const EncodeOptions& options, EncodeStats* stats,
                            const ProgressFn& progress) {
  CheckImage(image);
  Require(options.jobs >= 1, ErrorCode::kInvalidArgument, "at least one job is needed");
  Require(options.tile_log2 >= kMinTileLog2 && options.tile_log2 <= kMaxTileLog2,
          ErrorCode::kInvalidArgument, "tile size out of range");
  const Model& model = options.model != nullptr ? *options.model : DefaultModel();

  FileInfo info;
  info.width = image.width;
  info.height = image.height;
  info.channels = image.channels;
  info.bit_depth = image.bit_depth;
  info.model_hash = model.hash();
  info.tile_log2 = options.tile_log2;
  info.chunks = options.chunks;
  RequireMemory(EncodeMemory(info, model, options.jobs), options.max_memory);

  // Tiles run one after another, each on all threads: memory stays that of one tile.
  if (options.pixel_bits != nullptr) options.pixel_bits->Reset(image.width, image.height);
  ThreadPool pool(options.jobs);
  std::vector<uint8_t> blocks;
  TileStats sum;
  uint64_t pixels_done = 0;
  for (uint64_t tile = 0; tile < info.tile_count(); ++tile) {
    const Rect rect = info.TileRect(tile);
    TileStats tile_stats;
    const std::vector<uint8_t> payload =
        EncodeTile(model, image, rect, pool, stats != nullptr ? &tile_stats : nullptr,
                   options.pixel_bits, options.recover_colour);
    info.payload_bytes.push_back(payload.size());
    AppendTile(tile, PixelChecksum(image, rect, tile), payload, blocks);
    AddStats(tile_stats, sum);
    pixels_done += uint64_t{rect.width} * rect.height;
    if (progress) progress(pixels_done, info.pixels());
  }

  std::vector<uint8_t> file = SerializeHeader(info);
  info.header_bytes = file.size();
  file.insert(file.end(), blocks.begin(), blocks.end());
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
  if (info.pixels() > options.max_pixels) {
    throw Error(ErrorCode::kLimit, std::to_string(info.width) + " x " +
                                       std::to_string(info.height) +
                                       " pixels exceed the limit of " +
                                       std::to_string(options.max_pixels) + " pixels");
  }
  const std::vector<std::optional<TileBlock>> blocks = TilesOf(info, file, options);
  const Model& model = ModelOf(info, options);
  RequireMemory(DecodeMemory(info, model, options.jobs), options.max_memory);

  Image image;
  image.width = info.width;
  image.height = info.height;
  image.channels = info.channels;
  image.bit_depth = info.bit_depth;
  image.samples.resize(image.row_bytes() * image.height);

  if (options.pixel_bits != nullptr) options.pixel_bits->Reset(info.width, info.height);
  ThreadPool pool(options.jobs);
  TileStats sum;
  uint64_t pixels_done = 0;
  for (uint64_t tile = 0; tile < blocks.size(); ++tile) {
    const Rect rect = info.TileRect(tile);
    TileStats tile_stats;
    try {
      if (!blocks[tile]) {
        FillGray(rect, image);
      } else {
        DecodeTile(model, blocks[tile]->payload, rect, &image, pool,
                   stats != nullptr ? &tile_stats : nullptr, options.pixel_bits);
        CheckPixels(image, rect, tile, blocks[tile]->pixel_checksum);
      }
    } catch (const Error& error) {
      if (options.recovery == nullptr) throw InTile(tile, error);
      LoseTile(info, tile, error.what(), *options.recovery);
      FillGray(rect, image);
      tile_stats = {};
    }
    AddStats(tile_stats, sum);
    pixels_done += uint64_t{rect.width} * rect.height;
    if (progress) progress(pixels_done, info.pixels());
  }
  if (stats != nullptr) *stats = {std::move(info), file.size(), std::move(sum)};
  return image;
}

FileInfo Probe(ByteSpan file) { return ParseHeader(file); }

std::string HashName(uint64_t hash) {
  std::string name(16, '0');
  for (int i = 0; i < 16; ++i) name[i] = "0123456789abcdef"[(hash >> (60 - 4 * i)) & 15];
  return name;
}

}  // namespace flowzip
