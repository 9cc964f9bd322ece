// SPDX-License-Identifier: BSD-3-Clause
#include "codec/planes/tile_planes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "codec/filters/fit_filters.h"

namespace flowzip {
namespace {

// A row of each channel, as lifting has them: of any size on the way.
class LiftingRows {
 public:
  explicit LiftingRows(uint32_t width) : width_(width), samples_(size_t{width} * kChannels) {}
  std::array<int32_t*, kChannels> Rows() {
    return {samples_.data(), samples_.data() + width_, samples_.data() + 2 * size_t{width_}};
  }

 private:
  uint32_t width_;
  std::vector<int32_t> samples_;
};

// Green, red, blue. The inverse of itself.
void PutGreenFirst(std::array<int32_t*, kChannels>& rows) { std::swap(rows[0], rows[1]); }

const Lifting1x1& Lifting() {
  static const Lifting1x1 lifting = Lifting1x1::YCoCgR();
  return lifting;
}

void ReadPlanes(const Image& image, const Rect& rect, TilePlanes* tile) {
  const bool green_first = tile->colour.conversion == ColourConversion::kGreenFirst;
  const int colors = ColorChannels(image), width = static_cast<int>(rect.width);
  for (int c = 0; c < kChannels; ++c) {
    tile->planes[c] = NewRasterPlane(width, static_cast<int>(rect.height));
    if (c >= colors) tile->planes[c].Fill(0);
  }
  LiftingRows lifted(rect.width);
  for (uint32_t y = 0; y < rect.height; ++y) {
    const uint8_t* from = image.At(rect.x, rect.y + y);
    std::array<int32_t*, kChannels> rows = lifted.Rows();
    for (int x = 0; x < width; ++x, from += image.channels) {
      for (int c = 0; c < colors; ++c) rows[c][x] = from[c];
    }
    if (colors == 3) green_first ? PutGreenFirst(rows) : Lifting().Forward(rows, width);
    for (int c = 0; c < colors; ++c) {
      SampleRange range{rows[c][0], rows[c][0]};
      int16_t* to = tile->planes[c].Row(static_cast<int>(y));
      for (int x = 0; x < width; ++x) {
        range.min = std::min(range.min, rows[c][x]);
        range.max = std::max(range.max, rows[c][x]);
        to[x] = static_cast<int16_t>(rows[c][x]);
      }
      if (y == 0) tile->ranges[c] = range;
      tile->ranges[c].min = std::min(tile->ranges[c].min, range.min);
      tile->ranges[c].max = std::max(tile->ranges[c].max, range.max);
    }
  }
}

double EstimateBits(const TilePlanes& tile) {
  double bits = 0;
  std::array<RasterPlane, kChannels> planes = tile.planes;
  for (int c = 0; c < kChannels; ++c) {
    const SampleRange& range = tile.ranges[static_cast<size_t>(c)];
    ExtendPlane(planes[static_cast<size_t>(c)], range);
    if (!range.constant()) bits += EstimateFilterBits(RefsTo(planes.data(), c), c);
  }
  return bits;
}

void RecordColour(const RecoveredColour& colour, const Rect& rect, size_t bytes,
                  TileStats* stats) {
  if (stats == nullptr) return;
  ++stats->conversion_tiles[static_cast<size_t>(colour.conversion)];
  stats->colour_exceptions = colour.exceptions.size();
  stats->exception_bytes = bytes;
  stats->side_bits += static_cast<double>(colour.ExceptionBits(PixelCount(rect)));
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

bool AllConstant(const Ranges& ranges) {
  return std::all_of(ranges.begin(), ranges.end(),
                     [](const SampleRange& r) { return r.constant(); });
}

TilePlanes ReadTile(const Image& image, const Rect& rect, bool recover_colour, ByteWriter& head,
                    TileStats* stats) {
  TilePlanes tile;
  size_t exception_bytes = 0;
  const int colors = ColorChannels(image);
  if (recover_colour && image.channels == 3) {
    tile.colour = RecoveredColour::Recover(image, rect, kRasterBorder);
  }
  if (IsRecovered(tile.colour.conversion)) {
    tile.planes = std::move(tile.colour.planes);
    tile.ranges = FindRanges(tile.planes);
  } else {
    ReadPlanes(image, rect, &tile);
    if (colors == 3) {
      TilePlanes other;
      other.colour.conversion = ColourConversion::kGreenFirst;
      ReadPlanes(image, rect, &other);
      if (EstimateBits(other) < EstimateBits(tile)) tile = std::move(other);
    }
  }
  if (colors == 3) tile.colour.Write(PixelCount(rect), head, &exception_bytes);
  RecordColour(tile.colour, rect, exception_bytes, stats);
  for (int c = 0; c < colors; ++c) {
    const SampleRange& range = tile.ranges[c];
    head.PutSignedVarint(range.min);
    head.PutVarint(static_cast<uint64_t>(range.max - range.min));
  }
  return tile;
}

TilePlanes ReadHead(int channels, const Rect& rect, ByteReader& reader, TileStats* stats) {
  TilePlanes tile;
  size_t exception_bytes = 0;
  if (channels == 3) {
    tile.colour = RecoveredColour::Read(PixelCount(rect), reader, &exception_bytes);
  }
  tile.ranges = ReadRanges(reader, channels);
  tile.colour.CheckRanges(tile.ranges);
  RecordColour(tile.colour, rect, exception_bytes, stats);
  return tile;
}

void WriteTile(TilePlanes& tile, const Rect& rect, Image* image) {
  const int colors = ColorChannels(*image), width = static_cast<int>(rect.width);
  const bool converted = IsRecovered(tile.colour.conversion);
  const bool green_first = tile.colour.conversion == ColourConversion::kGreenFirst;
  if (converted) tile.colour.ToRgb(tile.planes);
  const int32_t max = (1 << image->bit_depth) - 1;
  LiftingRows lifted(rect.width);
  for (uint32_t y = 0; y < rect.height; ++y) {
    std::array<int32_t*, kChannels> rows = lifted.Rows();
    for (int c = 0; c < colors; ++c) {
      std::copy_n(tile.planes[c].Row(static_cast<int>(y)), width, rows[c]);
    }
    if (colors == 3 && !converted) {
      green_first ? PutGreenFirst(rows) : Lifting().Inverse(rows, width);
    }
    uint8_t* to = image->At(rect.x, rect.y + y);
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < colors; ++c) {
        const int32_t v = rows[c][x];
        Require(v >= 0 && v <= max, ErrorCode::kCorrupt, "sample out of range");
        to[c] = static_cast<uint8_t>(v);
      }
      to += image->channels;
    }
  }
}

}  // namespace flowzip
