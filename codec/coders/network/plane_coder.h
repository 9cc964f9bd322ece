// SPDX-License-Identifier: BSD-3-Clause
// One plane by the network coder: varint length of the side information and that (filters and
// their places, filter_side.h), then a rANS stream or, of an adaptive plane, one of binary
// decisions.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "codec/coders/network/channel_walk.h"
#include "codec/coders/network/network_plane.h"
#include "codec/coders/network/plane_ledger.h"
#include "codec/planes/colour_lattice.h"

namespace flowzip {

// What the plane at the end of `planes` is coded with: those before it are looked at.
struct PlaneContext {
  const FlowModel& model;
  std::vector<NetworkPlane*> planes;  // at most kChannels
  SampleRange range;
  bool adaptive = false;  // adaptive_sites.h in the place of rANS
  PlaneColours colours = PlaneColours::kOther;
  FilterBase base = FilterBase::kOwn;
  // The encoder's: if not 0, the plane's samples are known to be means of those of the first plane
  // here and there.
  int mean_x = 0, mean_y = 0;

  int channel() const { return static_cast<int>(planes.size()) - 1; }
  NetworkPlane& own() const { return *planes.back(); }
};

// Fits and codes own().samples, and sets own().sites. `ledger` may be null.
std::vector<uint8_t> EncodePlane(const PlaneContext& context, PlaneLedger* ledger);

// Sets own().sites, which has its size. Throws kTruncated or kCorrupt.
void DecodePlane(const PlaneContext& context, ByteSpan bytes, PlaneLedger* ledger);

// Sets all sites of a plane that is not coded.
void SetSites(const RasterPlane& samples, const SampleRange& range, NetworkPlane* plane);

}  // namespace flowzip
