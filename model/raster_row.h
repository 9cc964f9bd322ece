// SPDX-License-Identifier: BSD-3-Clause
// The inner loops of the raster coder (codec/coders/raster/raster_coder.h). The functions of
// raster_scalar are the definitions; the Highway kernels behind the plain names equal them exactly.
#pragma once

#include <cstdint>

namespace flowzip {

// Neighbouring samples that share a filter: a block is that many columns and rows.
inline constexpr int kRasterBlock = 8;
inline constexpr int kRasterSites = kRasterBlock * kRasterBlock;
inline constexpr int kMaxRasterTaps = 34;  // of a filter, an even number
inline constexpr int kMaxRasterFilters = 16;

using RasterWeights = int16_t[kMaxRasterTaps];

// out[x] = sum over k < taps of filters[label[x / kRasterBlock]][k] * rows[k][x], which must fit
// int32, for 0 <= x < width rounded up to whole blocks: rows and out extend so far. Without
// labels, all of the row has the first filter.
void RasterSums(const int16_t* const* rows, int taps, const RasterWeights* filters,
                const uint8_t* label, int width, int32_t* out);

// What each filter would leave of a block: cost[f] = sum over the sites t of
// |(target[t] << kRasterWeightBits) - sum over k of filters[f][k] * x_k[t]| >> kRasterCostShift,
// with all sums in int32. Samples come as pairs of taps: pairs[p][2 t] and [2 t + 1] are x_2p[t]
// and x_2p+1[t]; `pair_count` of them, at most kMaxRasterTaps / 2.
inline constexpr int kRasterWeightBits = 8;
inline constexpr int kRasterCostShift = 5;
using RasterPair = int16_t[2 * kRasterSites];
void RasterCosts(const RasterPair* pairs, int pair_count, const int16_t* target,
                 const RasterWeights* filters, int filter_count, uint32_t* cost);

namespace raster_scalar {
void RasterSums(const int16_t* const* rows, int taps, const RasterWeights* filters,
                const uint8_t* label, int width, int32_t* out);
void RasterCosts(const RasterPair* pairs, int pair_count, const int16_t* target,
                 const RasterWeights* filters, int filter_count, uint32_t* cost);
}  // namespace raster_scalar

}  // namespace flowzip
