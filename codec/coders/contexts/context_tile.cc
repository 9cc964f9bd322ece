// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/contexts/context_tile.h"

#include <algorithm>
#include <optional>
#include <unordered_set>

#include "codec/coders/contexts/copy_finder.h"
#include "codec/picture/sample_block.h"

namespace flowzip {
namespace {

// First byte: number of candidates, and one of the ways.
constexpr uint8_t kCandidatesMask = 7, kWayShift = 3, kWayMask = 7, kCopies = 64, kQuick = 128;
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
enum class Way { kSamples, kIndices, kPalette, kRanks, kLeft, kAbove, kPlane, kTwoColours };
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

// How a tile's samples are turned into a block, and that is coded.
struct WayCoder {
  Way way;
  ContextOptions options;
  std::vector<uint8_t> head = {};  // but for the first byte
  SampleBlock plane = {};          // what is coded

  // Empty if `worth` said no. `copies` may be null.
  std::vector<uint8_t> Encode(const std::vector<Copy>* copies, std::vector<float>* bits,
                              const WorthFn& worth) const {
    ContextOptions with = options;
    with.copies = copies != nullptr;
    const auto stream =
        TryContexts(plane, with, worth, bits, copies != nullptr ? *copies : std::vector<Copy>{});
    if (!stream) return {};
    ByteWriter writer;
    writer.Put(static_cast<uint8_t>(options.candidates | static_cast<int>(way) << kWayShift |
                                    (with.copies ? kCopies : 0) |
                                    (options.model == BlockModel::kQuick ? kQuick : 0)));
    writer.PutBytes(head);
    writer.PutBytes(*stream);
    return writer.Take();
  }
};

WayCoder MakeWay(const SampleBlock& block, Way way, const ContextOptions& options,
                 const std::vector<uint64_t>& palette, const SampleBlock& used) {
  WayCoder coder{way, options};
  coder.options.indices = way == Way::kPalette || way == Way::kIndices;
  ByteWriter head;
  if (way == Way::kPalette) {
    coder.plane = IndexBlock(block, palette);
    head.PutVarint(palette.size() - 1);
    PutStream(EncodeContexts(PaletteBlock(palette, block), {}), head);
  } else if (way == Way::kTwoColours) {
    coder.plane = IndexBlock(block, palette);
    coder.options = {.model = BlockModel::kBilevel};
    SampleBlock colours = PaletteBlock(palette, block);
    while (colours.width < 2) {
      colours.samples.insert(colours.samples.end(), colours.samples.begin(),
                             colours.samples.begin() + block.channels);
      ++colours.width;
    }
    head.PutBytes(PackRaw(colours));
  } else if (way == Way::kRanks) {
    coder.plane = block;
    std::vector<uint16_t> rank(used.samples.size());
    uint32_t ranks = 0;
    for (size_t v = 0; v < rank.size(); ++v) {
      rank[v] = static_cast<uint16_t>(ranks);
      ranks += used.samples[v];
    }
    for (uint16_t& s : coder.plane.samples) s = rank[s];
    coder.plane.bit_depth = BitsFor(ranks);
    head.PutVarint(static_cast<uint64_t>(used.height) - 1);
    PutStream(EncodeContexts(used, kValueContexts), head);
  } else {
    coder.plane = block;
    if (IsDifference(way)) Difference(way, -1, &coder.plane);
  }
  coder.head = head.Take();
  return coder;
}

// The smallest of what was tried.
class SmallestWay {
 public:
  explicit SmallestWay(const WorthFn& worth) : worth_(worth) {}

  bool has_value() const { return coder_.has_value(); }
  const WayCoder& coder() const { return *coder_; }
  size_t size() const { return bytes_.size(); }

  // With copies, or, where that is null, without any.
  void Try(const WayCoder& way, const std::vector<Copy>* copies, const WorthFn& also = {}) {
    std::vector<float> bits(size_t(way.plane.width) * way.plane.height, 0);
    const auto may_win = [&](size_t size) {
      return (bytes_.empty() || size < bytes_.size()) && (!worth_ || worth_(size)) &&
             (!also || also(size));
    };
    std::vector<uint8_t> tried = way.Encode(copies, &bits, may_win);
    if (tried.empty() || (!bytes_.empty() && tried.size() >= bytes_.size())) return;
    bytes_ = std::move(tried);
    coder_ = way;
    bits_ = std::move(bits);
  }
  // The same way with copies, where they seem to pay.
  CopyChoice TryCopies() {
    CopyChoice choice = FindCopies(coder_->plane, bits_);
    if (choice.saved_bits > kLeastSaved * 8 * static_cast<double>(bytes_.size())) {
      const WayCoder way = *coder_;
      Try(way, &choice.copies);
    }
    return choice;
  }
  std::vector<uint8_t> Take(std::vector<float>* bits) {
    if (bits != nullptr && has_value()) *bits = std::move(bits_);
    return std::move(bytes_);
  }

