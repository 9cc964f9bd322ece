// SPDX-License-Identifier: BSD-3-Clause
#include "codec/tiles/tile_modes.h"

#include <algorithm>
#include <optional>

#include "codec/coders/network/network_tile.h"
#include "codec/coders/raster/raster_tile.h"
#include "codec/picture/sample_block.h"

namespace flowzip {
namespace {

bool HasAlphaStream(TileMode mode) {
  return mode == TileMode::kRasterAlpha || mode == TileMode::kNetworkAlpha;
}

// What of a tile is booked as the model's.
uint64_t ModelBytes(const TileStats& stats) {
  uint64_t bytes = stats.exception_bytes;
  for (const uint64_t channel : stats.channel_bytes) bytes += channel;
  return bytes;
}

// Of the alpha stream of such a tile; none for others.
std::optional<uint64_t> AlphaBytes(ByteSpan payload) {
  if (!HasAlphaStream(static_cast<TileMode>(payload[0]))) return std::nullopt;
  return ByteReader(payload.subspan(1)).GetVarint();
}

// Calls fn(first channel, alpha) for every pixel, of 8 bits a sample, until it says false.
template <class ImageType, class Fn>
bool ForEachAlpha(ImageType& image, const Rect& rect, const Fn& fn) {
  for (uint32_t y = 0; y < rect.height; ++y) {
    auto* pixel = image.At(rect.x, rect.y + y);
    for (uint32_t x = 0; x < rect.width; ++x, pixel += image.channels) {
      if (!fn(pixel[0], pixel[image.channels - 1])) return false;
    }
  }
  return true;
}

// Alpha of a colour picture by contexts; nothing if it equals the first channel, as where a mask
// was made of a gray picture.
std::vector<uint8_t> EncodeAlpha(const Image& image, const Rect& rect) {
  if (image.bit_depth <= 8 &&
      ForEachAlpha(image, rect, [](uint8_t first, uint8_t alpha) { return first == alpha; })) {
    return {};
  }
  const SampleBlock alpha = ReadBlock(image, rect, image.channels - 1);
  return EncodeContextTile(alpha, kTries, nullptr);
}

}  // namespace

const char* ModeName(TileMode mode) {
  switch (mode) {
    case TileMode::kRaw: return "raw";
    case TileMode::kConstant: return "constant";
    case TileMode::kContexts: return "contexts";
    case TileMode::kRaster: return "raster";
    case TileMode::kRasterAlpha: return "raster+alpha";
    case TileMode::kNetwork: return "network";
    case TileMode::kNetworkAlpha: return "network+alpha";
  }
  return "unknown";
}

bool RasterTakes(const Image& image) {
  return image.bit_depth == 8 && !image.indexed && image.max_value == 0;
}

bool NetworkTakes(const Image& image) {
  return RasterTakes(image) || (image.bit_depth > 8 && !image.indexed);
}

std::vector<uint8_t> EncodeByContexts(const Image& image, const Rect& rect, const TilePlan& plan,
                                      TileStats* stats, PixelBits* pixel_bits,
                                      const WorthFn& worth) {
  ByteWriter payload;
  std::vector<float> bits;
  if (plan.by_contexts() && IsConstant(image, rect)) {
    const SampleBlock pixel = ReadBlock(image, {rect.x, rect.y, 1, 1});
    payload.Put(static_cast<uint8_t>(TileMode::kConstant));
    payload.PutBytes(PackRaw(pixel));
  } else if (plan.contexts) {
    const SampleBlock block = ReadBlock(image, rect);
    if (pixel_bits != nullptr) bits.assign(size_t{rect.width} * rect.height, 0);
    payload.Put(static_cast<uint8_t>(TileMode::kContexts));
    const std::vector<uint8_t> stream =
        EncodeContextTile(block, plan.candidates, pixel_bits != nullptr ? &bits : nullptr, worth);
    payload.PutBytes(stream);
    std::vector<uint8_t> raw = PackRaw(block);
    if (stream.empty() || raw.size() + 1 < payload.size()) {
      payload = {};
      payload.Put(static_cast<uint8_t>(TileMode::kRaw));
      payload.PutBytes(raw);
      std::fill(bits.begin(), bits.end(), static_cast<float>(block.channels * block.bit_depth));
    }
  } else {
    return {};
  }
  if (stats != nullptr) {
    *stats = {};
    stats->other_bytes = payload.size();
    stats->mode_tiles[payload.bytes()[0]] = 1;
  }
  if (pixel_bits != nullptr && !bits.empty()) pixel_bits->Add(rect, bits);
  return payload.Take();
}

namespace {

// Mode and alpha stream, then what `colours` makes of the other channels.
template <class Fn>
std::vector<uint8_t> EncodeColours(TileMode mode, const Image& image, const Rect& rect,
                                   TileStats* stats, const Fn& colours) {
  ByteWriter payload;
  payload.Put(static_cast<uint8_t>(mode));
  if (image.has_alpha()) {
    const std::vector<uint8_t> alpha = EncodeAlpha(image, rect);
    payload.PutVarint(alpha.size());
    payload.PutBytes(alpha);
  }
  payload.PutBytes(colours());
  if (stats != nullptr) {
    stats->other_bytes = payload.size() - ModelBytes(*stats);
    stats->mode_tiles[static_cast<size_t>(mode)] = 1;
  }
  return payload.Take();
}

}  // namespace

std::vector<uint8_t> EncodeWithNetwork(const Model& model, const Image& image, const Rect& rect,
                                       ThreadPool& pool, TileStats* stats, PixelBits* pixel_bits,
                                       bool recover_colour, bool adaptive) {
  const TileMode mode = image.has_alpha() ? TileMode::kNetworkAlpha : TileMode::kNetwork;
  return EncodeColours(mode, image, rect, stats, [&] {
    return EncodeNetworkTile(model.flow, image, rect, pool, recover_colour, adaptive, stats,
                             pixel_bits);
  });
}

std::vector<uint8_t> EncodeWithRaster(const Image& image, const Rect& rect, ThreadPool& pool,
                                      TileStats* stats, PixelBits* pixel_bits,
                                      bool recover_colour) {
  const TileMode mode = image.has_alpha() ? TileMode::kRasterAlpha : TileMode::kRaster;
  return EncodeColours(mode, image, rect, stats, [&] {
    return EncodeRasterTile(image, rect, pool, recover_colour, stats, pixel_bits);
  });
}

bool IsAboveRaw(ByteSpan payload, const Image& image, const Rect& rect) {
  const uint64_t bits =
      uint64_t{rect.width} * rect.height * static_cast<uint64_t>(image.channels * image.bit_depth);
  return payload.size() > 1 + (bits + 7) / 8;
}

bool AlphaIsLarge(ByteSpan payload) {
  return !payload.empty() && AlphaBytes(payload).value_or(0) * 4 > payload.size();
}

bool NeedsModel(ByteSpan payload) {
  if (payload.empty()) return false;
  const auto mode = static_cast<TileMode>(payload[0]);
  return mode == TileMode::kNetwork || mode == TileMode::kNetworkAlpha;
}

bool IsAdaptiveTile(ByteSpan payload) {
  if (!NeedsModel(payload)) return false;
  ByteReader reader(payload.subspan(1));
  if (static_cast<TileMode>(payload[0]) == TileMode::kNetworkAlpha) {
    const uint64_t alpha = reader.GetVarint();
    Require(alpha < reader.remaining(), ErrorCode::kTruncated, "data end too early");
    reader.GetBytes(static_cast<size_t>(alpha));
  }
  return IsAdaptive(reader.GetBytes(reader.remaining()));
}

namespace {

bool IsRaster(ByteSpan payload) {
  const auto mode = static_cast<TileMode>(payload[0]);
  return mode == TileMode::kRaster || mode == TileMode::kRasterAlpha;
}

bool Takes(TileMode mode, const Image& image) {
  return mode == TileMode::kNetwork || mode == TileMode::kNetworkAlpha ? NetworkTakes(image)
                                                                       : RasterTakes(image);
}

// Everything but what the network or the raster coder made.
// Returns what is left of the payload for them.
ByteSpan DecodeSimple(ByteSpan payload, const Rect& rect, Image* image) {
  ByteReader reader(payload);
  const auto mode = static_cast<TileMode>(reader.Get<uint8_t>());
  SampleBlock block;
  block.width = static_cast<int>(rect.width);
  block.height = static_cast<int>(rect.height);
  block.channels = image->channels;
  block.bit_depth = image->bit_depth;
  const ByteSpan rest = payload.subspan(1);
  switch (mode) {
    case TileMode::kRaw: UnpackRaw(rest, image->largest(), &block); break;
    case TileMode::kConstant: {
      SampleBlock pixel = block;
      pixel.width = pixel.height = 1;
      UnpackRaw(rest, image->largest(), &pixel);
      block.samples.reserve(block.count());
      for (size_t i = 0; i < size_t{rect.width} * rect.height; ++i) {
        block.samples.insert(block.samples.end(), pixel.samples.begin(), pixel.samples.end());
      }
      break;
    }
    case TileMode::kContexts: DecodeContextTile(rest, image->largest(), &block); break;
    case TileMode::kRaster:
    case TileMode::kNetwork:
      Require(Takes(mode, *image) && !image->has_alpha(), ErrorCode::kCorrupt,
              "tile of a mode that cannot be");
      return rest;
    case TileMode::kRasterAlpha:
    case TileMode::kNetworkAlpha: {
      Require(Takes(mode, *image) && image->has_alpha(), ErrorCode::kCorrupt,
              "tile of a mode that cannot be");
      const uint64_t size = reader.GetVarint();
      Require(size <= reader.remaining(), ErrorCode::kCorrupt, "data end too early");
      if (size == 0) {  // see CopyAlpha
        Require(image->bit_depth <= 8, ErrorCode::kCorrupt, "deep tile without alpha");
        return reader.GetBytes(reader.remaining());
      }
      block.channels = 1;
      DecodeContextTile(reader.GetBytes(static_cast<size_t>(size)), image->largest(), &block);
      WriteBlock(block, rect, image->channels - 1, image);
      return reader.GetBytes(reader.remaining());
    }
    default: throw Error(ErrorCode::kCorrupt, "tile of an unknown mode");
  }
  WriteBlock(block, rect, 0, image);
  return {};
}

// Alpha that equals the first channel, once that is known.
void CopyAlpha(ByteSpan payload, const Rect& rect, Image* image) {
  if (AlphaBytes(payload) != 0) return;
  ForEachAlpha(*image, rect, [](uint8_t first, uint8_t& alpha) {
    alpha = first;
    return true;
  });
}

}  // namespace

void DecodePayload(const Model* model, ByteSpan payload, const Rect& rect, Image* image,
                   ThreadPool& pool, TileStats* stats, PixelBits* pixel_bits) {
  const ByteSpan rest = DecodeSimple(payload, rect, image);
  if (NeedsModel(payload)) {
    DecodeNetworkTile(model->flow, rest, rect, image, pool, stats, pixel_bits);
  } else if (IsRaster(payload)) {
    DecodeRasterTile(rest, rect, image, stats);
  }
  CopyAlpha(payload, rect, image);
  if (stats != nullptr) {
    stats->other_bytes = payload.size() - ModelBytes(*stats);
    stats->mode_tiles[payload[0]] = 1;
  }
}

void DecodeReduced(const Model* model, ByteSpan payload, const Rect& rect, int scale_log2,
                   Image* small, ThreadPool& pool) {
  Image full = *small;
  full.width = rect.width;
  full.height = rect.height;
  full.samples.assign(full.row_bytes() * full.height, 0);
  DecodePayload(model, payload, {0, 0, rect.width, rect.height}, &full, pool, nullptr, nullptr);
  for (uint32_t y = 0; y < small->height; ++y) {
    for (uint32_t x = 0; x < small->width; ++x) {
      std::copy_n(full.At(x << scale_log2, y << scale_log2), full.pixel_bytes(), small->At(x, y));
    }
  }
}

}  // namespace flowzip
