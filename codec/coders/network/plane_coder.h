// SPDX-License-Identifier: BSD-3-Clause
// One plane by the network coder: varint length of the side information and that (filters and
// their places, raster_side.h), then a rANS stream.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "codec/coders/network/channel_walk.h"

namespace flowzip {

// How far a plane's sites are set: planes that look at it follow a few steps behind, on another
// thread perhaps.
class Progress {
 public:
  void Reached(int step) {
    step_.store(step, std::memory_order_release);
    step_.notify_all();
  }
  void Finished() { Reached(INT32_MAX); }
  // Until all steps before `step` are done.
  void Wait(int step) const {
    for (int now = step_.load(std::memory_order_acquire); now < step;
         now = step_.load(std::memory_order_acquire)) {
      step_.wait(now, std::memory_order_acquire);
    }
  }

 private:
  std::atomic<int> step_ = 0;
};

// A plane in the making.
struct NetworkPlane {
  RasterPlane samples;  // with border while encoding
  SkewedPlane sites;
  Progress progress;
};

// What the plane at the end of `planes` is coded with: those before it are looked at.
struct PlaneContext {
  const FlowModel& model;
  std::vector<NetworkPlane*> planes;  // at most kChannels
  SampleRange range;

  int channel() const { return static_cast<int>(planes.size()) - 1; }
  NetworkPlane& own() const { return *planes.back(); }
};

// Fits and codes own().samples, and sets own().sites. `bits`, if given, holds one number a sample.
std::vector<uint8_t> EncodePlane(const PlaneContext& context, std::vector<float>* bits);

// Sets own().sites, of that size. Throws kTruncated or kCorrupt.
void DecodePlane(const PlaneContext& context, ByteSpan bytes, int width, int height);

// Sets all sites of a plane that is not coded.
void SetSites(const RasterPlane& samples, const SampleRange& range, NetworkPlane* plane);

}  // namespace flowzip
