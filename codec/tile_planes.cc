// SPDX-License-Identifier: BSD-3-Clause
#include "codec/tile_planes.h"

#include <algorithm>
#include <utility>

namespace flowzip {
namespace {

Planes ReadPlanes(const Lifting1x1& lifting, const Image& image, const Rect& rect) {
  const int colors = ColorChannels(image);
  Planes planes;
  for (int c = 0; c < kChannels; ++c) {
    planes[c] = IntPlane::Unset(static_cast<int>(rect.width), static_cast<int>(rect.height));
    if (c >= colors) planes[c].Fill(0);
  }
  for (uint32_t y = 0; y < rect.height; ++y) {
    const uint8_t* from = image.Row(rect.y + y) + size_t{rect.x} * image.channels;
    for (uint32_t x = 0; x < rect.width; ++x) {
      for (int c = 0; c < colors; ++c) planes[c].Row(y)[x] = from[c];
      from += image.channels;
    }
  }
  if (colors == 3) lifting.Forward(planes);
  return planes;
}

void RecordColour(const RecoveredColour& colour, double bits, size_t bytes, TileStats* stats) {
  if (stats == nullptr) return;
  ++stats->conversion_tiles[static_cast<size_t>(colour.conversion)];
  stats->colour_exceptions = colour.exceptions.size();
  stats->exception_bytes = bytes;
  stats->side_bits += bits;
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

TilePlanes ReadTile(const Lifting1x1& lifting, const Image& image, const Rect& rect,
                    bool recover_colour, bool orient, ByteWriter& head, TileStats* stats) {
  TilePlanes tile;
  double exception_bits = 0;
  size_t exception_bytes = 0;
  const int colors = ColorChannels(image);
  if (colors == 3) {
    if (recover_colour && image.channels == 3) tile.colour = RecoveredColour::Recover(image, rect);
    exception_bytes = tile.colour.Write(PixelCount(rect), head, &exception_bits);
  }
  RecordColour(tile.colour, exception_bits, exception_bytes, stats);
  tile.planes = tile.colour.conversion != ColourConversion::kNone
                    ? std::move(tile.colour.planes)
                    : ReadPlanes(lifting, image, rect);
  if (colors == 3 && orient) {
    tile.orientation = ChooseOrientation(tile.planes);
    Flip(tile.orientation, tile.planes);
    head.Put(tile.orientation.code());
  }
  tile.ranges = FindRanges(tile.planes);
  for (int c = 0; c < colors; ++c) {
    const SampleRange& range = tile.ranges[c];
    RequireSampleRange(range);
    head.PutSignedVarint(range.min);
    head.PutVarint(static_cast<uint64_t>(range.max - range.min));
  }
  return tile;
}

TilePlanes ReadHead(int channels, const Rect& rect, bool orient, ByteReader& reader,
                    TileStats* stats) {
  TilePlanes tile;
  if (channels == 3) {
    tile.colour = RecoveredColour::Read(PixelCount(rect), reader);
    if (orient) {
      const uint8_t code = reader.Get<uint8_t>();
      Require(code < Orientation::kCodes, ErrorCode::kCorrupt, "unknown orientation");
      tile.orientation = Orientation::FromCode(code);
    }
  }
  tile.ranges = ReadRanges(reader, channels);
  tile.colour.CheckRanges(tile.ranges);
  if (stats != nullptr) {
    ByteWriter again;
    double bits = 0;
    const size_t bytes = tile.colour.Write(PixelCount(rect), again, &bits);
    RecordColour(tile.colour, bits, bytes, stats);
  }
  return tile;
}

void WriteTile(const Lifting1x1& lifting, TilePlanes& tile, const Rect& rect, Image* image) {
  const int colors = ColorChannels(*image);
  if (tile.colour.conversion != ColourConversion::kNone) {
    tile.colour.ToRgb(tile.planes);
  } else if (colors == 3) {
    lifting.Inverse(tile.planes);
  }
  const int32_t max = (1 << image->bit_depth) - 1;
  for (uint32_t y = 0; y < rect.height; ++y) {
    uint8_t* to = image->Row(rect.y + y) + size_t{rect.x} * image->channels;
    for (uint32_t x = 0; x < rect.width; ++x) {
      for (int c = 0; c < colors; ++c) {
        const int32_t v = tile.planes[c].Row(y)[x];
        Require(v >= 0 && v <= max, ErrorCode::kCorrupt, "sample out of range");
        to[c] = static_cast<uint8_t>(v);
      }
      to += image->channels;
    }
  }
}

}  // namespace flowzip
