// SPDX-License-Identifier: BSD-3-Clause
#include "codec/tile_codec.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "codec/level_coder.h"
#include "codec/recovered_colour.h"
#include "codec/refined_coder.h"
#include "model/factor_out.h"
#include "model/levels.h"
#include "model/orientation.h"
#include "model/squeeze.h"
#include "rans/escape.h"

namespace flowzip {
namespace {

using Planes = std::array<IntPlane, kChannels>;
using Ranges = std::array<SampleRange, kChannels>;

// Samples after the lifting must fit this; it keeps every filter sum inside int32
// (2 * kMaxFilterNorm * kMaxSample < 2^31).
constexpr int32_t kMaxSample = 1023;
constexpr int kBaseOrder = 4;  // Exp-Golomb order of the base's differences

// Alpha, the last of two or four channels, is not the model's affair.
int ColorChannels(const Image& image) { return image.channels >= 3 ? 3 : 1; }
uint64_t PixelCount(const Rect& rect) { return uint64_t{rect.width} * rect.height; }

Planes ReadPlanes(const Model& model, const Image& image, const Rect& rect) {
  const int colors = ColorChannels(image);
  Planes planes;
  for (IntPlane& plane : planes) {
    plane = IntPlane(static_cast<int>(rect.width), static_cast<int>(rect.height));
  }
  for (uint32_t y = 0; y < rect.height; ++y) {
    const uint8_t* from =
        image.samples.data() + (rect.y + y) * image.row_bytes() + size_t{rect.x} * image.channels;
    for (uint32_t x = 0; x < rect.width; ++x) {
      for (int c = 0; c < colors; ++c) planes[c].Row(y)[x] = from[c];
      from += image.channels;
    }
  }
  if (colors == 3) model.lifting.Forward(planes);
  return planes;
}

void WritePlanes(const Model& model, const RecoveredColour& colour, Planes& planes,
                 const Rect& rect, Image* image) {
  const int colors = ColorChannels(*image);
  if (colour.conversion != ColourConversion::kNone) {
    colour.ToRgb(planes);
  } else if (colors == 3) {
    model.lifting.Inverse(planes);
  }
  const int32_t max = (1 << image->bit_depth) - 1;
  for (uint32_t y = 0; y < rect.height; ++y) {
    uint8_t* to = image->samples.data() + (rect.y + y) * image->row_bytes() +
                  size_t{rect.x} * image->channels;
    for (uint32_t x = 0; x < rect.width; ++x) {
      for (int c = 0; c < colors; ++c) {
        const int32_t v = planes[c].Row(y)[x];
        Require(v >= 0 && v <= max, ErrorCode::kCorrupt, "sample out of range");
        to[c] = static_cast<uint8_t>(v);
      }
      to += image->channels;
    }
  }
}

bool AllConstant(const Ranges& ranges) {
  return std::all_of(ranges.begin(), ranges.end(),
                     [](const SampleRange& r) { return r.constant(); });
}

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
    base[c] = IntPlane(size.width, size.height);
    base[c].Fill(ranges[c].min);
  }
  RansStack stack = RansStack::FromBytes(bytes, /*lanes=*/1);
  ForEachBaseSample(size, ranges, [&](int c, int x, int y, int32_t previous) {
    const int64_t v = int64_t{previous} + UnZigZag(PopExpGolomb(stack, kBaseOrder));
    Require(v >= ranges[c].min && v <= ranges[c].max, ErrorCode::kCorrupt,
            "sample outside its declared range");
    return base[c].At(x, y) = static_cast<int32_t>(v);
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

void RecordColour(const RecoveredColour& colour, double bits, size_t bytes, TileStats* stats) {
  if (stats == nullptr) return;
  ++stats->conversion_tiles[static_cast<size_t>(colour.conversion)];
  stats->colour_exceptions = colour.exceptions.size();
  stats->exception_bytes = bytes;
  stats->side_bits += bits;
}

void ResetStats(int levels, TileStats* stats) {
  if (stats == nullptr) return;
  *stats = {};
  stats->level_channel_bits.resize(levels + 1);
  stats->level_bytes.resize(levels + 1);
}

Ranges ReadRanges(ByteReader& reader, int channels) {
  Ranges ranges;
  for (int c = 0; c < channels; ++c) {
    const int64_t min = reader.GetSignedVarint();
    const uint64_t span = reader.GetVarint();
    Require(min >= -kMaxSample && min <= kMaxSample && span <= 2 * kMaxSample &&
                min + static_cast<int64_t>(span) <= kMaxSample,
            ErrorCode::kCorrupt, "sample range out of bounds");
    ranges[c] = {static_cast<int32_t>(min), static_cast<int32_t>(min + static_cast<int64_t>(span))};
  }
  return ranges;
}

}  // namespace

std::vector<uint8_t> EncodeTile(const Model& model, const Image& image, const Rect& rect,
                                ThreadPool& pool, TileStats* stats, PixelBits* pixel_bits,
                                const FlowOptions& options) {
  ByteWriter head;
  RecoveredColour colour;
  double exception_bits = 0;
  size_t exception_bytes = 0;
  const int colors = ColorChannels(image);
  if (colors == 3) {
    if (options.recover_colour && image.channels == 3) colour = RecoveredColour::Recover(image, rect);
    exception_bytes = colour.Write(PixelCount(rect), head, &exception_bits);
  }
  Planes planes = colour.conversion != ColourConversion::kNone ? std::move(colour.planes)
                                                               : ReadPlanes(model, image, rect);
  Orientation orientation;
  if (colors == 3) {
    orientation = ChooseOrientation(planes);
    Flip(orientation, planes);
    head.Put(orientation.code());
  }
  const Ranges ranges = FindRanges(planes);
  for (int c = 0; c < colors; ++c) {
    Require(ranges[c].min >= -kMaxSample && ranges[c].max <= kMaxSample,
            ErrorCode::kInvalidArgument, "the model's lifting widens samples too much");
    head.PutSignedVarint(ranges[c].min);
    head.PutVarint(static_cast<uint64_t>(ranges[c].max - ranges[c].min));
  }
  std::vector<LevelPlanes> levels = MakeLevels(planes);
  const int count = static_cast<int>(levels.size());
  if (count > 0) planes = {};  // no longer needed
  ResetStats(count, stats);
  RecordColour(colour, exception_bits, exception_bytes, stats);
  if (AllConstant(ranges)) return head.Take();

  const std::vector<uint8_t> base = EncodeBase(count > 0 ? levels.back().x[kA] : planes, ranges,
                                               stats, {pixel_bits, rect.x, rect.y, count});
  head.PutVarint(base.size());
  head.PutBytes(base);

  const TapSet taps(model.radii);
  std::optional<RefinedState> refined;
  if (options.refined) refined.emplace(PixelCount(rect) * static_cast<size_t>(colors));
  Planes coarse;
  for (int l = count - 1; l >= 0; --l) {
    LevelPlanes& level = levels[l];
    const LevelLedger ledger{stats != nullptr, {pixel_bits, rect.x, rect.y, l}};
    std::unique_ptr<LevelSink> encoder;
    if (refined) {
      encoder = std::make_unique<RefinedEncoder>(*refined, level, l, ledger);
    } else {
      encoder = std::make_unique<LevelEncoder>(level.size, pool, ledger, Borrowing(model, ranges));
    }
    FilterSet filters = model.ForLevel(l).filters;
    if (l < model.adaptive_levels) {
      const FilterCodes codes = FitFilters(level, taps, filters, ranges, pool);
      encoder->PutFilters(codes, ranges);
      filters = ApplyCodes(filters, codes);
    }
    FactorOut(model, l, level, coarse, filters, taps, ranges, pool,
              [&](const ChannelPass& pass) { encoder->Put(pass); });
    const size_t before = head.size();
    const std::vector<std::vector<uint8_t>> streams = encoder->Finish();
    for (const auto& stream : streams) head.PutVarint(stream.size());
    for (const auto& stream : streams) head.PutBytes(stream);
    RecordLevel(encoder->channel_bits(), encoder->side_bits(), head.size() - before, l, stats);
    coarse = AssembleResiduals(level);
    levels.pop_back();
  }
  if (pixel_bits != nullptr) pixel_bits->Flip(rect, orientation.flip_x, orientation.flip_y);
  return head.Take();
}

namespace {

// The tile's planes at level `stop`, 0 for all of it; at the base if that is coarser.
Planes DecodePlanes(const Model& model, ByteSpan payload, const Rect& rect, bool refined,
                    int channels, int stop, ThreadPool& pool, RecoveredColour* colour,
                    TileStats* stats, PixelBits* pixel_bits) {
  ByteReader reader(payload);
  Orientation orientation;
  if (channels == 3) {
    *colour = RecoveredColour::Read(PixelCount(rect), reader);
    const uint8_t code = reader.Get<uint8_t>();
    Require(code < Orientation::kCodes, ErrorCode::kCorrupt, "unknown orientation");
    orientation = Orientation::FromCode(code);
  }
  const Ranges ranges = ReadRanges(reader, channels);
  colour->CheckRanges(ranges);
  std::vector<LevelSize> sizes{{static_cast<int>(rect.width), static_cast<int>(rect.height)}};
  const int count = LevelCount(sizes[0].width, sizes[0].height);
  for (int l = 0; l < count; ++l) sizes.push_back(sizes.back().next());
  ResetStats(count, stats);
  if (stats != nullptr) {
    ByteWriter again;
    double bits = 0;
    const size_t bytes = colour->Write(PixelCount(rect), again, &bits);
    RecordColour(*colour, bits, bytes, stats);
  }

  Planes picture;
  if (AllConstant(ranges)) {
    const LevelSize& size = sizes[std::min(stop, count)];
    for (int c = 0; c < kChannels; ++c) {
      picture[c] = IntPlane(size.width, size.height);
      picture[c].Fill(ranges[c].min);
    }
  } else {
    const ByteSpan base = reader.GetBytes(reader.GetVarint());
    picture = DecodeBase(base, sizes[count], ranges);
    if (stats != nullptr || pixel_bits != nullptr) {
      EncodeBase(picture, ranges, stats, {pixel_bits, rect.x, rect.y, count});
    }
    const TapSet taps(model.radii);
    std::optional<RefinedState> state;
    if (refined) state.emplace(PixelCount(rect) * static_cast<size_t>(channels));
    Planes coarse;
    for (int l = count - 1; l >= stop; --l) {
      LevelPlanes level(sizes[l]);
      for (int c = 0; c < kChannels; ++c) {
        IntPlane& a = level.x[kA][c];
        for (int y = 0; y < a.height(); ++y) std::copy_n(picture[c].Row(y), a.width(), a.Row(y));
        a.ExtendBorder();
      }
      const size_t before = reader.position();
      std::vector<uint64_t> lengths(refined ? kRefinedStreams : BandCount(sizes[l]));
      for (uint64_t& length : lengths) length = reader.GetVarint();
      std::vector<ByteSpan> streams;
      for (const uint64_t length : lengths) streams.push_back(reader.GetBytes(length));
      const LevelLedger ledger{stats != nullptr, {pixel_bits, rect.x, rect.y, l}};
      std::unique_ptr<LevelSource> decoder;
      if (refined) {
        decoder = std::make_unique<RefinedDecoder>(*state, level, l, streams, ledger);
      } else {
        decoder = std::make_unique<LevelDecoder>(sizes[l], streams, pool, ledger,
                                                 Borrowing(model, ranges));
      }
      FilterSet filters = model.ForLevel(l).filters;
      if (l < model.adaptive_levels) {
        filters = ApplyCodes(filters, decoder->GetFilters(taps, ranges));
      }
      FactorOut(model, l, level, coarse, filters, taps, ranges, pool,
                [&](const ChannelPass& pass) { decoder->Get(pass); });
      decoder->CheckEnd();
      RecordLevel(decoder->channel_bits(), decoder->side_bits(), reader.position() - before, l,
                  stats);
      coarse = AssembleResiduals(level);
      for (int c = 0; c < kChannels; ++c) {
        picture[c] = IntPlane(sizes[l].width, sizes[l].height);
        for (int k = 0; k < kLattices; ++k) {
          UnsqueezeLattice(level.x[k][c], static_cast<Lattice>(k), picture[c]);
        }
      }
    }
  }
  Require(stop > 0 || reader.remaining() == 0, ErrorCode::kCorrupt, "tile has surplus bytes");
  Flip(orientation, picture);
  if (pixel_bits != nullptr) pixel_bits->Flip(rect, orientation.flip_x, orientation.flip_y);
  return picture;
}

}  // namespace

void DecodeTile(const Model& model, ByteSpan payload, const Rect& rect, bool refined,
                Image* image, ThreadPool& pool, TileStats* stats, PixelBits* pixel_bits) {
  RecoveredColour colour;
  Planes planes = DecodePlanes(model, payload, rect, refined, ColorChannels(*image), 0, pool,
                               &colour, stats, pixel_bits);
  WritePlanes(model, colour, planes, rect, image);
}

bool CanReduceTile(ByteSpan payload, const Image& image) {
  // No colour conversion, whose exceptions are known by pixel, and no flips, which move the
  // pixels wanted off the coarse lattice.
  return ColorChannels(image) == 1 ||
         (payload.size() >= 2 && payload[0] == uint8_t(ColourConversion::kNone) && payload[1] == 0);
}

void DecodeTileReduced(const Model& model, ByteSpan payload, const Rect& rect, bool refined,
                       int scale_log2, Image* small, ThreadPool& pool) {
  RecoveredColour colour;
  Planes planes = DecodePlanes(model, payload, rect, refined, ColorChannels(*small), scale_log2,
                               pool, &colour, nullptr, nullptr);
  // A tile with fewer levels ends at its base: every so many of its samples.
  const int step_log2 =
      scale_log2 - std::min(scale_log2, LevelCount(static_cast<int>(rect.width),
                                                   static_cast<int>(rect.height)));
  for (IntPlane& plane : planes) {
    IntPlane reduced(static_cast<int>(small->width), static_cast<int>(small->height));
    for (int y = 0; y < reduced.height(); ++y) {
      for (int x = 0; x < reduced.width(); ++x) {
        reduced.At(x, y) = plane.At(x << step_log2, y << step_log2);
      }
    }
    plane = std::move(reduced);
  }
  WritePlanes(model, colour, planes, {0, 0, small->width, small->height}, small);
}

}  // namespace flowzip
