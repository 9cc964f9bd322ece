// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <optional>

#include "codec/coders/contexts/context_tile.h"
#include "codec/coders/contexts/copy_finder.h"
#include "codec/coders/contexts/palette.h"
#include "codec/coders/contexts/tile_ways.h"
#include "codec/picture/sample_block.h"

namespace flowzip {
namespace {

constexpr double kQuickRepeats = 0.1;
constexpr size_t kSlowLabels = 3, kVerySlowLabels = 6;  // bits of each, by the quick model
constexpr size_t kFewColors = 16;                       // up to here a palette is not doubted
constexpr size_t kPatternTile = 65536;  // differences are tried, and copies of whatever, up to here
constexpr size_t kSmallTile = 16384;    // pixels; up to here trying everything costs nothing

// Which values occur, as a picture of 256 columns and one bit.
SampleBlock FindValues(const SampleBlock& block) {
  const int largest = *std::max_element(block.samples.begin(), block.samples.end());
  SampleBlock used{kValueColumns, largest / kValueColumns + 1, 1, 1, {}};
  used.samples.assign(used.count(), 0);
  for (const uint16_t s : block.samples) used.samples[s] = 1;
  return used;
}

// The share of pixels that equal the one to their left or above.
double ShareOfRepeats(const SampleBlock& block) {
  const size_t channels = block.channels, row = channels * block.width;
  size_t repeats = 0;
  for (auto pixel = block.samples.begin(); pixel != block.samples.end();
       pixel += static_cast<ptrdiff_t>(channels)) {
    const auto at = static_cast<size_t>(pixel - block.samples.begin());
    const auto same = [&](size_t back) {
      return std::equal(pixel, pixel + static_cast<ptrdiff_t>(channels),
                        pixel - static_cast<ptrdiff_t>(back));
    };
    if ((at % row != 0 && same(channels)) || (at >= row && same(row))) ++repeats;
  }
  return static_cast<double>(repeats * channels) / static_cast<double>(block.samples.size());
}

// Whether a quarter of the differences repeat the one to the left or above. In photographs they
// do not, and trying them took most of the time of a small picture.
bool LeavesPattern(const SampleBlock& block, Way way) {
  SampleBlock plane = block;
  Difference(way, -1, &plane);
  return ShareOfRepeats(plane) >= 0.25;
}

void PutStream(const std::vector<uint8_t>& stream, ByteWriter& writer) {
  writer.PutVarint(stream.size());
  writer.PutBytes(stream);
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

// Bytes of two parts of the tile: of their samples, or of indices if there is a palette.
size_t ProbeBytes(const SampleBlock& block, const ContextOptions& options,
                  const std::vector<uint64_t>& palette = {},
                  const std::vector<uint16_t>& index_of = {}) {
  size_t bytes = 0;
  const Rect whole{0, 0, static_cast<uint32_t>(block.width), static_cast<uint32_t>(block.height)};
  for (const Rect& probe : ProbeParts(whole)) {
    const SampleBlock part = Crop(block, probe);
    bytes += EncodeContexts(palette.empty() ? part : IndexBlock(part, palette, index_of), options)
                 .size();
  }
  return bytes;
}

// Whether indices take less than samples. A gray photograph has at most 256 colours too, and its
// samples are no labels: it would grow by a third.
// The quick model takes several times as long for labels that it cannot tell; those have to pay.
bool PalettePays(const SampleBlock& block, const std::vector<uint64_t>& palette, int candidates,
                 BlockModel model) {
  if (palette.size() <= kFewColors) return true;
  const Rect whole{0, 0, static_cast<uint32_t>(block.width), static_cast<uint32_t>(block.height)};
  size_t pixels = 0;
  for (const Rect& probe : ProbeParts(whole)) pixels += uint64_t{probe.width} * probe.height;
  const size_t labels = ProbeBytes(block, {candidates, true, model}, palette),
               samples = ProbeBytes(block, {candidates, false, model});
  const size_t bits = model == BlockModel::kQuick ? labels * 8 / pixels : 0;
  const size_t margin = bits >= kVerySlowLabels ? 10 : bits >= kSlowLabels ? 3 : 0;
  return labels * 100 <= samples * (100 - margin);
}

// Which of labels, samples and ordered indices takes least.
Way LeastOfPalette(const SampleBlock& block, const std::vector<uint64_t>& palette, int candidates) {
  const std::vector<uint16_t> index_of = Inverse(LikeColours(palette, block.channels));
  const size_t ordered = ProbeBytes(block, {candidates, false}, palette, index_of),
               labels = ProbeBytes(block, {candidates, true}, palette);
  if (ordered > labels && palette.size() <= kFewColors) return Way::kPalette;
  const size_t samples = ProbeBytes(block, {candidates, false});
  if (samples < std::min(labels, ordered)) return Way::kSamples;
  return labels <= ordered ? Way::kPalette : Way::kOrdered;
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
    const Way written = IsPalette(way) ? Way::kPalette : way;
    writer.Put(static_cast<uint8_t>(options.candidates | static_cast<int>(written) << kWayShift |
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
  } else if (way == Way::kOrdered) {
    const std::vector<uint16_t> order = LikeColours(palette, block.channels);
    coder.plane = IndexBlock(block, palette, Inverse(order));
    std::vector<uint64_t> ordered;
    for (const uint16_t number : order) ordered.push_back(palette[number]);
    head.PutVarint(kMostColors + palette.size() - 1);
    PutStream(EncodeContexts(PaletteBlock(ordered, block), {}), head);
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

  // With copies, or, where that is null, without any. `counts`: the bits of each pixel will be
  // asked for, by TryCopies or by Take.
  void Try(const WayCoder& way, const std::vector<Copy>* copies, bool counts = true) {
    std::vector<float> bits(counts ? size_t(way.plane.width) * way.plane.height : 0, 0);
    const auto may_win = [&](size_t size) {
      return (bytes_.empty() || size < bytes_.size()) && (!worth_ || worth_(size));
    };
    std::vector<uint8_t> tried = way.Encode(copies, counts ? &bits : nullptr, may_win);
    if (tried.empty() || (!bytes_.empty() && tried.size() >= bytes_.size())) return;
    bytes_ = std::move(tried);
    coder_ = way;
    bits_ = std::move(bits);
  }
  // The same way with copies, where they seem to pay.
  CopyChoice TryCopies(bool hurry, bool counts = true) { return TryThose(bits_, hurry, counts); }
  // The same where copies are in it, but others.
  void TryOtherCopies() {
    std::vector<float> bits(bits_.size(), 0);
    coder_->Encode(nullptr, &bits, {});
    TryThose(bits, /*hurry=*/false, /*counts=*/true);
  }
  std::vector<uint8_t> Take(std::vector<float>* bits) {
    if (bits != nullptr && has_value()) *bits = std::move(bits_);
    return std::move(bytes_);
  }

 private:
  // Of all bytes; in a hurry, once more all the time is spent for more only.
  static constexpr double kLeastSaved = 0.002, kLeastInHurry = 0.01;

  // `alone`: what each pixel takes without copies. In no hurry, where there is little else than
  // copies, those that hurry finds are tried as well: they may be the better ones. By value, as
  // what is tried may replace it.
  CopyChoice TryThose(std::vector<float> alone, bool hurry, bool counts) {
    const WayCoder way = *coder_;
    const auto try_choice = [&](const CopyChoice& choice) {
      const double least = hurry ? kLeastInHurry : kLeastSaved;
      if (choice.saved_bits <= least * 8 * static_cast<double>(bytes_.size())) return;
      Try(way, &choice.copies, counts);
    };
    CopyChoice choice = FindCopies(way.plane, alone, hurry);
    try_choice(choice);
    if (!hurry && choice.pixels * 2 > alone.size()) {
      try_choice(FindCopies(way.plane, alone, /*quick=*/true));
    }
    return choice;
  }

  const WorthFn& worth_;
  std::vector<uint8_t> bytes_;
  std::optional<WayCoder> coder_;
  std::vector<float> bits_;  // of each pixel
};

// Whether nothing comes of the samples: by the quick model in bands from all over the tile, with
// about an eighth of its rows. Not for what repeats from afar.
bool LooksLikeNoise(const SampleBlock& block) {
  constexpr int kBands = 16;
  const int rows = block.height / (8 * kBands);
  if (size_t(block.width) * block.height <= kSmallTile || rows == 0) return false;
  SampleBlock bands{block.width, rows * kBands, block.channels, block.bit_depth, {}};
  const ptrdiff_t row = ptrdiff_t{block.width} * block.channels;
  for (int band = 0; band < kBands; ++band) {
    const ptrdiff_t first = ptrdiff_t{block.height} * band / kBands;
    bands.samples.insert(bands.samples.end(), block.samples.begin() + first * row,
                         block.samples.begin() + (first + rows) * row);
  }
  const size_t bits = bands.count() * static_cast<size_t>(block.bit_depth);
  return EncodeContexts(bands, {.model = BlockModel::kQuick}).size() * 8 > bits - bits / 64;
}

// The same of a picture of two colours, by the bilevel model and the middle quarter of its rows: in
// a few rows, letters look like noise, too.
bool LettersLookLikeNoise(const SampleBlock& block, const std::vector<uint64_t>& palette) {
  const auto width = static_cast<uint32_t>(block.width), rows = static_cast<uint32_t>(block.height);
  const SampleBlock part = IndexBlock(Crop(block, {0, rows * 3 / 8, width, rows / 4}), palette);
  const size_t bytes = EncodeContexts(part, {.model = BlockModel::kBilevel}).size();
  return bytes * 8 > part.count() - part.count() / 64;
}

}  // namespace

std::vector<uint8_t> EncodeContextTile(const SampleBlock& block, const ContextTileOptions& options,
                                       std::vector<float>* bits, const WorthFn& worth) {
  const std::vector<uint64_t> palette = FindPalette(block);
  const size_t pixels = size_t(block.width) * block.height;
  const bool small = pixels <= kSmallTile;
  const bool two = !palette.empty() && palette.size() <= 2;
  const int candidates = options.candidates;
  const bool hurry = options.quick, maybe_noise = options.copies == Copies::kFew;
  const bool noise = maybe_noise && (options.gives_up || !hurry) && LooksLikeNoise(block);
  if (noise && options.gives_up && !(two && !LettersLookLikeNoise(block, palette))) return {};
  SampleBlock used;
  bool ranks = false;
  if (block.bit_depth > 8) {
    used = FindValues(block);
    const auto values = std::count(used.samples.begin(), used.samples.end(), 1);
    // At least a third of a bit saved per sample, or at most a bit for every value.
    ranks = values * 5 < static_cast<int64_t>(used.samples.size()) * 4;
    if (!small && used.samples.size() / 2 > block.samples.size() / 3) ranks = false;
  }
  // What is too large by itself may not be so with copies.
  const WorthFn always;
  SmallestWay quick(options.copies == Copies::kMany || pixels <= kPatternTile ? always : worth);
  // The quick model spends half of its time on asking for what is rarely so.
  const double repeated = ShareOfRepeats(block);
  const int quick_candidates = repeated >= kQuickRepeats ? candidates : 0;
  const auto make = [&](Way way, BlockModel model) {
    const int tries = model == BlockModel::kQuick ? quick_candidates : candidates;
    return MakeWay(block, way, {.candidates = tries, .model = model}, palette, used);
  };
  const bool may_copy = options.copies != Copies::kFew || pixels <= kPatternTile ||
                        (!hurry && (two ? !noise : repeated >= kQuickRepeats));
  const bool counts = may_copy || bits != nullptr;
  CopyChoice copies;
  if (two) {
    quick.Try(make(Way::kTwoColours, BlockModel::kBilevel), nullptr, counts);
  } else {
    // Samples of one channel that have as few values as a photograph's are no labels; which they
    // are, parts of the tile say.
    const bool labels = !palette.empty() && palette.size() * 2 <= pixels &&
                        PalettePays(block, palette, quick_candidates, BlockModel::kQuick);
    const Way way = labels ? Way::kPalette : ranks ? Way::kRanks : Way::kSamples;
    quick.Try(make(way, BlockModel::kQuick), nullptr, counts);
  }
  if (quick.has_value() && may_copy) copies = quick.TryCopies(hurry, bits != nullptr);
  if (hurry || noise || (two && !small && quick.has_value())) return quick.Take(bits);
  // What the quick model found to be copies is taken by the other one as well, if it is much.
  const bool repeats = copies.pixels * 4 > pixels;

  // A palette where there are few colours; for small tiles whatever of palette, indices and
  // samples is smallest.
  const bool may_palette = !palette.empty() && candidates > 0;
  const bool may_indices = block.channels == 1 && block.bit_depth <= 8 && candidates > 0;
  std::vector<Way> ways;
  if (may_palette && small) {
    ways = {Way::kPalette, Way::kOrdered};
  } else if (may_palette) {
    const Way least = LeastOfPalette(block, palette, candidates);
    if (least != Way::kSamples) ways.push_back(least);
  }
  if (may_indices && small) ways.push_back(Way::kIndices);
  if (ranks) ways.push_back(Way::kRanks);
  if (ways.empty() || small) ways.push_back(Way::kSamples);
  if (candidates > 0 && pixels <= kPatternTile) {
    for (const Way way : {Way::kLeft, Way::kAbove, Way::kPlane}) {
      if (LeavesPattern(block, way)) ways.push_back(way);
    }
  }
  SmallestWay contexts(worth);
  const std::vector<Copy>* const known = repeats ? &copies.copies : nullptr;
  for (const Way way : ways) {
    contexts.Try(make(way, BlockModel::kContexts), IsDifference(way) ? nullptr : known);
  }
  // Noise: that no candidate is right costs bits until it is learnt.
  if (small && candidates > 0 && block.bit_depth > 8 && contexts.has_value() &&
      !IsDifference(contexts.coder().way)) {
    contexts.Try(MakeWay(block, contexts.coder().way, {}, palette, used), known);
  }
  if (contexts.has_value() && (!repeats || IsDifference(contexts.coder().way))) {
    contexts.TryCopies(/*hurry=*/false);
  } else if (contexts.has_value() && pixels <= kPatternTile) {
    contexts.TryOtherCopies();
  }
  const bool better =
      contexts.has_value() && (!quick.has_value() || contexts.size() < quick.size());
  return (better ? contexts : quick).Take(bits);
}

}  // namespace flowzip
