// SPDX-License-Identifier: BSD-3-Clause
// What the raster coder knows of a channel: neighbours, filters, contexts (docs/FORMAT.md 3.13).
//
// Samples are visited row by row. Each is predicted by a linear filter of its neighbours and of
// the same place in earlier channels; the tile's blocks choose among a few filters, which the
// encoder has fitted. The residual's distribution depends on how large those around it are.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "codec/coders/raster/raster_symbols.h"
#include "model/adaptive_coupling.h"
#include "model/plane.h"
#include "model/raster_row.h"

namespace flowzip {

struct RasterTap {
  int dx, dy;
};
// Of the channel itself, W and WW first. The first's weight follows from the others: they add up
// to 1.
inline constexpr std::array<RasterTap, 14> kOwnTaps{{{-1, 0},
                                                     {-2, 0},
                                                     {0, -1},
                                                     {-1, -1},
                                                     {1, -1},
                                                     {0, -2},
                                                     {1, -2},
                                                     {2, -1},
                                                     {-2, -1},
                                                     {-1, -2},
                                                     {2, -2},
                                                     {-2, -2},
                                                     {3, -1},
                                                     {0, -3}}};
// Of each earlier channel, W first: the sample itself and those on all sides of it. The first's
// weight follows: they add up to 0.
inline constexpr std::array<RasterTap, 9> kCrossTaps{
    {{-1, 0}, {0, 0}, {0, -1}, {-1, -1}, {1, -1}, {1, 0}, {0, 1}, {-1, 1}, {1, 1}}};
inline constexpr int kFirstTaps = 2;  // W and WW, in the row being decoded
constexpr int RasterTaps(int channel) {
  return static_cast<int>(kOwnTaps.size() + kCrossTaps.size() * static_cast<size_t>(channel));
}
inline constexpr int32_t kMaxRasterWeight = 2047;  // of the free ones, in 2^-kRasterWeightBits

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
static_assert(RasterTaps(2) < kMaxRasterTaps && RasterEnergies(2) <= kMaxRasterTaps);

// A channel's side information.
struct RasterModel {
  int filter_count = 1;
  RasterWeights filters[kMaxRasterFilters] = {};  // own taps, then each earlier channel's
  std::vector<uint8_t> labels;                    // a filter for each block, by rows
  RasterWeights energies[1] = {};
  int32_t bias = 0;  // 0..255: what is added to the energy, in 1/16
  RasterTables tables;

  // Derives the first weight of each group of taps.
  void CompleteFilters(int channel);
};

constexpr int RasterBlocks(int samples) { return (samples + kRasterBlock - 1) / kRasterBlock; }

using RasterPlane = Plane<int16_t>;
inline constexpr int kRasterBorder = 16;  // to the right, that whole blocks and NEE can be read

// Of the streams: the next sample's context waits for this sample, not for the coder.
inline constexpr int kRasterLanes = 1;

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

// Row 0 has this filter: the sample to the left.
inline constexpr RasterWeights kFirstRowFilter[1] = {{1 << kRasterWeightBits}};

// The planes that a channel's filters read: those of the channels before, and its own.
using PlaneRefs = std::array<const RasterPlane*, kChannels>;
inline PlaneRefs RefsTo(const RasterPlane* planes, int channel) {
  PlaneRefs refs{};
  for (int c = 0; c <= channel; ++c) refs[static_cast<size_t>(c)] = planes + c;
  return refs;
}

// Where the taps of row y begin. Row -1, which only the first row's filter meets, is any.
using RasterRows = std::array<const int16_t*, kMaxRasterTaps>;
RasterRows FilterRows(const PlaneRefs& planes, int channel, int y);
// The same for the energies, for any y. Row -1 of each plane of magnitudes is zero.
RasterRows EnergyRows(const RasterPlane* magnitudes, int channel, int y);
// All rows set except row -1, which is set here, and their borders.
void ClearAbove(RasterPlane& magnitudes);

// A prediction in 1/8 and what follows from it.
struct RasterPrediction {
  int32_t eighths;
  RasterPrediction(int32_t sum, const SampleRange& range)
      : eighths(std::clamp((sum + 16) >> 5, 8 * range.min, 8 * range.max)) {}
  int32_t nearest() const { return (eighths + 4) >> 3; }
  int32_t rest() const { return eighths - 8 * nearest(); }  // -4..3
  // Whether residuals are negated, so that the likelier ones are positive.
  bool negated() const { return rest() < 0; }
  bool far() const { return rest() >= 2 || rest() <= -2; }
  int32_t magnitude(int32_t sample) const {
    const int32_t d = 8 * sample - eighths;
    return d < 0 ? -d : d;
  }
};

}  // namespace flowzip
