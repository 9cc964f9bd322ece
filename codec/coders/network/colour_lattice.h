// SPDX-License-Identifier: BSD-3-Clause
// Which values of a tile's last plane make colours that a JPEG decoder can have made.
//
// JFIF's conversion reaches one RGB colour in four (model/colour_conversion.h). Where pictures
// were JPEG files once and have been scaled or retouched since, smooth parts still lie on that
// lattice (40 to 80 % of the pixels of photographs from the web), if not all of the picture, as
// recovered_colour.h wants it.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>

#include "model/colour_conversion.h"

namespace flowzip {

// What a tile's planes are.
enum class PlaneColours : uint8_t { kOther, kLifted, kGreenFirst };

class ColourLattice {
 public:
  explicit ColourLattice(PlaneColours colours) : colours_(colours) {}

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
    return clipped || differences_.test(Place(rgb[0] - rgb[1], rgb[2] - rgb[1]));
  }

 private:
  static constexpr int32_t kMost = 255;  // of a difference
  static constexpr size_t kPlaces = size_t{512} * 512;
  static size_t Place(int32_t red, int32_t blue) {
    return static_cast<size_t>((red + kMost) * 512 + blue + kMost);
  }
  // Of r - g and b - g: those of all chroma.
  static const std::bitset<kPlaces>& Differences();

  PlaneColours colours_;
  const std::bitset<kPlaces>& differences_ = Differences();
};

}  // namespace flowzip
