// SPDX-License-Identifier: BSD-3-Clause
// The network coder: an autoregressive flow in integers (docs/FORMAT.md 3.14).
//
// Channel by channel, a wavefront at a time (model/skewed_plane.h): linear filters, fitted to the
// tile, and a trained network, which sees the neighbours relative to the local error, say how the
// next 16 samples are distributed (model/site_step.h); rANS codes them. Sample less prediction is
// a triangular map of volume one (Papamakarios et al. 2021, section 3.1), and its residuals'
// density is what the network learned by maximum likelihood.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/thread_pool.h"
#include "codec/raster_channel.h"
#include "model/flow_model.h"
#include "model/levels.h"
#include "rans/rans.h"

namespace flowzip {

using NetworkRanges = std::array<SampleRange, kChannels>;
using NetworkPlanes = std::array<RasterPlane, kChannels>;

// One string of bytes for each of `channels` planes (1 or 3); empty where the range is one value.
// Samples lie in their ranges; these are deep if they need more than kMaxRasterSample allows.
// `bits`, if given, gets those of each sample added, by rows, all channels together.
std::vector<std::vector<uint8_t>> EncodeNetwork(const FlowModel& model, NetworkPlanes samples,
                                                int channels, const NetworkRanges& ranges,
                                                ThreadPool& pool, std::vector<float>* bits);

// `channels` planes, the others empty. Throws kTruncated or kCorrupt.
NetworkPlanes DecodeNetwork(const FlowModel& model, const std::vector<ByteSpan>& streams,
                            int channels, const NetworkRanges& ranges, int width, int height,
                            ThreadPool& pool);

// Draws planes from the model, predictions being those of the sample to the left (W + N - NW in
// the middle of nothing): what the flow takes for a picture.
}  // namespace flowzip
