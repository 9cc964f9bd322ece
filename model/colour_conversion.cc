// SPDX-License-Identifier: BSD-3-Clause
#include "model/colour_conversion.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>

namespace flowzip {
namespace {

constexpr int32_t FloorDivide(int32_t a, int32_t b) { return a / b - (a % b < 0); }
constexpr int32_t CeilDivide(int32_t a, int32_t b) { return a / b + (a % b > 0); }

int32_t Clip(int32_t v) { return std::clamp(v, 0, 255); }

}  // namespace

const char* ColourConversionName(ColourConversion conversion) {
  switch (conversion) {
    case ColourConversion::kJfif: return "JFIF YCbCr";
    case ColourConversion::kPhotoCd: return "PhotoCD YCC";
    case ColourConversion::kGreenFirst: return "green first";
    case ColourConversion::kNone: break;
  }
  return "none";
}

ColourConverter::ColourConverter(ColourConversion conversion) {
  Chroma &c1 = chroma_[0], &c2 = chroma_[1];
  if (conversion == ColourConversion::kJfif) {
    unit_ = luma_ = 65536;
    half_ = 32768;
    c1.min = c2.min = -128;
    c1.step = 116130;
    c2.step = 91881;
    for (int i = 0; i < 256; ++i) {
      c1.green[i] = 22554 * (c1.min + i);
      c2.green[i] = 46802 * (c2.min + i);
    }
  } else {
    assert(conversion == ColourConversion::kPhotoCd);
    unit_ = 10000;
    luma_ = 13584;
    half_ = 0;
    c1.min = -156;
    c2.min = -137;
    c1.step = 22179;
    c2.step = 18215;
    for (int i = 0; i < 256; ++i) {
      c1.green[i] = 1940 * Floor(c1.step * (c1.min + i)) + 1;
      c2.green[i] = 5090 * Floor(c2.step * (c2.min + i));
    }
  }
  inverse_ = (int64_t{unit_} << 36) / (int64_t{1000} * luma_);
  for (Chroma& chroma : chroma_) chroma.inverse = (int64_t{1} << 44) / chroma.step;
}

bool ColourConverter::FindInner(const Colour& rgb, Colour* ycc) const {
  // 0.299 r + 0.587 g + 0.114 b is y in JFIF and some 0.3 below 1.3584 y in PhotoCD, whose
  // colours are rounded down, but for the rounding: it suffices to try the y beside.
  const int64_t sum = 299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + (half_ > 0 ? 500 : 974);
  const auto middle = static_cast<int32_t>((sum * inverse_) >> 36);
  for (const int32_t y : {middle, middle - 1, middle + 1, middle - 2}) {
    if (y < 0 || y > kMaxLuma) continue;
    const int32_t luma = luma_ * y + half_;
    int32_t green = luma - rgb[1] * unit_;
    bool fits = true;
    for (int which = 1; which <= 2 && fits; ++which) {
      // The least c with low <= step * c, which must be < low + unit.
      const Chroma& chroma = chroma_[which - 1];
      const int32_t low = rgb[which == 1 ? 2 : 0] * unit_ - luma;
      auto c = static_cast<int32_t>(((int64_t{low} + chroma.step - 1) * chroma.inverse) >> 44);
      c -= chroma.step * (c - 1) >= low;
      c += chroma.step * c < low;
      fits = chroma.step * c < low + unit_ && c >= chroma.min && c < chroma.min + 256;
      if (fits) green -= Green(which, c);
      (*ycc)[which] = c;
    }
    if (fits && green >= 0 && green < unit_) {
      (*ycc)[0] = y;
      return true;
    }
  }
  return false;
}

const ColourConverter& ColourConverter::Of(ColourConversion conversion) {
  static const ColourConverter jfif(ColourConversion::kJfif), photo_cd(ColourConversion::kPhotoCd);
  return conversion == ColourConversion::kJfif ? jfif : photo_cd;
}

bool ColourConverter::InRange(const Colour& ycc) const {
  return ycc[0] >= 0 && ycc[0] <= kMaxLuma && ycc[1] >= min_chroma(1) && ycc[1] <= max_chroma(1) &&
         ycc[2] >= min_chroma(2) && ycc[2] <= max_chroma(2);
}

Colour ColourConverter::ToRgb(const Colour& ycc) const {
  assert(InRange(ycc));
  const int32_t luma = luma_ * ycc[0] + half_;
  return {Clip(Floor(luma + chroma_[1].step * ycc[2])),
          Clip(Floor(luma - Green(1, ycc[1]) - Green(2, ycc[2]))),
          Clip(Floor(luma + chroma_[0].step * ycc[1]))};
}

Colour ColourConverter::Nearest(const Colour& rgb) const {
  // The middles of what is floored. Brightness by 0.299 r + 0.587 g + 0.114 b, which in both
  // conversions the chroma cancels out of but for 1 in 500.
  const int32_t twice = unit_ - 2 * half_;
  const int32_t sum = 299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2];
  const int64_t scaled = int64_t{sum} * unit_ + 500 * twice;
  const int64_t y =
      std::clamp<int64_t>((scaled + int64_t{500} * luma_) / (int64_t{1000} * luma_), 0, kMaxLuma);
  Colour ycc{static_cast<int32_t>(y), 0, 0};
  for (int which = 1; which <= 2; ++which) {
    const int32_t sample = which == 1 ? rgb[2] : rgb[0], step = chroma_[which - 1].step;
    const int32_t middle = sample * unit_ + twice / 2 - luma_ * ycc[0];
    ycc[which] =
        std::clamp(FloorDivide(middle + step / 2, step), min_chroma(which), max_chroma(which));
  }
  return ycc;
}

