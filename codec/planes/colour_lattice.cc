// SPDX-License-Identifier: BSD-3-Clause
#include "codec/planes/colour_lattice.h"

#include <cstdlib>

namespace flowzip {

ColourLattice::Table ColourLattice::MakeDifferences(bool lifted) {
  Table table{};
  for (int32_t c1 = -128; c1 < 128; ++c1) {
    for (int32_t c2 = -128; c2 < 128; ++c2) {
      // model/colour_conversion.h, less y.
      const int32_t red = (91881 * c2 + 32768) >> 16, blue = (116130 * c1 + 32768) >> 16;
      const int32_t green = (32768 - 22554 * c1 - 46802 * c2) >> 16;
      const int32_t row = red - (lifted ? blue : green);
      const int32_t column = lifted ? green - blue : blue - green;
      if (std::abs(row) > kMost || std::abs(column) > kMost) continue;
      const uint32_t place = Place(row, column);
      table[place >> 3] = static_cast<uint8_t>(table[place >> 3] | 1u << (place & 7));
    }
  }
  return table;
}

const ColourLattice::Table& ColourLattice::Differences(bool lifted) {
  if (lifted) {
    static const Table table = MakeDifferences(true);
    return table;
  }
  static const Table table = MakeDifferences(false);
  return table;
}

}  // namespace flowzip
