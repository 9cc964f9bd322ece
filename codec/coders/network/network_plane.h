// SPDX-License-Identifier: BSD-3-Clause
// A plane in the making, and how far it is.
#pragma once

#include <atomic>
#include <cstdint>

#include "codec/filters/raster_plane.h"
#include "model/skewed_plane.h"

namespace flowzip {

// How far a plane's sites are set: planes that look at it follow a few steps behind, on another
// thread perhaps.
class PlaneProgress {
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
  SkewedPlane errors;  // of adaptive planes: samples less the network's mean, in 1/16
  PlaneProgress progress;
};

}  // namespace flowzip
