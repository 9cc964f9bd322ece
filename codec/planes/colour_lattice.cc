// SPDX-License-Identifier: BSD-3-Clause
#include "codec/planes/colour_lattice.h"

#include <cstdlib>

namespace flowzip {

const ColourLattice::Table& ColourLattice::Differences(bool lifted) {
  static const std::array<Table, 2> all = [] {
    std::array<Table, 2> tables{};
    const auto set = [](Table& table, int32_t row, int32_t column) {
      if (std::abs(row) > kMost || std::abs(column) > kMost) return;
      const auto place = static_cast<uint32_t>((row + kMost) * kRow + column + kMost);
      table[place >> 3] = static_cast<uint8_t>(table[place >> 3] | 1u << (place & 7));
    };
    for (int32_t c1 = -128; c1 < 128; ++c1) {
      for (int32_t c2 = -128; c2 < 128; ++c2) {
        // model/colour_conversion.h, less y.
        const int32_t red = (91881 * c2 + 32768) >> 16, blue = (116130 * c1 + 32768) >> 16;
        const int32_t green = (32768 - 22554 * c1 - 46802 * c2) >> 16;
        set(tables[0], red - green, blue - green);
        set(tables[1], red - blue, green - blue);
      }
    }
    return tables;
  }();
  return all[lifted ? 1 : 0];
}

}  // namespace flowzip
