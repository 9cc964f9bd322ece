// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/contexts/context_tile.h"

#include <algorithm>
#include <unordered_set>

#include "codec/picture/sample_block.h"

namespace flowzip {
namespace {

// First byte: number of candidates, and one of the ways.
constexpr uint8_t kCandidatesMask = 7, kWayShift = 3;
constexpr int kMostColors = 256;
constexpr size_t kFewColors = 16;       // up to here a palette is not doubted
constexpr size_t kPatternTile = 65536;  // differences are tried up to here
constexpr int kValueColumns = 256;
constexpr ContextOptions kValueContexts{.candidates = 0, .indices = true};
constexpr size_t kSmallTile = 16384;  // pixels; up to here trying everything costs nothing

// Samples as they are; as labels, without arithmetic; as indices into a palette of pixels; or as
// ranks among the values that occur (deep samples that were shallow once leave gaps); or as
// differences, modulo 2^depth, from the sample to the left, above, or left + above - left above
// (computed gradients leave patterns that repeat).
enum class Way { kSamples, kIndices, kPalette, kRanks, kLeft, kAbove, kPlane };
constexpr int kWays = 7;
bool IsDifference(Way way) { return way >= Way::kLeft; }

uint64_t PixelAt(const SampleBlock& block, size_t pixel) {
  uint64_t value = 0;
  for (int c = 0; c < block.channels; ++c) {
    value |= uint64_t{block.samples[pixel * block.channels + c]} << (16 * c);
  }
  return value;
}

// The distinct pixels in ascending order; empty if there are more than kMostColors.
std::vector<uint64_t> FindPalette(const SampleBlock& block) {
  std::unordered_set<uint64_t> colors;
  const size_t pixels = size_t(block.width) * block.height;
  uint64_t last = ~uint64_t{0};
  for (size_t i = 0; i < pixels; ++i) {
    const uint64_t value = PixelAt(block, i);
    if (value == last) continue;
    last = value;
    colors.insert(value);
    if (colors.size() > kMostColors) return {};
  }
  std::vector<uint64_t> palette(colors.begin(), colors.end());
  std::sort(palette.begin(), palette.end());
  return palette;
}

SampleBlock PaletteBlock(const std::vector<uint64_t>& palette, const SampleBlock& like) {
  SampleBlock block{static_cast<int>(palette.size()), 1, like.channels, like.bit_depth, {}};
  for (const uint64_t color : palette) {
    for (int c = 0; c < like.channels; ++c) {
      block.samples.push_back(static_cast<uint16_t>(color >> (16 * c)));
    }
  }
  return block;
}

int BitsFor(size_t values) {
  int bits = 1;
  while ((size_t{1} << bits) < values) ++bits;
  return bits;
}

// Which values occur, as a picture of 256 columns and one bit.
SampleBlock FindValues(const SampleBlock& block) {
  const int largest = *std::max_element(block.samples.begin(), block.samples.end());
  SampleBlock used{kValueColumns, largest / kValueColumns + 1, 1, 1, {}};
  used.samples.assign(used.count(), 0);
  for (const uint16_t s : block.samples) used.samples[s] = 1;
  return used;
}

// Replaces samples by differences (`sign` -1, last sample first) or undoes it (`sign` 1).
void Difference(Way way, int sign, SampleBlock* block) {
  const size_t row = size_t(block->width) * block->channels, count = block->samples.size();
  const int mask = (1 << block->bit_depth) - 1;
  auto& s = block->samples;
  for (size_t n = 0; n < count; ++n) {
    const size_t i = sign < 0 ? count - 1 - n : n;
    const size_t c = block->channels;
    const bool first = i % row < c, top = i < row;
    const int left = first ? 0 : s[i - c], above = top ? 0 : s[i - row];
    const int corner = first || top ? 0 : s[i - row - c];
    const int guess = way == Way::kLeft ? left : way == Way::kAbove ? above : left + above - corner;
    s[i] = static_cast<uint16_t>((s[i] + sign * guess) & mask);
  }
}

// Whether a quarter of the differences repeat the one to the left or above. In photographs they
// do not, and trying them took most of the time of a small picture.
bool LeavesPattern(const SampleBlock& block, Way way) {
  SampleBlock plane = block;
  Difference(way, -1, &plane);
  const size_t channels = block.channels, row = channels * block.width;
  size_t repeats = 0;
  for (size_t at = 0; at < plane.samples.size(); at += channels) {
    const auto same = [&](size_t back) {
      const auto pixel = plane.samples.begin() + static_cast<ptrdiff_t>(at);
      return std::equal(pixel, pixel + static_cast<ptrdiff_t>(channels),
                        pixel - static_cast<ptrdiff_t>(back));
    };
    if ((at % row != 0 && same(channels)) || (at >= row && same(row))) ++repeats;
  }
  return 4 * repeats * channels >= plane.samples.size();
}

void PutStream(const std::vector<uint8_t>& stream, ByteWriter& writer) {
  writer.PutVarint(stream.size());
  writer.PutBytes(stream);
}

SampleBlock IndexBlock(const SampleBlock& block, const std::vector<uint64_t>& palette) {
  SampleBlock plane{block.width, block.height, 1, BitsFor(palette.size()), {}};
  plane.samples.reserve(plane.count());
  for (size_t i = 0; i < plane.count(); ++i) {
    const auto at = std::lower_bound(palette.begin(), palette.end(), PixelAt(block, i));
    plane.samples.push_back(static_cast<uint16_t>(at - palette.begin()));
  }
  return plane;
}

SampleBlock Crop(const SampleBlock& block, const Rect& rect) {
  SampleBlock part{static_cast<int>(rect.width),
                   static_cast<int>(rect.height),
                   block.channels,
                   block.bit_depth,
                   {}};
  part.samples.reserve(part.count());
  for (uint32_t y = rect.y; y < rect.y + rect.height; ++y) {
    const auto from =
        block.samples.begin() + (static_cast<ptrdiff_t>(y) * block.width + rect.x) * block.channels;
    part.samples.insert(part.samples.end(), from,
                        from + static_cast<ptrdiff_t>(rect.width) * block.channels);
  }
  return part;
}

// Whether indices take less than samples, by two parts of the tile. A gray photograph has at most
// 256 colours too, and its samples are no labels: it would grow by a third.
bool PalettePays(const SampleBlock& block, const std::vector<uint64_t>& palette, int candidates) {
  if (palette.size() <= kFewColors) return true;
  size_t indices = 0, samples = 0;
  const Rect whole{0, 0, static_cast<uint32_t>(block.width), static_cast<uint32_t>(block.height)};
  for (const Rect& probe : ProbeParts(whole)) {
    const SampleBlock part = Crop(block, probe);
    indices += EncodeContexts(IndexBlock(part, palette), {candidates, true}).size();
    samples += EncodeContexts(part, {candidates, false}).size();
  }
  return indices <= samples;
}

// Empty if `worth` said no.
std::vector<uint8_t> EncodeWay(const SampleBlock& block, Way way,
                               const std::vector<uint64_t>& palette, const SampleBlock& used,
                               int candidates, std::vector<float>* bits, const WorthFn& worth) {
  ByteWriter writer;
  writer.Put(static_cast<uint8_t>(candidates | static_cast<int>(way) << kWayShift));
  SampleBlock plane = block;
  if (way == Way::kPalette) {
    plane = IndexBlock(block, palette);
    writer.PutVarint(palette.size() - 1);
    PutStream(EncodeContexts(PaletteBlock(palette, block), {}), writer);
  } else if (way == Way::kRanks) {
    std::vector<uint16_t> rank(used.samples.size());
    uint32_t ranks = 0;
    for (size_t v = 0; v < rank.size(); ++v) {
      rank[v] = static_cast<uint16_t>(ranks);
      ranks += used.samples[v];
    }
    for (uint16_t& s : plane.samples) s = rank[s];
    plane.bit_depth = BitsFor(ranks);
    writer.PutVarint(static_cast<uint64_t>(used.height) - 1);
    PutStream(EncodeContexts(used, kValueContexts), writer);
  } else if (IsDifference(way)) {
    Difference(way, -1, &plane);
  }
  const bool indices = way == Way::kPalette || way == Way::kIndices;
  const ContextOptions options{candidates, indices};
  if (bits != nullptr) {
    writer.PutBytes(EncodeContexts(plane, options, bits));
    return writer.Take();
  }
  const auto stream = TryContexts(plane, options, worth);
  if (!stream) return {};
  writer.PutBytes(*stream);
  return writer.Take();
}

}  // namespace

std::vector<uint8_t> EncodeContextTile(const SampleBlock& block, int candidates,
                                       std::vector<float>* bits, const WorthFn& worth) {
  // A palette where there are few colours; for small tiles whatever of palette, indices and
  // samples is smallest.
  const std::vector<uint64_t> palette = FindPalette(block);
  const bool small = size_t(block.width) * block.height <= kSmallTile;
  const bool may_palette = !palette.empty() && candidates > 0;
  const bool may_indices = block.channels == 1 && block.bit_depth <= 8 && candidates > 0;
  std::vector<Way> ways;
  if (may_palette && (small || PalettePays(block, palette, candidates))) {
    ways.push_back(Way::kPalette);
  }
  if (may_indices && small) ways.push_back(Way::kIndices);
  SampleBlock used;
  bool ranks = false;
  if (block.bit_depth > 8) {
    used = FindValues(block);
    const auto values = std::count(used.samples.begin(), used.samples.end(), 1);
    // At least a third of a bit saved per sample, or at most a bit for every value.
    ranks = values * 5 < static_cast<int64_t>(used.samples.size()) * 4;
    if (!small && used.samples.size() / 2 > block.samples.size() / 3) ranks = false;
    if (ranks) ways.push_back(Way::kRanks);
  }
  if (ways.empty() || small) ways.push_back(Way::kSamples);
  if (candidates > 0 && size_t(block.width) * block.height <= kPatternTile) {
    for (const Way way : {Way::kLeft, Way::kAbove, Way::kPlane}) {
      if (LeavesPattern(block, way)) ways.push_back(way);
    }
  }
  std::vector<uint8_t> best;
  Way best_way = ways[0];
  int best_candidates = candidates;
  const auto may_win = [&](size_t bytes) {
    return (best.empty() || bytes < best.size()) && (!worth || worth(bytes));
  };
  const auto try_way = [&](Way way, int tries) {
    std::vector<uint8_t> bytes = EncodeWay(block, way, palette, used, tries, nullptr, may_win);
    if (bytes.empty() || (!best.empty() && bytes.size() >= best.size())) return;
    best = std::move(bytes);
    best_way = way;
    best_candidates = tries;
  };
  for (const Way way : ways) try_way(way, candidates);
  // Noise: that no candidate is right costs bits until it is learnt.
  if (small && candidates > 0 && block.bit_depth > 8 && !IsDifference(best_way))
    try_way(best_way, 0);
  if (bits != nullptr) EncodeWay(block, best_way, palette, used, best_candidates, bits, {});
  return best;
}

void DecodeContextTile(ByteSpan bytes, int largest, SampleBlock* block) {
  ByteReader reader(bytes);
  const int head = reader.Get<uint8_t>();
  const int candidates = head & kCandidatesMask;
  const auto way = static_cast<Way>(head >> kWayShift);
  Require(head >> kWayShift < kWays && candidates <= kMaxCandidates &&
              (way != Way::kIndices || (block->channels == 1 && block->bit_depth <= 8)),
          ErrorCode::kCorrupt, "impossible coding parameters");
  const auto stream = [&] {
    const uint64_t size = reader.GetVarint();
    Require(size <= reader.remaining(), ErrorCode::kCorrupt, "data end too early");
    return reader.GetBytes(static_cast<size_t>(size));
  };
  if (way == Way::kPalette) {
    const uint64_t last = reader.GetVarint();
    Require(last < kMostColors, ErrorCode::kCorrupt, "impossible number of colours");
    SampleBlock colors{static_cast<int>(last + 1), 1, block->channels, block->bit_depth, {}};
    DecodeContexts(stream(), {}, &colors);
    SampleBlock plane{block->width, block->height, 1, BitsFor(last + 1), {}};
    DecodeContexts(reader.GetBytes(reader.remaining()), {candidates, true}, &plane);
    block->samples.clear();
    block->samples.reserve(block->count());
    for (const uint16_t index : plane.samples) {
      Require(index <= last, ErrorCode::kCorrupt, "index beyond the palette");
      const uint16_t* color = colors.samples.data() + size_t{index} * block->channels;
      block->samples.insert(block->samples.end(), color, color + block->channels);
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
    DecodeContexts(reader.GetBytes(reader.remaining()), {candidates, false}, &plane);
    block->samples = std::move(plane.samples);
    for (uint16_t& s : block->samples) {
      Require(s < values.size(), ErrorCode::kCorrupt, "rank beyond the values");
      s = values[s];
    }
  } else {
    DecodeContexts(reader.GetBytes(reader.remaining()), {candidates, way == Way::kIndices}, block);
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
  const int candidates = tile.repeats ? kTries : 0;
  if (account.pixels == nullptr) return EncodeContextTile(block, candidates, nullptr, tile.worth);
  std::vector<float> bits(size_t{tile.rect.width} * tile.rect.height);
  std::vector<uint8_t> payload = EncodeContextTile(block, candidates, &bits, tile.worth);
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

// The coder; the samples of 16 bits as they are, as they are coded, and a copy.
uint64_t Memory(const TileNeeds& tile) {
  const uint64_t samples = uint64_t{2} * static_cast<uint64_t>(tile.kind.channels) *
                           static_cast<uint64_t>(tile.width) * static_cast<uint64_t>(tile.height);
  return ContextMemory(tile.width, tile.height, tile.kind.channels) + 3 * samples;
}

}  // namespace

const TileCoder kContextsCoder = {.name = "contexts",
                                  .takes = TakesAll,
                                  .encode = EncodeTile,
                                  .decode = DecodeTile,
                                  .memory = Memory};

}  // namespace flowzip
