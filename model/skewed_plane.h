// SPDX-License-Identifier: BSD-3-Clause
// A channel's samples in the order of a wavefront.
//
// A site needs samples up to three columns to the right in the row above, so row y may run
// kLag = 4 columns behind row y - 1, and 16 rows of a band can be coded at every step:
//
//   site (x, y) belongs to step t = x + 4 (y mod 16) + P floor(y / 16), lane y mod 16
//   P = max(width + 8, 64): a lane goes on with row y + 16 once it has finished row y
//
// A step's record holds its lanes side by side, and copies of what borders on the band: of the
// four rows above it (lanes -4..-1) and of the row below (lane 16). So a neighbour at (dx, dy) of
// all 16 sites is one vector, at a constant distance.
//
// Outside of the tile: above it the middle of the channel's range; to the left of a row four
// copies of the first sample of the row above, to its right four of its last sample; below, the
// last row once more, its borders included. Residuals are 0 there.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "base/unset_vector.h"

namespace flowzip {

class SkewedPlane {
 public:
  static constexpr int kLanes = 16, kLag = 4, kHalo = 4, kPitch = 24, kMargin = 4;

  SkewedPlane() = default;
  // All samples `middle`, all residuals 0.
  SkewedPlane(int width, int height, int32_t middle)
      : width_(width),
        height_(height),
        period_(std::max(width + 2 * kMargin, kLanes * kLag)),
        middle_(middle) {
    const size_t records = static_cast<size_t>(steps() + period_ + 2 * kPad);
    value_.resize(records * kPitch);
    residual_.resize(records * kPitch);
    std::fill(value_.begin(), value_.end(), middle);
    std::fill(residual_.begin(), residual_.end(), 0);
  }

  int width() const { return width_; }
  int height() const { return height_; }
  int period() const { return period_; }
  bool empty() const { return value_.empty(); }
  // Those that sites belong to: 0 .. steps() - 1.
  int steps() const { return (height_ - 1) / kLanes * period_ + (kLanes - 1) * kLag + width_; }

  // Lane 0 of a step. Neighbours lie at Distance(dx, dy).
  const int32_t* Values(int step) const { return value_.data() + Record(step); }
  const int32_t* Residuals(int step) const { return residual_.data() + Record(step); }
  static constexpr ptrdiff_t Distance(int dx, int dy) {
    return ptrdiff_t{dx + kLag * dy} * kPitch + dy;
  }
  // No neighbour of a site is set in a step more than this after its own: that to the lower right
  // of lane 15 belongs to the next band.
  int farthest() const { return period_ - kLanes * kLag + kLag + 1; }
  // Writes a lattice of a plane: site (u, v) to (offset_x + u step_x, offset_y + v step_y) where
  // that is inside.
  template <class P>
  void CopyTo(int offset_x, int offset_y, int step_x, int step_y, P* to) const {
    for (int y = offset_y, v = 0; y < to->height(); y += step_y, ++v) {
      auto* row = to->Row(y);
      const int32_t* site = Values(v % kLanes * kLag + v / kLanes * period_) + v % kLanes;
      for (int x = offset_x; x < to->width(); x += step_x, site += kPitch) {
        row[x] = static_cast<std::remove_reference_t<decltype(*row)>>(*site);
      }
    }
  }
  int32_t At(int x, int y) const {
    return Values(x + y % kLanes * kLag + y / kLanes * period_)[y % kLanes];
  }

  // Sets a site, and the borders that follow from it. Rows above must be finished so far.
  void Set(int x, int y, int32_t value, int32_t residual) {
    SetCell(x, y, value, residual);
    if (x == 0) {
      for (int i = -kMargin; i < 0; ++i) SetCell(i, y + 1, value, 0);
    }
    if (x == width_ - 1) {
      for (int i = 0; i < kMargin; ++i) SetCell(width_ + i, y, value, 0);
    }
    if (y == height_ - 1) SetBelow(x, value);
  }

 private:
  static constexpr int kPad = kHalo * kLag + kMargin;  // steps before the first, after the last

  // The row below the last one, with it: planes that look at this one are only so far behind.
  void SetBelow(int x, int32_t value) {
    SetCell(x, height_, value, 0);
    if (x == 0) {
      const int32_t left = height_ > 1 ? At(0, height_ - 2) : middle_;
      for (int i = -kMargin; i < 0; ++i) SetCell(i, height_, left, 0);
    }
    if (x == width_ - 1) {
      for (int i = 0; i < kMargin; ++i) SetCell(width_ + i, height_, value, 0);
    }
  }
  size_t Record(int step) const {
    return static_cast<size_t>(step + kPad) * kPitch + static_cast<size_t>(kHalo);
  }
  void SetCell(int x, int y, int32_t value, int32_t residual) {
    const int lane = y % kLanes, step = x + lane * kLag + y / kLanes * period_;
    Put(Record(step) + static_cast<size_t>(lane), value, residual);
    if (lane >= kLanes - kHalo) {
      const int above = kLanes - lane;  // of the next band
      Put(Record(step - kLanes * kLag + period_) - static_cast<size_t>(above), value, residual);
    }
    if (lane == 0 && y > 0) {
      Put(Record(step + kLanes * kLag - period_) + static_cast<size_t>(kLanes), value, residual);
    }
  }
  void Put(size_t at, int32_t value, int32_t residual) {
    value_[at] = value;
    residual_[at] = residual;
  }

  int width_ = 0, height_ = 0, period_ = 0;
  int32_t middle_ = 0;
  UnsetVector<int32_t> value_, residual_;
};

// Where a site's nearest neighbours lie.
struct Beside {
  static constexpr ptrdiff_t kWest = SkewedPlane::Distance(-1, 0),
                             kNorth = SkewedPlane::Distance(0, -1),
                             kNorthWest = SkewedPlane::Distance(-1, -1),
                             kNorthEast = SkewedPlane::Distance(1, -1);
};

}  // namespace flowzip
