// SPDX-License-Identifier: BSD-3-Clause
// The network coder: an autoregressive flow in integers (docs/FORMAT.md 3.12).
//
// Plane by plane, a wavefront at a time (model/skewed_plane.h): linear filters, fitted to the
// tile, and a trained network, which sees the neighbours relative to the local error, say how the
// next 16 samples are distributed (model/site_step.h); rANS codes them. Sample less prediction is
// a triangular map of volume one (Papamakarios et al. 2021, section 3.1), and its residuals'
// density is what the network learned by maximum likelihood.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/thread_pool.h"
#include "codec/account/pixel_bits.h"
#include "codec/account/tile_stats.h"
#include "codec/coders/network/plane_order.h"
#include "codec/planes/colour_lattice.h"
#include "model/flow_model.h"
#include "model/sample_range.h"

namespace flowzip {

using NetworkRanges = std::array<SampleRange, kChannels>;
using NetworkPlanes = std::array<RasterPlane, kChannels>;

// How a tile's planes are coded.
struct NetworkWay {
  int squeeze = 0;        // plane_order.h
  bool adaptive = false;  // adaptive_sites.h
  PlaneColours colours = PlaneColours::kOther;
  bool means = false;  // the encoder's: what lies between others is known to be their mean
};

// Where a tile's costs are booked: statistics. Either may be null.
struct NetworkAccount {
  TileStats* stats = nullptr;
  PixelBits* map = nullptr;
  Rect rect{};                          // of the tile in the map
  bool turn_x = false, turn_y = false;  // whether the planes are turned over
};

// The planes of a tile of 1 or 3 channels, as one string: for each plane of OrderPlanes that is
// coded and whose channel's range is more than one value, varint length and its bytes
// (plane_coder.h). Samples lie in their ranges.
std::vector<uint8_t> EncodeNetwork(const FlowModel& model, NetworkPlanes samples, int channels,
                                   const NetworkWay& way, const NetworkRanges& ranges,
                                   ThreadPool& pool, const NetworkAccount& account);

// `channels` planes, the others empty. Throws kTruncated or kCorrupt.
NetworkPlanes DecodeNetwork(const FlowModel& model, ByteSpan bytes, int channels,
                            const NetworkWay& way, const NetworkRanges& ranges, int width,
                            int height, ThreadPool& pool, const NetworkAccount& account);

}  // namespace flowzip