ColourConverter::Span ColourConverter::OwnSpan(int which, int32_t scaled_luma,
                                               int32_t sample) const {
  // sample * unit <= luma + step * c < (sample + 1) * unit, open where clipped.
  const int32_t step = chroma_[which - 1].step, low = sample * unit_ - scaled_luma;
  Span span{min_chroma(which), max_chroma(which)};
  if (sample > 0) span.lo = std::max(span.lo, CeilDivide(low, step));
  if (sample < 255) span.hi = std::min(span.hi, CeilDivide(low + unit_, step) - 1);
  return span;
}

ColourConverter::Span ColourConverter::GreenSpan(int which, Span span, int32_t low,
                                                 int32_t high) const {
  const Chroma& chroma = chroma_[which - 1];
  const int32_t* green = chroma.green.data() - chroma.min;
  if (span.empty() || green[span.lo] > high || green[span.hi] < low) return {1, 0};
  span.lo =
      static_cast<int32_t>(std::lower_bound(green + span.lo, green + span.hi + 1, low) - green);
  span.hi =
      static_cast<int32_t>(std::upper_bound(green + span.lo, green + span.hi + 1, high) - green) -
      1;
  return span;
}

bool ColourConverter::FindChroma(int32_t y, const Colour& rgb, const Colour& near, Colour* ycc,
                                 int32_t* distance) const {
  const int32_t luma = luma_ * y + half_;
  const std::array<Span, 2> span{OwnSpan(1, luma, rgb[2]), OwnSpan(2, luma, rgb[0])};
  if (span[0].empty() || span[1].empty()) return false;
  // What the two may take off green: luma - sum in [g * unit, (g + 1) * unit).
  constexpr int32_t kOpen = 1 << 30;
  const int32_t low = rgb[1] < 255 ? luma - (rgb[1] + 1) * unit_ + 1 : -kOpen;
  const int32_t high = rgb[1] > 0 ? luma - rgb[1] * unit_ : kOpen;
  if (Green(1, span[0].lo) + Green(2, span[1].lo) > high ||
      Green(1, span[0].hi) + Green(2, span[1].hi) < low) {
    return false;
  }
  bool found = false;
  // One chroma as near as can be, outwards until the other fits; then the other way round.
  for (const int first : {1, 2}) {
    const int other = 3 - first;
    const Span& own = span[first - 1];
    const int32_t start = std::clamp(near[first], own.lo, own.hi);
    for (int32_t away = 0; start - away >= own.lo || start + away <= own.hi; ++away) {
      if (std::abs(start - near[first]) + away >= *distance) break;
      bool fits = false;
      for (const int32_t c : {start - away, start + away}) {
        if (c < own.lo || c > own.hi) continue;
        const int32_t green = Green(first, c);
        const Span rest = GreenSpan(other, span[other - 1], low - green, high - green);
        if (rest.empty()) continue;
        fits = true;
        const int32_t d = std::clamp(near[other], rest.lo, rest.hi);
        const int32_t far = std::abs(c - near[first]) + std::abs(d - near[other]);
        if (far >= *distance) continue;
        *distance = far;
        (*ycc)[0] = y;
        (*ycc)[first] = c;
        (*ycc)[other] = d;
        found = true;
      }
      if (fits) break;
    }
  }
  return found;
}

bool ColourConverter::FindPreimage(const Colour& rgb, const Colour& near, Colour* ycc) const {
  if (!HasMany(rgb)) return FindInner(rgb, ycc);
  constexpr int32_t kFar = 1 << 20;
  const int32_t start = std::clamp(near[0], 0, kMaxLuma), extra = std::abs(near[0] - start);
  int32_t best = kFar;
  for (int32_t away = 0; away <= kMaxLuma && extra + away < best; ++away) {
    for (const int32_t y : {start - away, start + away}) {
      if (y < 0 || y > kMaxLuma) continue;
      int32_t rest = best - extra - away;
      if (FindChroma(y, rgb, near, ycc, &rest)) best = extra + away + rest;
      if (away == 0) break;
    }
  }
  return best < kFar;
}

}  // namespace flowzip
