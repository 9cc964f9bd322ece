// SPDX-License-Identifier: BSD-3-Clause
// A tile's RGB as the integers it was converted from (model/colour_conversion.h).
//
// Pixels that no integers convert to, where there are few, are exceptions: the planes hold a
// colour nearby, and the list corrects it. In a file (docs/FORMAT.md 3.9):
//
//   u8 conversion; if it is not 0:
//   varint number of exceptions; if that is not 0: varint size, one rANS stream with one lane
//   of, per exception: the pixels since the one before, then the differences of r, g, b
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "codec/picture/image.h"
#include "model/colour_conversion.h"
#include "model/plane.h"
#include "model/sample_range.h"

namespace flowzip {

struct ColourException {
  uint32_t pixel = 0;                   // in raster order inside the tile
  std::array<int32_t, 3> difference{};  // sample less converted sample; not all 0
};

struct RecoveredColour {
  ColourConversion conversion = ColourConversion::kNone;
  std::vector<ColourException> exceptions;  // by rising pixel
  std::array<SamplePlane, kChannels> planes;  // y, c1, c2 from Recover; as decoded from Read

  // The tile's conversion, if all but a few pixels have a preimage and if that is no accident
  // of a few colours; else kNone and no planes. These have that border, which is not set.
  static RecoveredColour Recover(const Image& image, const Rect& rect, int border = 0);

  // For a tile of so many pixels; both give the exceptions' size in bytes.
  void Write(uint64_t pixels, ByteWriter& writer, size_t* exception_bytes) const;
  static RecoveredColour Read(uint64_t pixels, ByteReader& reader, size_t* exception_bytes);
  // The exceptions' information, which is whole bits.
  uint64_t ExceptionBits(uint64_t pixels) const;

  // Throws kCorrupt if the ranges hold values that the conversion has no meaning for.
  void CheckRanges(const std::array<SampleRange, kChannels>& ranges) const;

  // In place: planes of y, c1, c2 (values in range) to r, g, b, exceptions corrected. May leave
  // samples outside 0..255 if the exceptions say so.
  void ToRgb(std::array<SamplePlane, kChannels>& ycc) const;
};

}  // namespace flowzip
