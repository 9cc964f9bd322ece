// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/raster/raster_tile.h"

#include <utility>

#include "codec/coders/raster/raster_coder.h"
#include "codec/planes/tile_planes.h"

namespace flowzip {
namespace {

static_assert(kMaxRasterSample == kMaxSample);

}  // namespace

std::vector<uint8_t> EncodeRasterTile(const Image& image, const Rect& rect, ThreadPool& pool,
                                      bool recover_colour, TileStats* stats,
                                      PixelBits* pixel_bits) {
  if (stats != nullptr) *stats = {};
  ByteWriter payload;
  TilePlanes tile = ReadTile(image, rect, recover_colour, payload, stats);
  if (AllConstant(tile.ranges)) return payload.Take();
  std::vector<float> bits(pixel_bits != nullptr ? PixelCount(rect) : 0);
  const int channels = ColorChannels(image);
  const auto streams =
      EncodeRaster(std::move(tile.planes), channels, ColoursOf(channels, tile.colour.conversion),
                   tile.ranges, pool, pixel_bits != nullptr ? &bits : nullptr);
  for (const std::vector<uint8_t>& stream : streams) {
    if (stream.empty()) continue;
    payload.PutVarint(stream.size());
    payload.PutBytes(stream);
  }
  if (pixel_bits != nullptr) pixel_bits->Add(rect, bits);
  return payload.Take();
}

void DecodeRasterTile(ByteSpan payload, const Rect& rect, Image* image, TileStats* stats) {
  if (stats != nullptr) *stats = {};
  ByteReader reader(payload);
  const int channels = ColorChannels(*image);
  TilePlanes tile = ReadHead(channels, rect, reader, stats);
  std::vector<ByteSpan> streams(kChannels);
  for (int c = 0; c < channels; ++c) {
    if (!tile.ranges[c].constant()) streams[c] = reader.GetBytes(reader.GetVarint());
  }
  Require(reader.remaining() == 0, ErrorCode::kCorrupt, "tile has surplus bytes");
  tile.planes =
      DecodeRaster(streams, channels, ColoursOf(channels, tile.colour.conversion), tile.ranges,
                   static_cast<int>(rect.width), static_cast<int>(rect.height));
  WriteTile(tile, rect, image);
}

namespace {

bool Takes(const Image& kind) { return kind.full_bytes(); }

std::vector<uint8_t> Encode(const TileSource& tile, Account& account) {
  return EncodeRasterTile(tile.image, tile.rect, tile.pool, tile.recover_colour,
                          account.wanted_stats(), account.pixels);
}

void Decode(ByteSpan payload, const TileTarget& tile, Account& account) {
  DecodeRasterTile(payload, tile.rect, tile.image, account.wanted_stats());
}

uint64_t Memory(const TileNeeds& tile) {
  const auto width = static_cast<uint64_t>(tile.width), height = static_cast<uint64_t>(tile.height);
  // Per sample: two bytes of its symbols, two of its contexts, and streams of up to two bytes,
  // which grow by doubling. With a border, two of the plane and of its magnitudes.
  const uint64_t samples = 3 * width * height, padded = (width + 32) * (height + 32);
  constexpr uint64_t kPerSample = 2 + 2 + 8;
  // What the fit keeps of a channel's blocks, and the decoder of its contexts.
  constexpr uint64_t kFit = uint64_t{8} << 20;
  const uint64_t fit = std::min<uint64_t>(kFit, padded * 8) + (uint64_t{1} << 19);
  return static_cast<uint64_t>(ColorChannels(tile.kind)) * fit + samples * kPerSample +
         3 * padded * 4;
}

}  // namespace

const TileCoder kRasterCoder = {
    .name = "raster", .colours_only = true, .takes = Takes, .decode = Decode, .memory = Memory};

const TileEncoder kRasterEncoder = {&kRasterCoder, Encode};

}  // namespace flowzip
