// SPDX-License-Identifier: BSD-3-Clause
#include "codec/tiles/tile_plan.h"

#include <algorithm>
#include <cstdlib>

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
// most kSmallStep in 0.39 to 0.97 of all cases, in drawings with photographs in 0.26 to 0.28.
// Below, contexts won 7 % once and up to 4 % rarely, at five to ten times the model's time.
constexpr double kMaybeDrawing = 0.45, kSurelyProbe = 0.75;
// Above this, samples decide where time does not matter.
constexpr double kHardlyDrawing = 0.1;
// The same for pictures with alpha, which are drawings more often.
constexpr double kMaybeWithAlpha = 0.3;
constexpr int kSmallStep = 2;
constexpr double kSmoothSteps = 1.0 / 3;
// The contexts have learnt little in a sample; what is this much smaller by them is left to them.
constexpr double kClose = 1.03, kClear = 0.6;
// Below this share of pixels equal to a neighbour, trying candidates only costs time.
constexpr double kRepeats = 0.02;

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

}  // namespace

TilePlan PlanTile(const Image& image, const Rect& rect, Coding coding) {
  const Repeats repeats = CountRepeats(image, rect);
  const bool small = IsSmall(rect);  // costs little either way
  TilePlan plan;
  plan.repeats = repeats.left_or_above > kRepeats || small || image.bit_depth <= 4 || image.indexed;
  plan.network = TakesModel(coding) && kNetworkCoder.takes(image);
  plan.raster = kRasterCoder.takes(image) && (ChoosesSmallest(coding) || coding == Coding::kRaster);
  if (!plan.network && !plan.raster) return plan;
  plan.adaptive = Adapts(coding);
  plan.contexts = small && ChoosesSmallest(coding);
  const auto contexts_only = [&] {
    plan.network = plan.raster = false;
    plan.contexts = true;
    return plan;
  };
  if (!ChoosesSmallest(coding)) return plan;
  if (IsConstant(image, rect)) return contexts_only();
  if (small) return plan;
  if (coding == Coding::kThorough) {
    plan.probe = repeats.left_or_above > kHardlyDrawing;
  } else if (repeats.left_and_above > kDrawing) {
    return contexts_only();
  } else {
    plan.probe = repeats.left_or_above > (image.has_alpha() ? kMaybeWithAlpha : kSurelyProbe) ||
                 (repeats.left_or_above > kMaybeDrawing && repeats.small_steps < kSmoothSteps);
  }
  return plan;
}

ProbeVerdict JudgeProbes(size_t smooth_bytes, size_t context_bytes) {
  const double ratio = static_cast<double>(context_bytes) / static_cast<double>(smooth_bytes);
  return ratio <= kClear  ? ProbeVerdict::kContextsOnly
         : ratio < kClose ? ProbeVerdict::kAll
                          : ProbeVerdict::kSmoothOnly;
}

}  // namespace flowzip
