// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/flow/flow_tile.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "codec/planes/tile_planes.h"
#include "model/factor_out.h"
#include "model/levels.h"
#include "model/squeeze.h"
#include "rans/escape.h"

namespace flowzip {
namespace {

constexpr PlaneNeeds kNeeds{.flips = true};
constexpr int kBaseOrder = 4;  // Exp-Golomb order of the base's differences

// Calls fn(channel, x, y, previous sample) over the base in coding order.
template <class Fn>
void ForEachBaseSample(const LevelSize& size, const Ranges& ranges, const Fn& fn) {
  for (int c = 0; c < kChannels; ++c) {
    if (ranges[c].constant()) continue;
    int32_t previous = (ranges[c].min + ranges[c].max) >> 1;
    for (int y = 0; y < size.height; ++y) {
      for (int x = 0; x < size.width; ++x) previous = fn(c, x, y, previous);
    }
  }
}

std::vector<uint8_t> EncodeBase(const Planes& base, const Ranges& ranges, TileStats* stats,
                                const PixelBitsView& view) {
  SymbolLog log;
  std::array<double, 4> bits{};
  const bool count = stats != nullptr || view.map != nullptr;
  const LevelSize size{base[0].width(), base[0].height()};
  ForEachBaseSample(size, ranges, [&](int c, int x, int y, int32_t previous) {
    const int32_t v = base[c].At(x, y);
    const double before = count ? log.IdealBits() : 0;
    log.AddExpGolomb(ZigZag(v - previous), kBaseOrder);
    if (count) {
      const double spent = log.IdealBits() - before;
      bits[c] += spent;
      if (view.map != nullptr) view.map->bits[view.Index(x, y)] += static_cast<float>(spent);
      if (view.map != nullptr && view.map->with_detail) {
        view.map->channel[c].bits[view.Index(x, y)] = static_cast<float>(spent);
      }
    }
    return v;
  });
  std::vector<uint8_t> stream = log.EncodeAll(/*lanes=*/1);
  if (stats != nullptr) {
    stats->level_channel_bits.back() = bits;
    stats->level_bytes.back() = stream.size();
  }
  return stream;
}

Planes DecodeBase(ByteSpan bytes, const LevelSize& size, const Ranges& ranges) {
  Planes base;
  for (int c = 0; c < kChannels; ++c) {
    base[c] = SitePlane(size.width, size.height);
    base[c].Fill(static_cast<int16_t>(ranges[c].min));
  }
  RansStack stack = RansStack::FromBytes(bytes, /*lanes=*/1);
  ForEachBaseSample(size, ranges, [&](int c, int x, int y, int32_t previous) {
    const int64_t v = int64_t{previous} + UnZigZag(PopExpGolomb(stack, kBaseOrder));
    Require(v >= ranges[c].min && v <= ranges[c].max, ErrorCode::kCorrupt,
            "sample outside its declared range");
    return base[c].At(x, y) = static_cast<int16_t>(v);
  });
  stack.CheckEnd();
  return base;
}

FilterSet ApplyCodes(const FilterSet& defaults, const FilterCodes& codes) {
  FilterSet filters;
  for (int g = 0; g < kGroups; ++g) {
    for (int c = 0; c < kChannels; ++c) filters[g][c] = ApplyCode(defaults[g][c], codes[g][c]);
  }
  return filters;
}

void RecordLevel(const ChannelBits& bits, double side_bits, size_t bytes, int level,
                 TileStats* stats) {
  if (stats == nullptr) return;
  std::copy(bits.begin(), bits.end(), stats->level_channel_bits[level].begin());
  stats->side_bits += side_bits;
  stats->level_bytes[level] = bytes;
}

// The finest level's network and log of symbols take most of a tile's memory: only half of the
// threads may code one. (Refined tiles, where one thread does nearly all, would wait.)
template <class Fn>
void InTurnIfLarge(ThreadPool& pool, const Rect& rect, int level, bool parallel, const Fn& code) {
  constexpr uint64_t kManyPixels = 1 << 18;
  if (level == 0 && parallel && PixelCount(rect) >= kManyPixels) {
    pool.RunInTurn(code);
  } else {
    code();
  }
}

void ResetStats(int levels, TileStats* stats) {
  if (stats == nullptr) return;
  *stats = {};
  stats->level_channel_bits.resize(levels + 1);
  stats->level_bytes.resize(levels + 1);
}

}  // namespace

std::vector<uint8_t> EncodeFlowTile(const Model& model, const Image& image, const Rect& rect,
                                    ThreadPool& pool, TileStats* stats, PixelBits* pixel_bits,
                                    const FlowOptions& options) {
  ByteWriter head;
  const int colors = ColorChannels(image);
  ResetStats(LevelCount(static_cast<int>(rect.width), static_cast<int>(rect.height)), stats);
  TilePlanes tile =
      ReadTile(model.lifting, image, rect, options.recover_colour, kNeeds, head, stats);
  const Ranges& ranges = tile.ranges;
  if (AllConstant(ranges)) return head.Take();
  std::vector<LevelPlanes> levels = MakeLevels(tile.planes);
  const int count = static_cast<int>(levels.size());
  if (count > 0) tile.planes = {};  // no longer needed

  const PixelBitsView view{pixel_bits, rect.x, rect.y, count};
  const std::vector<uint8_t> base = count > 0 ? EncodeBase(levels.back().x[kA], ranges, stats, view)
                                              : EncodeBase(tile.planes, ranges, stats, view);
  head.PutVarint(base.size());
  head.PutBytes(base);

  const TapSet taps(model.radii);
  const std::unique_ptr<LevelCoders> coders =
      options.levels(model, PixelCount(rect) * static_cast<size_t>(colors), ranges, pool);
  std::array<SitePlane, kChannels> coarse;
  for (int l = count - 1; l >= 0; --l) {
    LevelPlanes& level = levels[l];
    const LevelLedger ledger{stats != nullptr, {pixel_bits, rect.x, rect.y, l}};
    FilterSet filters = model.ForLevel(l).filters;
    std::optional<FilterCodes> codes;
    if (l < model.adaptive_levels) {
      codes = FitFilters(level, taps, filters, ranges, pool);
      filters = ApplyCodes(filters, *codes);
    }
    const auto code_level = [&] {
      const std::unique_ptr<LevelSink> encoder = coders->Sink(level, l, ledger);
      if (codes) encoder->PutFilters(*codes, ranges);
      FactorOut(model, l, level, coarse, filters, taps, ranges, pool,
                [&](const ChannelPass& pass) { encoder->Put(pass); });
      const size_t before = head.size();
      const std::vector<std::vector<uint8_t>> streams = encoder->Finish();
      for (const auto& stream : streams) head.PutVarint(stream.size());
      for (const auto& stream : streams) head.PutBytes(stream);
      RecordLevel(encoder->channel_bits(), encoder->side_bits(), head.size() - before, l, stats);
    };
    InTurnIfLarge(pool, rect, l, coders->parallel(), code_level);
    if (l > 0) coarse = AssembleResiduals(level);
    levels.pop_back();
  }
  if (pixel_bits != nullptr) {
    pixel_bits->Flip(rect, tile.orientation.flip_x, tile.orientation.flip_y);
  }
  return head.Take();
}

namespace {

// The tile, its planes at level `stop`, 0 for all of it; at the base if that is coarser.
TilePlanes DecodePlanes(const Model& model, ByteSpan payload, const Rect& rect,
                        const LevelCodersFn& levels, int channels, int stop, ThreadPool& pool,
                        TileStats* stats, PixelBits* pixel_bits) {
  ByteReader reader(payload);
  ResetStats(LevelCount(static_cast<int>(rect.width), static_cast<int>(rect.height)), stats);
  TilePlanes tile = ReadHead(channels, rect, kNeeds, reader, stats);
  const Ranges& ranges = tile.ranges;
  std::vector<LevelSize> sizes{{static_cast<int>(rect.width), static_cast<int>(rect.height)}};
  const int count = LevelCount(sizes[0].width, sizes[0].height);
  for (int l = 0; l < count; ++l) sizes.push_back(sizes.back().next());
  Planes& picture = tile.planes;
  if (AllConstant(ranges)) {
    const LevelSize& size = sizes[std::min(stop, count)];
    for (int c = 0; c < kChannels; ++c) {
      picture[c] = SitePlane(size.width, size.height);
      picture[c].Fill(static_cast<int16_t>(ranges[c].min));
    }
  } else {
    const ByteSpan base = reader.GetBytes(reader.GetVarint());
    picture = DecodeBase(base, sizes[count], ranges);
    if (stats != nullptr || pixel_bits != nullptr) {
      EncodeBase(picture, ranges, stats, {pixel_bits, rect.x, rect.y, count});
    }
    const TapSet taps(model.radii);
    const std::unique_ptr<LevelCoders> coders =
        levels(model, PixelCount(rect) * static_cast<size_t>(channels), ranges, pool);
    std::array<SitePlane, kChannels> coarse;
    for (int l = count - 1; l >= stop; --l) {
      LevelPlanes level(sizes[l]);
      for (int c = 0; c < kChannels; ++c) {
        SitePlane& a = level.x[kA][c];
        for (int y = 0; y < a.height(); ++y) std::copy_n(picture[c].Row(y), a.width(), a.Row(y));
        a.ExtendBorder();
      }
      const size_t before = reader.position();
      std::vector<uint64_t> lengths(coders->streams(sizes[l]));
      for (uint64_t& length : lengths) length = reader.GetVarint();
      std::vector<ByteSpan> streams;
      for (const uint64_t length : lengths) streams.push_back(reader.GetBytes(length));
      const LevelLedger ledger{stats != nullptr, {pixel_bits, rect.x, rect.y, l}};
      const std::unique_ptr<LevelSource> decoder = coders->Source(level, l, streams, ledger);
      FilterSet filters = model.ForLevel(l).filters;
      if (l < model.adaptive_levels) {
        filters = ApplyCodes(filters, decoder->GetFilters(taps, ranges));
      }
      InTurnIfLarge(pool, rect, l, coders->parallel(), [&] {
        FactorOut(model, l, level, coarse, filters, taps, ranges, pool,
                  [&](const ChannelPass& pass) { decoder->Get(pass); });
      });
      decoder->CheckEnd();
      RecordLevel(decoder->channel_bits(), decoder->side_bits(), reader.position() - before, l,
                  stats);
      if (l > stop) coarse = AssembleResiduals(level);
      for (int c = 0; c < kChannels; ++c) {
        picture[c] = SitePlane(sizes[l].width, sizes[l].height);
        for (int k = 0; k < kLattices; ++k) {
          UnsqueezeLattice(level.x[k][c], static_cast<Lattice>(k), picture[c]);
        }
      }
    }
  }
  Require(stop > 0 || reader.remaining() == 0, ErrorCode::kCorrupt, "tile has surplus bytes");
  Flip(tile.orientation, picture);
  if (pixel_bits != nullptr) {
    pixel_bits->Flip(rect, tile.orientation.flip_x, tile.orientation.flip_y);
  }
  return tile;
}

}  // namespace

void DecodeFlowTile(const Model& model, ByteSpan payload, const Rect& rect,
                    const LevelCodersFn& levels, Image* image, ThreadPool& pool, TileStats* stats,
                    PixelBits* pixel_bits) {
  TilePlanes tile =
      DecodePlanes(model, payload, rect, levels, ColorChannels(*image), 0, pool, stats, pixel_bits);
  WriteTile(model.lifting, tile, rect, image);
}

bool CanReduceFlowTile(ByteSpan payload, const Image& image) {
  // No colour conversion, whose exceptions are known by pixel, and no flips, which move the
  // pixels wanted off the coarse lattice.
  return ColorChannels(image) == 1 ||
         (payload.size() >= 2 && payload[0] == uint8_t(ColourConversion::kNone) && payload[1] == 0);
}

void DecodeFlowTileReduced(const Model& model, ByteSpan payload, const Rect& rect,
                           const LevelCodersFn& levels, int scale_log2, Image* small,
                           ThreadPool& pool) {
  TilePlanes tile = DecodePlanes(model, payload, rect, levels, ColorChannels(*small), scale_log2,
                                 pool, nullptr, nullptr);
  // A tile with fewer levels ends at its base: every so many of its samples.
  const int step_log2 =
      scale_log2 -
      std::min(scale_log2, LevelCount(static_cast<int>(rect.width), static_cast<int>(rect.height)));
  for (SitePlane& plane : tile.planes) {
    SitePlane reduced(static_cast<int>(small->width), static_cast<int>(small->height));
    for (int y = 0; y < reduced.height(); ++y) {
      for (int x = 0; x < reduced.width(); ++x) {
        reduced.At(x, y) = plane.At(x << step_log2, y << step_log2);
      }
    }
    plane = std::move(reduced);
  }
  WriteTile(model.lifting, tile, {0, 0, small->width, small->height}, small);
}

}  // namespace flowzip
