// SPDX-License-Identifier: BSD-3-Clause
#include "codec/tiles/tile_plan.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <vector>

#include "base/exact_math.h"
#include "codec/coders/network/network_tile.h"
#include "codec/coders/raster/raster_tile.h"

namespace flowzip {
namespace {

// Above this share of pixels that equal both the left and the upper neighbour, the model is not
// tried: tiles of screenshots lie above, and where photographs do (white skies) both ways are
// within 2 % (docs/experiments.md).
constexpr double kDrawing = 0.45;
// Above this share of pixels that equal one of them, samples of the tile decide, unless it is a
// photograph with smooth parts: there, a pixel that differs from the one to its left does so by at
// most kSmallStep in 0.32 to 0.97 of all cases, in drawings with photographs in 0.26 to 0.28.
// Below, contexts won 7 % once and up to 4 % rarely, at five to ten times the model's time.
constexpr double kMaybeDrawing = 0.45, kSurelyProbe = 0.75;
// Above this, samples decide where time does not matter.
constexpr double kHardlyDrawing = 0.1;
// The same for pictures with alpha, which are drawings more often.
constexpr double kMaybeWithAlpha = 0.3;
constexpr int kSmallStep = 2;
constexpr double kSmoothSteps = 0.3;
// Below this share of pixels that equal one of them, of those that do not equal both, it is a
// photograph as well, whatever is flat beside it: drawings and screenshots have 0.3 to 0.97,
// photographs 0 to 0.27, or are smooth.
constexpr double kDetail = 0.2;
// The contexts have learnt little in a sample; what is much smaller by them is left to them.
// Of photographs, whose white skies are within 2 % either way, they have to win clearly: they take
// ten times as long. So it is against the network as it is; where it learns, contexts that came
// near it have to win nothing, since that takes as long as they do.
constexpr double kClose = 1.03, kCloseOfPhotographs = 0.9, kClear = 0.6;
// Where time counts, one of two coders is left out if it is that much larger.
constexpr double kOneOfTwo = 0.85;
// Below this share of pixels equal to a neighbour, trying candidates only costs time.
constexpr double kRepeats = 0.02;

// Above this share of pixels that equal one of them, the quick model is tried, too. Smooth
// photographs, which it hardly ever serves, have to show more of it: with the first shares alone,
// one of 2.8 megapixels took 1.7 times as long.
constexpr double kQuickMay = 0.25, kQuickMayOnPhotographs = 0.6;
// Above these shares of rows' pieces that were there before, wherever: some copies; many, where
// time counts. Of photographs, long and uneven pieces are asked for, of which ten of CLIC 2025 have
// 0 to 0.019, and one 0.063, every sixteenth row of which is there twice; frames, textures and maps
// of tiles have 0.68 and more. Of short ones, smooth parts have up to 0.75, for which contexts were
// tried in vain.
constexpr double kSomeCopies = 0.05, kManyCopies = 0.3, kManyCopiesOfPhotographs = 0.1;
// Above this share, some rows of a photograph are there twice, for which tables are better than the
// network: by 7 % of a tile of that one.
constexpr double kRepeatedRows = 0.03;

// Pixels up to which twice the time does not matter.
constexpr uint64_t kHardlyMatters = 65536;
// Rows of the network's tiles are kept skewed, which takes memory by the width.
constexpr uint32_t kWidestOfNetwork = 4096;

struct Repeats {
  double left_or_above = 0, left_and_above = 0;
  double small_steps = 0;  // of the pixels that differ from the left one; samples of a byte only
  double detail() const {  // of the pixels that do not equal both
    return (left_or_above - left_and_above) / std::max(1 - left_and_above, 1e-9);
  }
};

// A pixel has kPixel bytes.
template <int kPixel>
bool SamePixel(const uint8_t* a, const uint8_t* b) {
  int differences = 0;
  for (int i = 0; i < kPixel; ++i) differences |= a[i] ^ b[i];
  return differences == 0;
}

template <int kPixel>
bool IsSmallStep(const uint8_t* a, const uint8_t* b) {
  bool small = true;
  for (int i = 0; i < kPixel; ++i) small &= std::abs(a[i] - b[i]) <= kSmallStep;
  return small;
}

// Over every second row, enough to tell.
template <int kPixel>
Repeats CountRepeatsOf(const Image& image, const Rect& rect) {
  uint64_t either = 0, both = 0, seen = 0, steps = 0, small_steps = 0;
  for (uint32_t y = rect.y + 1; y < rect.y + rect.height; y += 2) {
    const uint8_t* here = image.At(rect.x, y);
    const uint8_t* above = image.At(rect.x, y - 1);
    for (uint32_t x = 1; x < rect.width; ++x) {
      here += kPixel;
      above += kPixel;
      const bool left = SamePixel<kPixel>(here, here - kPixel);
      const bool up = SamePixel<kPixel>(here, above);
      either += (left || up) ? 1 : 0;
      both += (left && up) ? 1 : 0;
      if (!left) {
        ++steps;
        small_steps += IsSmallStep<kPixel>(here, here - kPixel) ? 1 : 0;
      }
      ++seen;
    }
  }
  const double count = static_cast<double>(std::max<uint64_t>(seen, 1));
  return {static_cast<double>(either) / count, static_cast<double>(both) / count,
          static_cast<double>(small_steps) / static_cast<double>(std::max<uint64_t>(steps, 1))};
}

Repeats CountRepeats(const Image& image, const Rect& rect) {
  switch (image.pixel_bytes()) {
    case 1: return CountRepeatsOf<1>(image, rect);
    case 2: return CountRepeatsOf<2>(image, rect);
    case 3: return CountRepeatsOf<3>(image, rect);
    case 4: return CountRepeatsOf<4>(image, rect);
    case 6: return CountRepeatsOf<6>(image, rect);
    default: return CountRepeatsOf<8>(image, rect);
  }
}

// Pieces of rows: pixels, and how many of them at least differ from the one to their left.
struct Piece {
  uint32_t pixels, steps;
};
// Pixels enough not to come again by chance.
Piece ShortPiece(const Image& image) {
  return {image.bit_depth == 1 ? 64u : image.bit_depth <= 4 ? 16u : 8u, 1};
}
constexpr Piece kUnevenPiece = {16, 8};

// How many pieces of rows equal an earlier one: of about one in eight, chosen by what is in them.
double ShareOfCopies(const Image& image, const Rect& rect, Piece piece) {
  constexpr int kTableBits = 16;
  constexpr uint64_t kFactor = 0x9E3779B97F4A7C15u;
  uint64_t last_power = 1;  // kFactor^pixels
  for (uint32_t i = 0; i < piece.pixels; ++i) last_power *= kFactor;
  std::vector<uint64_t> seen(size_t{1} << kTableBits);
  const uint64_t inside = (uint64_t{1} << (piece.pixels - 1)) - 1;  // of `differs`
  const size_t bytes = image.pixel_bytes();
  std::vector<uint64_t> row(rect.width);
  uint64_t pieces = 0, copies = 0;
  for (uint32_t y = 0; y < rect.height; ++y) {
    const uint8_t* from = image.At(rect.x, rect.y + y);
    uint64_t hash = 0;
    uint64_t differs = 0;  // a bit for each of the last pixels
    for (uint32_t x = 0; x < rect.width; ++x, from += bytes) {
      uint64_t pixel = 0;
      for (size_t i = 0; i < bytes; ++i) pixel = pixel << 8 | from[i];
      row[x] = pixel;
      differs = differs << 1 | (x > 0 && pixel == row[x - 1] ? 0 : 1);
      hash = hash * kFactor + pixel + 1;
      if (x >= piece.pixels) hash -= last_power * (row[x - piece.pixels] + 1);
      if (x + 1 < piece.pixels) continue;
      const uint64_t mixed = (hash ^ hash >> 29) * kFactor;
      if (mixed >> 61 != 0) continue;
      if (static_cast<uint32_t>(std::popcount(differs & inside)) < piece.steps) continue;
      uint64_t& place = seen[mixed >> 32 & ((1 << kTableBits) - 1)];
      copies += place == mixed ? 1 : 0;
      ++pieces;
      place = mixed;
    }
  }
  return static_cast<double>(copies) / static_cast<double>(std::max<uint64_t>(pieces, 1));
}

}  // namespace

TilePlan PlanTile(const Image& image, const Rect& rect, Coding coding) {
  const Repeats repeats = CountRepeats(image, rect);
  const bool small = IsSmall(rect);  // costs little either way
  const bool fast = coding == Coding::kFast, thorough = coding == Coding::kThorough;
  const uint64_t pixels = uint64_t{rect.width} * rect.height;
  const bool costly = !IsCheap(rect);
  const Contexts all = fast && costly ? Contexts::kQuick : Contexts::kAll;
  TilePlan plan;
  const bool column = rect.width < 16;  // too thin for repeats to be seen
  plan.repeats =
      repeats.left_or_above > kRepeats || small || column || image.bit_depth <= 4 || image.indexed;
  plan.contexts = all;
  plan.network = TakesModel(coding) && kNetworkCoder.takes(image) && rect.width <= kWidestOfNetwork;
  plan.raster = kRasterCoder.takes(image) && (ChoosesSmallest(coding) || coding == Coding::kRaster);
  plan.adaptive = Adapts(coding);
  plan.hurry = fast;
  const bool smooth = repeats.small_steps >= kSmoothSteps && !image.has_alpha();
  const bool photograph = smooth || (repeats.detail() < kDetail && !image.has_alpha());
  const bool thin = rect.width < 16 || rect.height < 16;  // repeats are hardly seen
  const bool large_photograph =
      photograph && !small && !thin && !image.indexed && image.bit_depth >= 8;
  if (ChoosesSmallest(coding)) {
    const double share =
        ShareOfCopies(image, rect, large_photograph ? kUnevenPiece : ShortPiece(image));
    // On drawings, some are enough where time does not matter.
    const bool matters = fast && pixels > kHardlyMatters;
    const double many = large_photograph ? kManyCopiesOfPhotographs
                        : matters        ? kManyCopies
                                         : kSomeCopies;
    // Rows of columns have no pieces that could tell.
    plan.copies = share > many                    ? Copies::kMany
                  : share > kSomeCopies || column ? Copies::kSome
                                                  : Copies::kFew;
    plan.repeated_rows = large_photograph && share > kRepeatedRows;
  }
  if (!plan.network && !plan.raster) return plan;
  if (!ChoosesSmallest(coding)) {
    plan.contexts = Contexts::kNone;
    return plan;
  }
  if (small) return plan;
  const bool drawing = repeats.left_and_above > kDrawing && !photograph;
  if (IsConstant(image, rect) || (drawing && !thorough)) {
    plan.network = plan.raster = false;
    return plan;
  }
  plan.close = photograph ? kCloseOfPhotographs : kClose;
  const bool many_copies = plan.copies == Copies::kMany;
  if (drawing || many_copies) {
    plan.probe = thorough && !many_copies;
    return plan;
  }
  if (!costly) return plan;
  plan.contexts =
      column || repeats.left_or_above > (photograph ? kQuickMayOnPhotographs : kQuickMay)
          ? Contexts::kQuick
          : Contexts::kNone;
  if (thorough) {
    plan.probe = repeats.left_or_above > kHardlyDrawing;
  } else if (photograph) {
    plan.probe = repeats.left_or_above > kSurelyProbe || repeats.left_and_above > kDrawing;
  } else {
    plan.probe = repeats.left_or_above > (image.has_alpha() ? kMaybeWithAlpha : kMaybeDrawing);
  }
  if (fast) plan.probe = plan.contexts != Contexts::kNone && !column;
  // What a sensor's noise takes, the quick model may know as well as the network.
  plan.quick_probe =
      !plan.probe && !fast && image.bit_depth > 8 && plan.contexts == Contexts::kNone;
  if (plan.quick_probe) plan.close = kClose;
  return plan;
}

void JudgeProbes(const ProbeBytes& bytes, TilePlan* plan) {
  const auto contexts = static_cast<double>(bytes.contexts);
  const double ratio = contexts / static_cast<double>(bytes.smooth);
  if (plan->hurry) {
    if (ratio < kOneOfTwo) plan->raster = false;
    // Samples do not show copies.
    const double hopeless = plan->copies == Copies::kFew ? 1 / kOneOfTwo : 1 / kClear;
    if (ratio > hopeless) plan->contexts = Contexts::kNone;
    return;
  }
  const bool near_adaptive =
      plan->adaptive && contexts < kClose * static_cast<double>(bytes.adaptive);
  if (ratio < plan->close || near_adaptive) {
    plan->contexts = plan->quick_probe ? Contexts::kQuick : Contexts::kAll;
  }
  if (ratio <= kClear) plan->network = plan->raster = false;
}

}  // namespace flowzip
