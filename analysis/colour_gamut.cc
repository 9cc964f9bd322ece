// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/colour_gamut.h"

#include <algorithm>

#include "model/plane.h"

namespace flowzip {
namespace {

constexpr SampleRange kNothing{INT32_MAX, INT32_MIN};

void Widen(SampleRange& range, int32_t value) {
  range.min = std::min(range.min, value);
  range.max = std::max(range.max, value);
}

int Span(const SampleRange& range) { return range.max - range.min + 1; }

}  // namespace

ColourGamut::ColourGamut() { ranges_.fill({0, 255}); }

ColourGamut::ColourGamut(const Lifting1x1& lifting) {
  // Twice over all colours, a plane of 256 x 256 at a time: for the ranges, then the rest.
  const auto for_each = [&](const auto& fn) {
    for (int r = 0; r < 256; ++r) {
      std::array<IntPlane, kChannels> planes;
      for (IntPlane& plane : planes) plane = IntPlane(256, 256);
      for (int g = 0; g < 256; ++g) {
        for (int b = 0; b < 256; ++b) {
          planes[0].At(b, g) = r;
          planes[1].At(b, g) = g;
          planes[2].At(b, g) = b;
        }
      }
      lifting.Forward(planes);
      for (int g = 0; g < 256; ++g) {
        for (int b = 0; b < 256; ++b) {
          fn(planes[0].At(b, g), planes[1].At(b, g), planes[2].At(b, g));
        }
      }
    }
  };
  ranges_.fill(kNothing);
  for_each([&](int32_t u, int32_t v, int32_t w) {
    Widen(ranges_[0], u);
    Widen(ranges_[1], v);
    Widen(ranges_[2], w);
  });
  second_.resize(Span(ranges_[0]), kNothing);
  third_.resize(second_.size() * Span(ranges_[1]), kNothing);
  for_each([&](int32_t u, int32_t v, int32_t w) {
    Widen(second_[u - ranges_[0].min], v);
    Widen(third_[size_t(u - ranges_[0].min) * Span(ranges_[1]) + (v - ranges_[1].min)], w);
  });
}

SampleRange ColourGamut::Given(int channel, const int32_t* before) const {
  if (channel == 0 || second_.empty()) return ranges_[channel];
  const size_t first = before[0] - ranges_[0].min;
  if (channel == 1) return second_[first];
  return third_[first * Span(ranges_[1]) + (before[1] - ranges_[1].min)];
}

}  // namespace flowzip
