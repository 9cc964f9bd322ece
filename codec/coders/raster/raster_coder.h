// SPDX-License-Identifier: BSD-3-Clause
// The raster coder: planes of integers, sample by sample in raster order (docs/FORMAT.md 3.10).
//
// Sample less prediction, each predicted from those before it, is a triangular map and so a
// bijection of volume one: an autoregressive flow (Papamakarios et al. 2021, section 3.1) in
// integers, with linear conditioners that are fitted to the tile instead of trained.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/thread_pool.h"
#include "codec/coders/raster/raster_channel.h"
#include "model/sample_range.h"

namespace flowzip {

using RasterRanges = std::array<SampleRange, kChannels>;

// One string of bytes for each of `channels` planes; empty where the range is one value. Samples
// lie in their ranges, and these in +-kMaxRasterSample. `bits`, if given, gets those of each
// sample added, by rows, all channels together.
inline constexpr int32_t kMaxRasterSample = 1023;
// `samples` have the border of NewRasterPlane.
std::vector<std::vector<uint8_t>> EncodeRaster(std::array<RasterPlane, kChannels> samples,
                                               int channels, PlaneColours colours,
                                               const RasterRanges& ranges, ThreadPool& pool,
                                               std::vector<float>* bits);

// `channels` planes, the others empty. Throws kTruncated or kCorrupt.
std::array<RasterPlane, kChannels> DecodeRaster(const std::vector<ByteSpan>& streams, int channels,
                                                PlaneColours colours, const RasterRanges& ranges,
                                                int width, int height);

}  // namespace flowzip
