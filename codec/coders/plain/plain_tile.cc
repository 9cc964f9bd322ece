// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/plain/plain_tile.h"

#include "codec/picture/sample_block.h"

namespace flowzip {
namespace {

bool TakesAll(const Image&) { return true; }

// The samples as they are coded, and their bytes.
uint64_t Memory(const TileNeeds& tile) {
  return uint64_t{4} * static_cast<uint64_t>(tile.kind.channels) *
         static_cast<uint64_t>(tile.width) * static_cast<uint64_t>(tile.height);
}

SampleBlock BlockOf(const Image& image, uint32_t width, uint32_t height) {
  SampleBlock block;
  block.width = static_cast<int>(width);
  block.height = static_cast<int>(height);
  block.channels = image.channels;
  block.bit_depth = image.bit_depth;
  return block;
}

std::vector<uint8_t> EncodeRaw(const TileSource& tile, Account& account) {
  const SampleBlock block = ReadBlock(tile.image, tile.rect);
  if (account.pixels != nullptr) {
    const auto bits = static_cast<float>(block.channels * block.bit_depth);
    account.pixels->Add(tile.rect,
                        std::vector<float>(size_t{tile.rect.width} * tile.rect.height, bits));
  }
  return PackRaw(block);
}

void DecodeRaw(ByteSpan payload, const TileTarget& tile, Account&) {
  SampleBlock block = BlockOf(*tile.image, tile.rect.width, tile.rect.height);
  UnpackRaw(payload, tile.image->largest(), &block);
  WriteBlock(block, tile.rect, 0, tile.image);
}

std::vector<uint8_t> EncodeConstant(const TileSource& tile, Account&) {
  return PackRaw(ReadBlock(tile.image, {tile.rect.x, tile.rect.y, 1, 1}));
}

void DecodeConstant(ByteSpan payload, const TileTarget& tile, Account&) {
  SampleBlock pixel = BlockOf(*tile.image, 1, 1);
  UnpackRaw(payload, tile.image->largest(), &pixel);
  SampleBlock block = BlockOf(*tile.image, tile.rect.width, tile.rect.height);
  block.samples.reserve(block.count());
  for (size_t i = 0; i < size_t{tile.rect.width} * tile.rect.height; ++i) {
    block.samples.insert(block.samples.end(), pixel.samples.begin(), pixel.samples.end());
  }
  WriteBlock(block, tile.rect, 0, tile.image);
}

}  // namespace

const TileCoder kRawCoder = {
    .name = "raw", .takes = TakesAll, .decode = DecodeRaw, .memory = Memory};

const TileCoder kConstantCoder = {
    .name = "constant", .takes = TakesAll, .decode = DecodeConstant, .memory = Memory};

const TileEncoder kRawEncoder = {&kRawCoder, EncodeRaw};
const TileEncoder kConstantEncoder = {&kConstantCoder, EncodeConstant};

}  // namespace flowzip
