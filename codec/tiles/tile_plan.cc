// SPDX-License-Identifier: BSD-3-Clause
#include "codec/tiles/tile_plan.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/exact_math.h"
#include "codec/coders/contexts/context_tile.h"
#include "codec/picture/sample_block.h"

namespace flowzip {
namespace {

// Above this share of pixels that equal both the left and the upper neighbour, the model is not
// tried: tiles of screenshots lie above, and where photographs do (white skies) both ways are
// within 2 % (docs/experiments.md).
constexpr double kDrawing = 0.45;
// Above this share of pixels that equal one of them, samples of the tile decide, unless it is a
// photograph with smooth parts: there, a pixel that differs from the one to its left does so by at
// most kSmallStep in 0.39 to 0.97 of all cases, in drawings with photographs in 0.26 to 0.28.
// Below, contexts won 7 % once and up to 4 % rarely, at five to ten times the model's time.
constexpr double kMaybeDrawing = 0.45, kSurelyProbe = 0.75;
// Above this, samples decide where time does not matter.
constexpr double kHardlyDrawing = 0.1;
// The same for pictures with alpha, which are drawings more often.
constexpr double kMaybeWithAlpha = 0.3;
constexpr int kSmallStep = 2;
constexpr double kSmoothSteps = 1.0 / 3;
// The contexts have learnt little in a sample; what is much smaller by them is left to them.
// Of photographs, whose white skies are within 2 % either way, they have to win clearly: they take
// ten times as long.
constexpr double kCloseOfPhotographs = 0.9, kClear = 0.6;
// Below this share of pixels equal to a neighbour, trying candidates only costs time.
constexpr double kRepeats = 0.02;

// Above this share of pixels that equal one of them, the quick model is tried on photographs too.
constexpr double kQuickMay = 0.25;
// Above this share of rows' pieces that were there before, wherever: copies.
constexpr double kManyCopies = 0.05;

struct Repeats {
  double left_or_above = 0, left_and_above = 0;
  double small_steps = 0;  // of the pixels that differ from the left one; samples of a byte only
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

// How many pieces of rows, of those that are not all one colour, equal an earlier one: of about one
// in eight, chosen by what is in them.
double ShareOfCopies(const Image& image, const Rect& rect) {
  constexpr uint32_t kPiece = 8;
  constexpr int kTableBits = 16;
  constexpr uint64_t kFactor = 0x9E3779B97F4A7C15u;
  uint64_t last_power = 1;  // kFactor^kPiece
  for (uint32_t i = 0; i < kPiece; ++i) last_power *= kFactor;
  std::vector<uint64_t> seen(size_t{1} << kTableBits);
  const size_t bytes = image.pixel_bytes();
  std::vector<uint64_t> row(rect.width);
  uint64_t pieces = 0, copies = 0;
  for (uint32_t y = 0; y < rect.height; ++y) {
    const uint8_t* from = image.At(rect.x, rect.y + y);
    uint64_t hash = 0;
    uint32_t same = 0;
    for (uint32_t x = 0; x < rect.width; ++x, from += bytes) {
      uint64_t pixel = 0;
      for (size_t i = 0; i < bytes; ++i) pixel = pixel << 8 | from[i];
      row[x] = pixel;
      same = x > 0 && pixel == row[x - 1] ? same + 1 : 0;
      hash = hash * kFactor + pixel + 1;
      if (x >= kPiece) hash -= last_power * (row[x - kPiece] + 1);
      if (x + 1 < kPiece || same + 1 >= kPiece) continue;
      const uint64_t mixed = (hash ^ hash >> 29) * kFactor;
      if (mixed >> 61 != 0) continue;
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
  TilePlan plan;
  plan.candidates =
      repeats.left_or_above > kRepeats || small || image.bit_depth <= 4 || image.indexed ? kTries
                                                                                         : 0;
  plan.quick = coding == Coding::kFast;
  if (!FlowTakes(image) || coding == Coding::kNoFlow) return plan;
  plan.flow = TakesModel(coding);
  plan.raster = ChoosesSmallest(coding) || coding == Coding::kRaster;
  plan.refined = Refines(coding);
  plan.contexts = small && ChoosesSmallest(coding);
  if (!ChoosesSmallest(coding) || small) return plan;
  const bool photograph = repeats.small_steps >= kSmoothSteps && !image.has_alpha();
  if (IsConstant(image, rect) || (repeats.left_and_above > kDrawing && !photograph)) {
    plan.flow = plan.raster = false;
    plan.contexts = true;
    return plan;
  }
  plan.copies = ShareOfCopies(image, rect) > kManyCopies;
  // Columns are too thin for either to be seen.
  const bool column = rect.width < 16;
  plan.contexts = plan.copies || column || repeats.left_or_above > kQuickMay;
  if (plan.copies || plan.quick) return plan;
  plan.quick = true;  // unless a probe says otherwise
  if (coding == Coding::kThorough) {
    plan.probe = repeats.left_or_above > kHardlyDrawing;
  } else if (photograph) {
    plan.probe = repeats.left_or_above > kSurelyProbe || repeats.left_and_above > kDrawing;
    plan.close = kCloseOfPhotographs;
  } else {
    plan.probe = repeats.left_or_above > (image.has_alpha() ? kMaybeWithAlpha : kMaybeDrawing);
  }
  return plan;
}

void SettlePlan(const EncodeOptions& options, const Image& image, const Rect& rect,
                ThreadPool& pool, TilePlan* plan) {
  if (!plan->probe) return;
  plan->probe = false;
  size_t smooth = 0, contexts = 0;
  for (const Rect& probe : ProbeParts(rect)) {
    smooth +=
        plan->flow
            ? EncodeWithFlow(ModelOf(options), image, probe, pool, nullptr, nullptr,
                             options.recover_colour)
                  .size()
            : EncodeWithRaster(image, probe, pool, nullptr, nullptr, options.recover_colour).size();
    contexts +=
        EncodeContextTile(ReadBlock(image, probe), {.candidates = plan->candidates}, nullptr)
            .size();
  }
  const double ratio = static_cast<double>(contexts) / static_cast<double>(smooth);
  if (ratio < plan->close) {
    plan->contexts = true;
    plan->quick = false;
  }
  if (ratio <= kClear) plan->flow = plan->raster = false;
}

}  // namespace flowzip
