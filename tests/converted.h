// SPDX-License-Identifier: BSD-3-Clause
// Pictures that were integers of another colour space once.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "codec/picture/image.h"
#include "model/colour_conversion.h"
#include "model/sample_range.h"
#include "model/plane.h"

namespace flowzip::testing {

// The picture as if it had been (y, c1, c2) of this conversion. With `half`, c1 and c2 are kept
// at every other column and, unless `rows` are all kept, at every other row, and interpolated to
// integers between. So many pixels, evenly spaced, are then moved off the lattice.
inline Image Converted(const Image& image, int conversion, int exceptions, bool half = false,
                       bool rows = false) {
  const ColourConverter& converter = ColourConverter::Of(static_cast<ColourConversion>(conversion));
  const int width = static_cast<int>(image.width), height = static_cast<int>(image.height);
  std::array<SamplePlane, kChannels> planes;
  for (SamplePlane& plane : planes) plane = SamplePlane(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const uint8_t* p = &image.samples[(size_t(y) * image.width + size_t(x)) * 3];
      const Colour ycc = converter.Nearest({p[0], p[1], p[2]});
      for (int c = 0; c < kChannels; ++c) planes[c].Row(y)[x] = ycc[c];
    }
  }
  for (int c = 1; half && c < kChannels; ++c) {
    SamplePlane& plane = planes[c];
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const int x0 = x & ~1, y0 = rows ? y : y & ~1;
        const int x1 = x % 2 != 0 && x0 + 2 < width ? x0 + 2 : x0;
        const int y1 = !rows && y % 2 != 0 && y0 + 2 < height ? y0 + 2 : y0;
        if (x == x0 && y == y0) continue;
        plane.Row(y)[x] =
            (plane.At(x0, y0) + plane.At(x1, y0) + plane.At(x0, y1) + plane.At(x1, y1) + 2) >> 2;
      }
    }
  }
  Image result = image;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const Colour rgb =
          converter.ToRgb({planes[0].At(x, y), planes[1].At(x, y), planes[2].At(x, y)});
      for (size_t c = 0; c < 3; ++c) {
        result.samples[(size_t(y) * image.width + size_t(x)) * 3 + c] = uint8_t(rgb[c]);
      }
    }
  }
  for (int i = 0; i < exceptions; ++i) {
    const size_t pixels = size_t{image.width} * image.height;
    uint8_t* p = &result.samples[3 * (pixels * static_cast<size_t>(i) / exceptions)];
    Colour ycc;
    while (converter.FindPreimage({p[0], p[1], p[2]}, {0, 0, 0}, &ycc)) ++p[1];
  }
  return result;
}

}  // namespace flowzip::testing
