// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/network/colour_lattice.h"

#include <cstdlib>

namespace flowzip {

const std::bitset<ColourLattice::kPlaces>& ColourLattice::Differences() {
  static const std::bitset<kPlaces> all = [] {
    std::bitset<kPlaces> differences;
    for (int32_t c1 = -128; c1 < 128; ++c1) {
      for (int32_t c2 = -128; c2 < 128; ++c2) {
        // model/colour_conversion.h, less y.
        const int32_t red = (91881 * c2 + 32768) >> 16, blue = (116130 * c1 + 32768) >> 16;
        const int32_t green = (32768 - 22554 * c1 - 46802 * c2) >> 16;
        if (std::abs(red - green) > kMost || std::abs(blue - green) > kMost) continue;
        differences.set(Place(red - green, blue - green));
      }
    }
    return differences;
  }();
  return all;
}

}  // namespace flowzip
