// SPDX-License-Identifier: BSD-3-Clause
// Planes that are visited row by row, with the border that filters read.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "model/plane.h"
#include "model/sample_range.h"

namespace flowzip {

using RasterPlane = Plane<int16_t>;
inline constexpr int kRasterBorder = 16;  // to the right, that whole blocks and NEE can be read

inline RasterPlane NewRasterPlane(int width, int height) {
  return RasterPlane::Unset(width, height, kRasterBorder);
}
inline RasterPlane ConstantRasterPlane(int width, int height, int32_t value) {
  RasterPlane plane = NewRasterPlane(width, height);
  plane.Fill(static_cast<int16_t>(value));
  return plane;
}

// Sets the border of a row whose samples are set: to the left the first sample of the row above,
// `first` in row 0; to the right the last sample.
inline void ExtendRow(RasterPlane& plane, int y, int16_t first) {
  int16_t* row = plane.Row(y);
  row[-1] = row[-2] = y > 0 ? plane.Row(y - 1)[0] : first;
  std::fill(row + plane.width(), row + plane.width() + kRasterBorder, row[plane.width() - 1]);
}

// For row 1, the row above row 0 is row 0 once more.
inline void RepeatFirstRow(RasterPlane& plane) {
  std::copy_n(plane.Row(0) - kRasterBorder, plane.stride(), plane.Row(-1) - kRasterBorder);
}

// For the last row's taps below, of later channels.
inline void RepeatLastRow(RasterPlane& plane) {
  const int last = plane.height() - 1;
  std::copy_n(plane.Row(last) - kRasterBorder, plane.stride(),
              plane.Row(last + 1) - kRasterBorder);
}

// What row 0 begins with.
inline int16_t MiddleOf(const SampleRange& range) {
  return static_cast<int16_t>((range.min + range.max) >> 1);
}

// Sets the border of a plane whose samples are set.
inline void ExtendPlane(RasterPlane& plane, const SampleRange& range) {
  for (int y = 0; y < plane.height(); ++y) ExtendRow(plane, y, MiddleOf(range));
  RepeatFirstRow(plane);
  RepeatLastRow(plane);
}

// The planes that a channel's filters read: those of the channels before, and its own.
using PlaneRefs = std::array<const RasterPlane*, kChannels>;
inline PlaneRefs RefsTo(const RasterPlane* planes, int channel) {
  PlaneRefs refs{};
  for (int c = 0; c <= channel; ++c) refs[static_cast<size_t>(c)] = planes + c;
  return refs;
}

}  // namespace flowzip
