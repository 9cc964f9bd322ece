// SPDX-License-Identifier: BSD-3-Clause
// What the raster coder knows of a channel: neighbours, filters, contexts (docs/FORMAT.md 3.10).
//
// Samples are visited row by row. Each is predicted by a linear filter of its neighbours and of
// the same place in earlier channels; the tile's blocks choose among a few filters, which the
// encoder has fitted. The residual's distribution depends on how large those around it are.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "codec/coders/raster/raster_symbols.h"
#include "codec/filters/linear_filters.h"
#include "codec/planes/colour_lattice.h"

namespace flowzip {

// Residuals' magnitudes are kept in 1/8. Those that say what to expect: of the channel itself
// W, WW, N, NW, NE, NN, of each earlier channel here, E, S.
inline constexpr std::array<RasterTap, 6> kOwnEnergies{
    {{-1, 0}, {-2, 0}, {0, -1}, {-1, -1}, {1, -1}, {0, -2}}};
inline constexpr std::array<RasterTap, 3> kCrossEnergies{{{0, 0}, {1, 0}, {0, 1}}};
constexpr int RasterEnergies(int channel) {
  return static_cast<int>(kOwnEnergies.size() +
                          kCrossEnergies.size() * static_cast<size_t>(channel));
}
inline constexpr int kEnergyBits = 6;  // of their weights, 0..255
static_assert(RasterEnergies(2) <= kMaxRasterTaps);

// A channel's side information.
struct RasterModel : LinearFilters {
  RasterWeights energies[1] = {};
  int32_t bias = 0;  // 0..255: what is added to the energy, in 1/16
  RasterTables tables;
};

// Of the streams: the next sample's context waits for this sample, not for the coder.
inline constexpr int kRasterLanes = 1;

// As FilterRows, for the energies and any y. Row -1 of each plane of magnitudes is zero.
RasterRows EnergyRows(const RasterPlane* magnitudes, int channel, int y);
// All rows set except row -1, which is set here, and their borders.
void ClearAbove(RasterPlane& magnitudes);

// A prediction in 1/8 and what follows from it.
struct RasterPrediction {
  int32_t eighths;
  bool at_max, at_end;  // nearest() is the range's last value, is one of its ends
  RasterPrediction(int32_t sum, const SampleRange& range)
      : eighths(std::clamp((sum + 16) >> 5, 8 * range.min, 8 * range.max)),
        at_max(nearest() == range.max),
        at_end(at_max || nearest() == range.min) {}
  int32_t nearest() const { return (eighths + 4) >> 3; }
  int32_t rest() const { return eighths - 8 * nearest(); }  // -4..3
  // Whether residuals are negated, so that the likelier ones are positive.
  bool negated() const { return rest() < 0 || at_max; }
  bool far() const { return rest() >= 2 || rest() <= -2; }
  // Which of the nearest sample (1) and the likelier one beside it (2) are on the lattice.
  int on_lattice(const ColourLattice& lattice, int32_t first, int32_t second) const {
    const uint32_t mask = lattice.Mask(first, second, nearest() - 1, 3);
    return static_cast<int>((mask >> 1 & 1) | (mask >> (negated() ? 0 : 2) & 1) << 1);
  }
  int32_t magnitude(int32_t sample) const {
    const int32_t d = 8 * sample - eighths;
    return d < 0 ? -d : d;
  }
};

}  // namespace flowzip
