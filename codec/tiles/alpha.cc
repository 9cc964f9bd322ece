// SPDX-License-Identifier: BSD-3-Clause
#include "codec/tiles/alpha.h"

#include "codec/coders/contexts/context_tile.h"
#include "codec/picture/sample_block.h"

namespace flowzip {
namespace {

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

bool RepeatsFirst(const Image& image, const Rect& rect) {
  return image.bit_depth <= 8 &&
         ForEachAlpha(image, rect, [](uint8_t first, uint8_t alpha) { return first == alpha; });
}

}  // namespace

void PutAlpha(const TileSource& tile, ByteWriter& writer) {
  std::vector<uint8_t> stream;
  if (!RepeatsFirst(tile.image, tile.rect)) {
    const SampleBlock alpha = ReadBlock(tile.image, tile.rect, tile.image.channels - 1);
    stream = EncodeContextTile(alpha, {kTries, tile.quick, tile.copies}, nullptr);
  }
  writer.PutVarint(stream.size());
  writer.PutBytes(stream);
}

ByteSpan GetAlpha(ByteReader& reader) {
  const uint64_t size = reader.GetVarint();
  Require(size <= reader.remaining(), ErrorCode::kCorrupt, "data end too early");
  return reader.GetBytes(static_cast<size_t>(size));
}

void DecodeAlpha(ByteSpan stream, const Rect& rect, Image* image) {
  if (stream.empty()) {
    Require(image->bit_depth <= 8, ErrorCode::kCorrupt, "deep tile without alpha");
    ForEachAlpha(*image, rect, [](uint8_t first, uint8_t& alpha) {
      alpha = first;
      return true;
    });
    return;
  }
  SampleBlock block{
      static_cast<int>(rect.width), static_cast<int>(rect.height), 1, image->bit_depth, {}};
  DecodeContextTile(stream, image->largest(), &block);
  WriteBlock(block, rect, image->channels - 1, image);
}

}  // namespace flowzip
