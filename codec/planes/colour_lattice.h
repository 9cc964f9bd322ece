// SPDX-License-Identifier: BSD-3-Clause
// Which values of a tile's last plane make colours that a JPEG decoder can have made.
//
// JFIF's conversion reaches one RGB colour in four (model/colour_conversion.h). Where pictures
// were JPEG files once and have been scaled or retouched since, smooth parts still lie on that
// lattice (40 to 80 % of the pixels of photographs from the web), if not all of the picture, as
// recovered_colour.h wants it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "model/colour_conversion.h"
#include "model/skewed_plane.h"

namespace flowzip {

// What a tile's planes are.
enum class PlaneColours : uint8_t { kOther, kLifted, kGreenFirst };
// Of so many channels, alpha not counted, of up to 8 bits.
inline PlaneColours ColoursOf(int channels, ColourConversion conversion) {
  return channels != 3 || IsRecovered(conversion)      ? PlaneColours::kOther
         : conversion == ColourConversion::kGreenFirst ? PlaneColours::kGreenFirst
                                                       : PlaneColours::kLifted;
}

class ColourLattice {
 public:
  explicit ColourLattice(PlaneColours colours)
      : colours_(colours),
        table_(colours == PlaneColours::kOther ? nullptr
                                               : &Differences(colours == PlaneColours::kLifted)) {}

  // Whether there is anything to know of plane `channel`: the last of 8-bit RGB.
  bool Knows(int channel) const { return channel == 2 && colours_ != PlaneColours::kOther; }

  // Red, green, blue of the three planes' values.
  Colour Rgb(int32_t first, int32_t second, int32_t third) const {
    if (colours_ != PlaneColours::kLifted) return {second, first, third};
    const int32_t rest = first - (third >> 1);  // Y, Co, Cg (lifting1x1.cc)
    const int32_t blue = rest - (second >> 1);
    return {blue + second, third + rest, blue};
  }

  // Whether a JPEG decoder can have made their colour: brightness is added to all three alike, so
  // it is r - g and b - g that tell, but where one was clipped. Of those all count.
  bool Has(int32_t first, int32_t second, int32_t third) const {
    const Colour rgb = Rgb(first, second, third);
    bool clipped = false;
    for (const int32_t v : rgb) {
      if (v < 0 || v > 255) return false;
      clipped = clipped || v == 0 || v == 255;
    }
    return clipped || (Bits(first, second, third) & 1) != 0;
  }
  // Of the colours to the west, north, north-west and north-east of a site, how many it can have
  // made: from the site in each plane.
  int Neighbours(const int32_t* first, const int32_t* second, const int32_t* third) const {
    int count = 0;
    for (const ptrdiff_t at :
         {Beside::kWest, Beside::kNorth, Beside::kNorthWest, Beside::kNorthEast}) {
      count += Has(first[at], second[at], third[at]) ? 1 : 0;
    }
    return count;
  }
  // Has(first, second, third + k) as bit k < count, which is at most 9.
  uint32_t Mask(int32_t first, int32_t second, int32_t third, int count) const {
    bool clipped = false;
    for (const int32_t end : {third, third + count - 1}) {
      for (const int32_t v : Rgb(first, second, end)) clipped = clipped || v <= 0 || v >= 255;
    }
    if (!clipped) return Bits(first, second, third) & ((1u << count) - 1);
    uint32_t mask = 0;
    for (int k = 0; k < count; ++k) mask |= uint32_t{Has(first, second, third + k)} << k;
    return mask;
  }

 private:
  static constexpr int32_t kMost = 255;  // of a difference
  static constexpr int32_t kRow = 512;
  // A bit for each pair of differences: of r - g and b - g, or of r - b and g - b, so that a step
  // of the third plane is the next bit.
  using Table = std::array<uint8_t, size_t{kRow} * kRow / 8 + 1>;
  static Table MakeDifferences(bool lifted);
  static const Table& Differences(bool lifted);
  static uint32_t Place(int32_t row, int32_t column) {
    return static_cast<uint32_t>((row + kMost) * kRow + column + kMost);
  }

  // The bit of a colour that is none of the clipped ones, and the next eight at least.
  uint32_t Bits(int32_t first, int32_t second, int32_t third) const {
    const bool lifted = colours_ == PlaneColours::kLifted;
    const int32_t row = lifted ? second : second - first;
    const int32_t column = third + (lifted ? second >> 1 : -first);
    const uint32_t place = Place(row, column);
    const uint8_t* at = table_->data() + (place >> 3);
    return static_cast<uint32_t>(at[0] | at[1] << 8) >> (place & 7);
  }

  PlaneColours colours_;
  const Table* table_;  // made when it is first asked for
};

}  // namespace flowzip