 private:
  static constexpr double kLeastSaved = 0.002;
  const WorthFn& worth_;
  std::vector<uint8_t> bytes_;
  std::optional<WayCoder> coder_;
  std::vector<float> bits_;  // of each pixel
};

// Gives up what does not compress: after an eighth of the rows that take as much as they are.
WorthFn UnlessNoise(const SampleBlock& block) {
  const double row_bytes = block.width * block.channels * block.bit_depth / 8.0;
  return [row_bytes, least = std::max(block.height / 8, 16), row = -1](size_t size) mutable {
    ++row;
    return row < least || static_cast<double>(size) < 0.99 * row * row_bytes;
  };
}

}  // namespace

std::vector<uint8_t> EncodeContextTile(const SampleBlock& block, const ContextTileOptions& options,
                                       std::vector<float>* bits, const WorthFn& worth) {
  const std::vector<uint64_t> palette = FindPalette(block);
  const size_t pixels = size_t(block.width) * block.height;
  const bool small = pixels <= kSmallTile;
  const bool two = !palette.empty() && palette.size() <= 2;
  const int candidates = options.candidates;
  const WorthFn always;
  SmallestWay quick(options.copies ? always : worth);
  const auto make = [&](Way way, BlockModel model, const SampleBlock& used = {}) {
    return MakeWay(block, way, {.candidates = candidates, .model = model}, palette, used);
  };
  CopyChoice copies;
  if (two) {
    quick.Try(make(Way::kTwoColours, BlockModel::kBilevel), nullptr, UnlessNoise(block));
    if (quick.has_value()) copies = quick.TryCopies();
  } else {
    const bool labels = !palette.empty() && palette.size() * 2 <= pixels;
    quick.Try(make(labels ? Way::kPalette : Way::kSamples, BlockModel::kQuick), nullptr,
              UnlessNoise(block));
    if (quick.has_value()) copies = quick.TryCopies();
    if (quick.has_value() && labels && palette.size() > kFewColors) {
      quick.Try(make(Way::kSamples, BlockModel::kQuick), &copies.copies);
    }
  }
  if (options.quick || (two && !small && quick.has_value())) return quick.Take(bits);
  // What the quick model found to be copies is taken by the other one as well, if it is much.
  const bool repeats = copies.pixels * 4 > pixels;

  // A palette where there are few colours; for small tiles whatever of palette, indices and
  // samples is smallest.
  const bool may_palette = !palette.empty() && candidates > 0;
  const bool may_indices = block.channels == 1 && block.bit_depth <= 8 && candidates > 0;
  std::vector<Way> ways;
  SampleBlock used;
  if (may_palette && (small || PalettePays(block, palette, candidates))) {
    ways.push_back(Way::kPalette);
  }
  if (may_indices && small) ways.push_back(Way::kIndices);
  if (block.bit_depth > 8) {
    used = FindValues(block);
    const auto values = std::count(used.samples.begin(), used.samples.end(), 1);
    // At least a third of a bit saved per sample, or at most a bit for every value.
    bool ranks = values * 5 < static_cast<int64_t>(used.samples.size()) * 4;
    if (!small && used.samples.size() / 2 > block.samples.size() / 3) ranks = false;
    if (ranks) ways.push_back(Way::kRanks);
  }
  if (ways.empty() || small) ways.push_back(Way::kSamples);
  if (candidates > 0 && pixels <= kPatternTile) {
    for (const Way way : {Way::kLeft, Way::kAbove, Way::kPlane}) {
      if (LeavesPattern(block, way)) ways.push_back(way);
    }
  }
  SmallestWay contexts(worth);
  const std::vector<Copy>* const known = repeats ? &copies.copies : nullptr;
  for (const Way way : ways) {
    contexts.Try(make(way, BlockModel::kContexts, used), IsDifference(way) ? nullptr : known);
  }
  // Noise: that no candidate is right costs bits until it is learnt.
  if (small && candidates > 0 && block.bit_depth > 8 && contexts.has_value() &&
      !IsDifference(contexts.coder().way)) {
    contexts.Try(MakeWay(block, contexts.coder().way, {}, palette, used), known);
  }
  if (contexts.has_value() && (!repeats || IsDifference(contexts.coder().way))) {
    contexts.TryCopies();
  }
  const bool better =
      contexts.has_value() && (!quick.has_value() || contexts.size() < quick.size());
  return (better ? contexts : quick).Take(bits);
}

void DecodeContextTile(ByteSpan bytes, int largest, SampleBlock* block) {
  ByteReader reader(bytes);
  const int head = reader.Get<uint8_t>();
  const int candidates = head & kCandidatesMask;
  const auto way = static_cast<Way>(head >> kWayShift & kWayMask);
  const ContextOptions options{.candidates = candidates,
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
    const uint64_t last = reader.GetVarint();
    Require(last < kMostColors, ErrorCode::kCorrupt, "impossible number of colours");
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

}  // namespace flowzip
