// SPDX-License-Identifier: BSD-3-Clause
#include "codec/tiles/tile_decoder.h"

#include <algorithm>
#include <string>

#include "codec/metadata/chunk_store.h"
#include "codec/metadata/shown_colours.h"
#include "codec/options/region.h"
#include "codec/tiles/tile_modes.h"
#include "codec/tiles/tile_payload.h"

namespace flowzip {
namespace {

void CheckPixels(const Image& image, const Rect& rect, uint64_t tile,
                 std::optional<uint32_t> checksum) {
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  Require(!checksum || PixelChecksum(image, rect, tile) == checksum, ErrorCode::kCorrupt,
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

// Copies what `tile` (at `from` in the reduced picture) and the picture (at `to`) share; by `map`,
// if there is one, of whose ranks the tile is.
void CopyOverlap(const Image& tile, const Rect& from, const Rect& to,
                 const std::optional<ValueMap>& map, Image* image) {
  const uint32_t left = std::max(from.x, to.x), top = std::max(from.y, to.y);
  const uint32_t right = std::min(from.x + from.width, to.x + to.width),
                 bottom = std::min(from.y + from.height, to.y + to.height);
  if (left >= right || top >= bottom) return;
  if (map) {
    const Rect part{left - from.x, top - from.y, right - left, bottom - top};
    return FromRanks(tile, part, *map, left - to.x, top - to.y, image);
  }
  for (uint32_t y = top; y < bottom; ++y) {
    std::copy_n(tile.At(left - from.x, y - from.y), (right - left) * tile.pixel_bytes(),
                image->At(left - to.x, y - to.y));
  }
}

// An image of that kind, without size and samples; with metadata, which may take a second to
// unpack, only if it is wanted.
Image EmptyImage(const FileInfo& info, const std::optional<Image>& shown, bool with_chunks) {
  Image image = KindOf(info);
  if (with_chunks) {
    RestoreChunks(info, shown, &image);
  } else {
    image.max_value = static_cast<uint16_t>(StoredMaxValue(info));
  }
  return image;
}

bool Contains(const Rect& whole, const Rect& part) {
  return part.x >= whole.x && part.y >= whole.y && part.x + part.width <= whole.x + whole.width &&
         part.y + part.height <= whole.y + whole.height;
}

void Resize(uint32_t width, uint32_t height, Image* image) {
  image->width = width;
  image->height = height;
  image->samples.resize(image->row_bytes() * height);
}

}  // namespace

TileDecoder::TileDecoder(const FileInfo& info, const DecodeOptions& options, const Rect& region)
    : info_(info),
      options_(options),
      model_(ModelOf(info, options)),
      whole_(region.width == info.width && region.height == info.height && options.scale_log2 == 0),
      target_(DecodedRect(info, options)),
      map_(RestoreValues(info)),
      shown_(RestoreColours(info)),
      image_(EmptyImage(info, shown_, !options.to_pixels)) {
  Require(options.recovery == nullptr || whole_, ErrorCode::kInvalidArgument,
          "only whole pictures are recovered");
  if (!whole_ || map_) like_ = image_;
  if (map_) {
    for (const auto& values : map_->values) {
      Require(values.back() <= image_.largest(), ErrorCode::kCorrupt, "value out of range");
    }
    like_.bit_depth = map_->bit_depth;
    like_.max_value = 0;
  }
  if (options.to_pixels) {
    image_.width = target_.width;
    image_.height = target_.height;
    image_.outside = options.pixels;
    image_.outside_stride = options.stride;
  } else {
    Resize(target_.width, target_.height, &image_);
  }
}

bool TileDecoder::Wanted(const Rect& rect) const {
  const Rect reduced = Reduced(rect, options_.scale_log2);
  return reduced.x < target_.x + target_.width && target_.x < reduced.x + reduced.width &&
         reduced.y < target_.y + target_.height && target_.y < reduced.y + reduced.height;
}

void TileDecoder::Decode(uint64_t tile, const std::optional<TileBlock>& block, ThreadPool& pool,
                         Account& account) {
  if (options_.recovery == nullptr) {
    InTile(tile, [&] { DecodeBlock(tile, *block, pool, account); });
    return;
  }
  const Rect rect = info_.TileRect(tile);
  if (!block) return FillLost(rect);
  try {
    DecodeBlock(tile, *block, pool, account);
  } catch (const Error& error) {
    const std::lock_guard lock(mutex_);
    LoseTile(info_, tile, error.what(), *options_.recovery);
    FillLost(rect);
    account.stats = {};
  }
}

void TileDecoder::DecodeBlock(uint64_t tile, const TileBlock& block, ThreadPool& pool,
                              Account& account) {
  if (shown_) return TakeShown(tile, block, account);
  Require(model_ != nullptr || !NeedsModel(block.payload), ErrorCode::kCorrupt,
          "needs a model, but the header names none");
  Require(info_.adaptive || !IsAdaptive(block.payload), ErrorCode::kCorrupt,
          "adaptive, but the header says that no tile is");
  Require(info_.is_whole() == IsDeflated(block.payload), ErrorCode::kCorrupt,
          "tile of a mode that cannot be");
  const Rect rect = info_.TileRect(tile);
  if (whole_ && !map_) {
    DecodePayload(block.payload, {&image_, rect, pool, model_}, account);
    CheckPixels(image_, rect, tile, block.pixel_checksum);
    return;
  }
  const Rect reduced = Reduced(rect, options_.scale_log2);
  Image part = like_;
  const bool in_place = !map_ && options_.scale_log2 == 0 && Contains(target_, rect);
  if (in_place) {
    part.width = rect.width;
    part.height = rect.height;
    part.outside = image_.At(rect.x - target_.x, rect.y - target_.y);
    part.outside_stride = image_.stride();
  } else {
    Resize(reduced.width, reduced.height, &part);
  }
  const Rect all = {0, 0, rect.width, rect.height};
  if (options_.scale_log2 == 0) {
    DecodePayload(block.payload, {&part, all, pool, model_}, account);
    CheckPixels(part, all, tile, block.pixel_checksum);
  } else {
    DecodeReduced(block.payload, {&part, rect, pool, model_}, options_.scale_log2);
  }
  if (!in_place) CopyOverlap(part, reduced, target_, map_, &image_);
}

void TileDecoder::TakeShown(uint64_t tile, const TileBlock& block, Account& account) {
  Require(block.payload.empty(), ErrorCode::kCorrupt, "tile of a mode that cannot be");
  CheckPixels(*shown_, info_.TileRect(tile), tile, block.pixel_checksum);
  for (uint32_t y = 0; y < target_.height; ++y) {
    for (uint32_t x = 0; x < target_.width; ++x) {
      *image_.At(x, y) = *shown_->At((target_.x + x) << options_.scale_log2,
                                     (target_.y + y) << options_.scale_log2);
    }
  }
  if (account.counts) account.stats.mode_tiles[static_cast<size_t>(TileMode::kContexts)] = 1;
}

// A middle gray; the first colour of a palette.
void TileDecoder::FillLost(const Rect& rect) {
  FillGray(rect, image_);
  if (!image_.indexed) return;
  for (uint32_t y = rect.y; y < rect.y + rect.height; ++y) {
    std::fill_n(image_.At(rect.x, y), rect.width, uint8_t{0});
  }
}

}  // namespace flowzip
