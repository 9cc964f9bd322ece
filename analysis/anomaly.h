// SPDX-License-Identifier: BSD-3-Clause
// Where a picture's surprise stands out against the picture's own statistics.
//
// The bits of a pixel say little by themselves: texture costs more than sky, and is no anomaly.
// So each cell of 8 x 8 pixels, with its neighbours (24 x 24 pixels), is described by what is left
// of its bits once local activity is accounted for:
//
//   - bits per site and channel, minus what a robust linear fit over the whole picture predicts
//     from the model's own expectation, its answer to "how busy is it here?", and from brightness;
//   - that expectation of colours, minus what brightness predicts;
//   - the calibration score z = sum (bits - mean) / sqrt(sum variance), per channel;
//   - whether surprise keeps to columns or rows with a period of 8, per channel: a chi-square
//     over the phases. White for a true density; a JPEG's blocks break it.
//
// A cell's distance (robust.h) from the bulk of the cells, averaged over 3 x 3 cells on a
// logarithmic scale, as a robust z-score over the picture: that is the map. Both too much and
// too little surprise count.
#pragma once

#include <cstdint>
#include <vector>

#include "codec/account/pixel_bits.h"
#include "codec/picture/image.h"

namespace flowzip {

inline constexpr uint32_t kAnomalyCell = 8;

struct AnomalyMap {
  uint32_t width = 0, height = 0;  // of the picture
  std::vector<float> score;        // per pixel, interpolated between cells

  float At(uint32_t x, uint32_t y) const { return score[size_t{y} * width + x]; }
};

// `bits` must have been made with_detail. Pictures of less than 10 x 10 cells have no statistics
// to stand out against: all zeros.
AnomalyMap FindAnomalies(const PixelBits& bits);

// A connected set of pixels (4 neighbours) scoring above the threshold.
struct AnomalyRegion {
  Rect box;
  uint64_t pixels = 0;
  float peak = 0;
};

// Sorted by peak, highest first; those smaller than a cell are left out.
std::vector<AnomalyRegion> FindRegions(const AnomalyMap& map, float threshold);

}  // namespace flowzip
