// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/contexts/context_tile.h"

#include <algorithm>

#include "codec/coders/contexts/copy_finder.h"
#include "codec/coders/contexts/tile_ways.h"
#include "codec/picture/sample_block.h"

namespace flowzip {

void DecodeContextTile(ByteSpan bytes, int largest, SampleBlock* block) {
  ByteReader reader(bytes);
  const int head = reader.Get<uint8_t>();
  const int candidates = head & kCandidatesMask;
  const auto way = static_cast<Way>(head >> kWayShift & kWayMask);
  ContextOptions options{.candidates = candidates,
                         .indices = way == Way::kPalette || way == Way::kIndices,
                         .model = way == Way::kTwoColours ? BlockModel::kBilevel
                                  : (head & kQuick) != 0  ? BlockModel::kQuick
                                                          : BlockModel::kContexts,
                         .copies = (head & kCopies) != 0};
  Require(candidates <= kMaxCandidates && (way != Way::kTwoColours || (head & ~kCopies) == 56) &&
              (way != Way::kIndices || (block->channels == 1 && block->bit_depth <= 8)),
          ErrorCode::kCorrupt, "impossible coding parameters");
  const auto stream = [&] {
    const uint64_t size = reader.GetVarint();
    Require(size <= reader.remaining(), ErrorCode::kCorrupt, "data end too early");
    return reader.GetBytes(static_cast<size_t>(size));
  };
  if (way == Way::kPalette) {
    uint64_t last = reader.GetVarint();
    Require(last < 2 * kMostColors, ErrorCode::kCorrupt, "impossible number of colours");
    options.indices = last < kMostColors;
    last %= kMostColors;
    SampleBlock colors{static_cast<int>(last + 1), 1, block->channels, block->bit_depth, {}};
    DecodeContexts(stream(), {}, &colors);
    SampleBlock plane{block->width, block->height, 1, BitsFor(last + 1), {}};
    DecodeContexts(reader.GetBytes(reader.remaining()), options, &plane);
    block->samples.clear();
    block->samples.reserve(block->count());
    for (const uint16_t index : plane.samples) {
      Require(index <= last, ErrorCode::kCorrupt, "index beyond the palette");
      const uint16_t* color = colors.samples.data() + size_t{index} * block->channels;
      block->samples.insert(block->samples.end(), color, color + block->channels);
    }
  } else if (way == Way::kTwoColours) {
    SampleBlock colours{2, 1, block->channels, block->bit_depth, {}};
    const size_t bytes = block->bit_depth > 8
                             ? size_t{4} * block->channels
                             : (size_t{2} * block->channels * block->bit_depth + 7) / 8;
    UnpackRaw(reader.GetBytes(bytes), largest, &colours);
    SampleBlock plane{block->width, block->height, 1, 1, {}};
    DecodeContexts(reader.GetBytes(reader.remaining()), options, &plane);
    block->samples.clear();
    block->samples.reserve(block->count());
    for (const uint16_t index : plane.samples) {
      const uint16_t* colour = colours.samples.data() + size_t{index} * block->channels;
      block->samples.insert(block->samples.end(), colour, colour + block->channels);
    }
  } else if (way == Way::kRanks) {
    const uint64_t rows = reader.GetVarint() + 1;
    Require(rows >= 1 && rows <= 65536 / kValueColumns, ErrorCode::kCorrupt,
            "impossible number of values");
    SampleBlock used{kValueColumns, static_cast<int>(rows), 1, 1, {}};
    DecodeContexts(stream(), kValueContexts, &used);
    std::vector<uint16_t> values;
    for (size_t v = 0; v < used.samples.size(); ++v) {
      if (used.samples[v] != 0) values.push_back(static_cast<uint16_t>(v));
    }
    SampleBlock plane{block->width, block->height, block->channels, BitsFor(values.size()), {}};
    DecodeContexts(reader.GetBytes(reader.remaining()), options, &plane);
    block->samples = std::move(plane.samples);
    for (uint16_t& s : block->samples) {
      Require(s < values.size(), ErrorCode::kCorrupt, "rank beyond the values");
      s = values[s];
    }
  } else {
    DecodeContexts(reader.GetBytes(reader.remaining()), options, block);
    if (IsDifference(way)) Difference(way, 1, block);
  }
  Require(std::all_of(block->samples.begin(), block->samples.end(),
                      [&](uint16_t s) { return s <= largest; }),
          ErrorCode::kCorrupt, "sample out of range");
}

namespace {

bool TakesAll(const Image&) { return true; }

std::vector<uint8_t> EncodeTile(const TileSource& tile, Account& account) {
  const SampleBlock block = ReadBlock(tile.image, tile.rect);
  const ContextTileOptions options{tile.repeats ? kTries : 0, tile.quick, tile.copies,
                                   /*gives_up=*/true};
  if (account.pixels == nullptr) return EncodeContextTile(block, options, nullptr, tile.worth);
  std::vector<float> bits(size_t{tile.rect.width} * tile.rect.height);
  std::vector<uint8_t> payload = EncodeContextTile(block, options, &bits, tile.worth);
  account.pixels->Add(tile.rect, bits);
  return payload;
}

void DecodeTile(ByteSpan payload, const TileTarget& tile, Account&) {
  SampleBlock block;
  block.width = static_cast<int>(tile.rect.width);
  block.height = static_cast<int>(tile.rect.height);
  block.channels = tile.image->channels;
  block.bit_depth = tile.image->bit_depth;
  DecodeContextTile(payload, tile.image->largest(), &block);
  WriteBlock(block, tile.rect, 0, tile.image);
}

// The coder; the samples of 16 bits as they are, as they are coded, and a copy. The search for
// copies: its tables, three more blocks, the bits of each pixel.
uint64_t Memory(const TileNeeds& tile) {
  const uint64_t samples = uint64_t{2} * static_cast<uint64_t>(tile.kind.channels) *
                           static_cast<uint64_t>(tile.width) * static_cast<uint64_t>(tile.height);
  const uint64_t pixels = static_cast<uint64_t>(tile.width) * static_cast<uint64_t>(tile.height);
  const uint64_t search = tile.encodes ? 3 * samples + CopyFinderMemory(pixels) + 12 * pixels : 0;
  return ContextMemory(tile.width, tile.height, tile.kind.channels) + 3 * samples + search;
}

}  // namespace

const TileCoder kContextsCoder = {
    .name = "contexts", .takes = TakesAll, .decode = DecodeTile, .memory = Memory};

const TileEncoder kContextsEncoder = {&kContextsCoder, EncodeTile};

}  // namespace flowzip
