// SPDX-License-Identifier: BSD-3-Clause
// Linear predictions of a channel: a few filters, and which of them each block of 8 x 8 has.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "codec/filters/raster_plane.h"
#include "model/raster_row.h"

namespace flowzip {

struct RasterTap {
  int dx, dy;
};
// Of the channel itself, W and WW first. The first's weight follows from the others (FilterBase).
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
// weight follows.
inline constexpr std::array<RasterTap, 9> kCrossTaps{
    {{-1, 0}, {0, 0}, {0, -1}, {-1, -1}, {1, -1}, {1, 0}, {0, 1}, {-1, 1}, {1, 1}}};
inline constexpr int kFirstTaps = 2;  // W and WW, in the row being decoded
constexpr int RasterTaps(int channel) {
  return static_cast<int>(kOwnTaps.size() + kCrossTaps.size() * static_cast<size_t>(channel));
}
inline constexpr int32_t kMaxFilterBias = 4;
inline constexpr int32_t kMaxRasterWeight = 2047;  // of the free ones, in 2^-kRasterWeightBits
static_assert(RasterTaps(2) <= kMaxRasterTaps);

// The weights of one plane's taps add up to 1, those of the others to 0. Which plane that is: the
// channel itself, or the first of the channels before, where samples lie between its samples.
enum class FilterBase { kOwn, kFirst };

// The sum of a filter's absolute weights. With at most kMaxRasterNorm, weights times samples of 16
// bits fit int32 in any order of summation; FitFilters sees to it.
inline constexpr int32_t kMaxRasterNorm = 32767;
int32_t FilterNorm(const RasterWeights& filter, int channel);

struct LinearFilters {
  FilterBase base = FilterBase::kOwn;
  int filter_count = 1;
  RasterWeights filters[kMaxRasterFilters] = {};  // own taps, then each earlier channel's
  std::vector<uint8_t> labels;                    // a filter for each block, by rows
  // What each filter adds, in 1/8: of the network coder only. Interpolated samples were rounded
  // one way, and are told exactly once that is known.
  std::array<int32_t, kMaxRasterFilters> biases{};

  // Derives the first weight of each group of taps.
  void CompleteFilters(int channel);

  // One filter for all of a plane of that size, on base kFirst: the mean of the first plane's
  // samples at 0..mean_x, 0..mean_y (0 or 1) from here.
  void SetMean(int channel, int mean_x, int mean_y, int width, int height);
};

constexpr int RasterBlocks(int samples) { return (samples + kRasterBlock - 1) / kRasterBlock; }

// Row 0 has this filter: the sample to the left.
inline constexpr RasterWeights kFirstRowFilter[1] = {{1 << kRasterWeightBits}};

// Where the taps of row y begin. Row -1, which only the first row's filter meets, is any.
using RasterRows = std::array<const int16_t*, kMaxRasterTaps>;
RasterRows FilterRows(const PlaneRefs& planes, int channel, int y);

}  // namespace flowzip
