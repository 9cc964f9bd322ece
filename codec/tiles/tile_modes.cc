// SPDX-License-Identifier: BSD-3-Clause
#include "codec/tiles/tile_modes.h"

#include <algorithm>
#include <optional>

#include "codec/coders/raster/raster_tile.h"
#include "codec/coders/refined/refined_coder.h"
#include "codec/picture/sample_block.h"

namespace flowzip {
namespace {

Rect Whole(const Rect& rect) { return {0, 0, rect.width, rect.height}; }

LevelCodersFn LevelsOf(bool refined) { return refined ? &RefinedLevels::Make : &PlainLevels::Make; }

bool HasAlphaStream(TileMode mode) {
  return mode == TileMode::kFlowAlpha || mode == TileMode::kRefinedAlpha ||
         mode == TileMode::kRasterAlpha;
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
std::vector<uint8_t> EncodeAlpha(const Image& image, const Rect& rect, bool quick) {
  if (ForEachAlpha(image, rect, [](uint8_t first, uint8_t alpha) { return first == alpha; })) {
    return {};
  }
  const SampleBlock alpha = ReadBlock(image, rect, image.channels - 1);
  std::vector<uint8_t> bytes;
  if (quick) bytes = EncodeContextTile(alpha, {.candidates = kTries, .quick = true}, nullptr);
  return bytes.empty() ? EncodeContextTile(alpha, {.candidates = kTries}, nullptr) : bytes;
}

}  // namespace

const char* ModeName(TileMode mode) {
  switch (mode) {
    case TileMode::kRaw: return "raw";
    case TileMode::kConstant: return "constant";
    case TileMode::kFlow: return "flow";
    case TileMode::kContexts: return "contexts";
    case TileMode::kFlowAlpha: return "flow+alpha";
    case TileMode::kRefined: return "refined";
    case TileMode::kRefinedAlpha: return "refined+alpha";
    case TileMode::kRaster: return "raster";
    case TileMode::kRasterAlpha: return "raster+alpha";
  }
  return "unknown";
}

bool FlowTakes(const Image& image) {
  return image.bit_depth == 8 && !image.indexed && image.max_value == 0;
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
        EncodeContextTile(block, {plan.candidates, plan.quick, plan.copies},
                          pixel_bits != nullptr ? &bits : nullptr, worth);
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

// Mode and alpha stream, before what `colours` makes of the other channels.
template <class Fn>
std::vector<uint8_t> EncodeColours(TileMode mode, const Image& image, const Rect& rect,
                                   TileStats* stats, bool quick, const Fn& colours) {
  ByteWriter payload;
  payload.Put(static_cast<uint8_t>(mode));
  if (image.has_alpha()) {
    const std::vector<uint8_t> alpha = EncodeAlpha(image, rect, quick);
    payload.PutVarint(alpha.size());
    payload.PutBytes(alpha);
  }
  const size_t before = payload.size();
  payload.PutBytes(colours());
  if (stats != nullptr) {
    stats->other_bytes = before - 1;
    stats->mode_tiles[static_cast<size_t>(mode)] = 1;
  }
  return payload.Take();
}

}  // namespace

std::vector<uint8_t> EncodeWithFlow(const Model& model, const Image& image, const Rect& rect,
                                    ThreadPool& pool, TileStats* stats, PixelBits* pixel_bits,
                                    bool recover_colour, bool refined) {
  const TileMode mode = refined ? image.has_alpha() ? TileMode::kRefinedAlpha : TileMode::kRefined
                        : image.has_alpha() ? TileMode::kFlowAlpha
                                            : TileMode::kFlow;
  return EncodeColours(mode, image, rect, stats, /*quick=*/false, [&] {
    return EncodeFlowTile(model, image, rect, pool, stats, pixel_bits,
                          {recover_colour, LevelsOf(refined)});
  });
}

std::vector<uint8_t> EncodeWithRaster(const Image& image, const Rect& rect, ThreadPool& pool,
                                      TileStats* stats, PixelBits* pixel_bits, bool recover_colour,
                                      bool quick) {
  const TileMode mode = image.has_alpha() ? TileMode::kRasterAlpha : TileMode::kRaster;
  std::vector<uint8_t> payload = EncodeColours(mode, image, rect, stats, quick, [&] {
    return EncodeRasterTile(image, rect, pool, recover_colour, stats, pixel_bits);
  });
  if (stats != nullptr) stats->other_bytes = payload.size();
  return payload;
}

bool IsAboveRaw(ByteSpan payload, const Image& image, const Rect& rect) {
  const uint64_t bits =
      uint64_t{rect.width} * rect.height * static_cast<uint64_t>(image.channels * image.bit_depth);
  return payload.size() > 1 + (bits + 7) / 8;
}

bool AlphaIsLarge(ByteSpan payload) {
  return !payload.empty() && AlphaBytes(payload).value_or(0) * 4 > payload.size();
}

bool NeedsFlow(ByteSpan payload) {
  if (payload.empty()) return false;
  const auto mode = static_cast<TileMode>(payload[0]);
  return mode >= TileMode::kFlow && mode <= TileMode::kRefinedAlpha && mode != TileMode::kContexts;
}

bool IsRaster(ByteSpan payload) {
  if (payload.empty()) return false;
  const auto mode = static_cast<TileMode>(payload[0]);
  return mode == TileMode::kRaster || mode == TileMode::kRasterAlpha;
}

bool IsRefined(ByteSpan payload) {
  if (payload.empty()) return false;
  const auto mode = static_cast<TileMode>(payload[0]);
  return mode == TileMode::kRefined || mode == TileMode::kRefinedAlpha;
}

namespace {

// Everything but what the model or the raster coder made, for DecodePayload and DecodeReduced.
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
    case TileMode::kFlow:
    case TileMode::kRefined:
    case TileMode::kRaster:
      Require(FlowTakes(*image) && !image->has_alpha(), ErrorCode::kCorrupt,
              "tile of a mode that cannot be");
      return rest;
    case TileMode::kFlowAlpha:
    case TileMode::kRefinedAlpha:
    case TileMode::kRasterAlpha: {
      Require(FlowTakes(*image) && image->has_alpha(), ErrorCode::kCorrupt,
              "tile of a mode that cannot be");
      const uint64_t size = reader.GetVarint();
      Require(size <= reader.remaining(), ErrorCode::kCorrupt, "data end too early");
      if (size == 0) return reader.GetBytes(reader.remaining());  // see CopyAlpha
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

void CheckRefined(ByteSpan payload, const Model& model) {
  Require(!IsRefined(payload) || CanRefine(model), ErrorCode::kCorrupt,
          "tile of a mode that cannot be");
}

// Alpha that equals the first channel, once that is known.
void CopyAlpha(ByteSpan payload, const Rect& rect, Image* image) {
  if (AlphaBytes(payload) != 0) return;
  ForEachAlpha(*image, rect, [](uint8_t first, uint8_t& alpha) {
    alpha = first;
    return true;
  });
}

void Reduce(const Image& from, int scale_log2, Image* to) {
  for (uint32_t y = 0; y < to->height; ++y) {
    for (uint32_t x = 0; x < to->width; ++x) {
      std::copy_n(from.At(x << scale_log2, y << scale_log2), from.pixel_bytes(), to->At(x, y));
    }
  }
}

}  // namespace

void DecodePayload(const Model* model, ByteSpan payload, const Rect& rect, Image* image,
                   ThreadPool& pool, TileStats* stats, PixelBits* pixel_bits) {
  const ByteSpan rest = DecodeSimple(payload, rect, image);
  if (NeedsFlow(payload)) {
    CheckRefined(payload, *model);
    DecodeFlowTile(*model, rest, rect, LevelsOf(IsRefined(payload)), image, pool, stats,
                   pixel_bits);
    CopyAlpha(payload, rect, image);
  } else if (IsRaster(payload)) {
    DecodeRasterTile(rest, rect, image, stats);
    CopyAlpha(payload, rect, image);
  }
  if (stats != nullptr) {
    stats->other_bytes = NeedsFlow(payload) ? payload.size() - rest.size() - 1 : payload.size();
    stats->mode_tiles[payload[0]] = 1;
  }
}

void DecodeReduced(const Model* model, ByteSpan payload, const Rect& rect, int scale_log2,
                   Image* small, ThreadPool& pool) {
  Image full = *small;
  full.width = rect.width;
  full.height = rect.height;
  const bool flow_only = NeedsFlow(payload) && !HasAlphaStream(static_cast<TileMode>(payload[0]));
  if (!flow_only) full.samples.assign(full.row_bytes() * full.height, 0);
  const ByteSpan rest = DecodeSimple(payload, Whole(rect), &full);
  if (IsRaster(payload)) {
    DecodeRasterTile(rest, Whole(rect), &full, nullptr);
    CopyAlpha(payload, Whole(rect), &full);
  }
  if (!flow_only) Reduce(full, scale_log2, small);
  if (!NeedsFlow(payload)) return;
  CheckRefined(payload, *model);
  if (CanReduceFlowTile(rest, full)) {
    DecodeFlowTileReduced(*model, rest, rect, LevelsOf(IsRefined(payload)), scale_log2, small,
                          pool);
    CopyAlpha(payload, {0, 0, small->width, small->height}, small);
    return;
  }
  full.samples.resize(full.row_bytes() * full.height);
  DecodeFlowTile(*model, rest, Whole(rect), LevelsOf(IsRefined(payload)), &full, pool, nullptr);
  CopyAlpha(payload, Whole(rect), &full);
  Reduce(full, scale_log2, small);
}

}  // namespace flowzip
