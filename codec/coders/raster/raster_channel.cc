// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/raster/raster_channel.h"

namespace flowzip {

RasterRows EnergyRows(const RasterPlane* magnitudes, int channel, int y) {
  RasterRows rows{};
  size_t at = 0;
  for (const RasterTap& tap : kOwnEnergies) {
    rows[at++] = magnitudes[channel].Row(std::max(y + tap.dy, -1)) + tap.dx;
  }
  for (int c = 0; c < channel; ++c) {
    const int last = magnitudes[c].height() - 1;
    for (const RasterTap& tap : kCrossEnergies) {
      rows[at++] = magnitudes[c].Row(std::min(y + tap.dy, last)) + tap.dx;
    }
  }
  return rows;
}

void ClearAbove(RasterPlane& magnitudes) {
  std::fill_n(magnitudes.Row(-1) - kRasterBorder, magnitudes.stride(), int16_t{0});
}

}  // namespace flowzip
