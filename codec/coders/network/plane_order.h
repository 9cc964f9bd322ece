// SPDX-License-Identifier: BSD-3-Clause
// The planes of a tile in the order in which the network coder takes them, and what each may look
// at.
//
// As a rule a plane is a channel, and sees the channels before it. Recovered colour often has
// chroma that was stored at half size and interpolated. Then each chroma channel is squeezed: its
// samples at even columns (and rows) first, beside the brightness at the same places, then the
// other lattices, each beside those between which it lies. What was interpolated is told from
// both its sides, and costs next to nothing.
//
//   squeeze 0   Y; C1: Y; C2: Y, C1
//   squeeze 1   Y; C1e: Ye; C1o: C1e;  C2e: Ye, C1e; C2o: C2e, C1o          (columns)
//   squeeze 2   Y; C1ee: Yee; C1oe: C1ee; C1eo: C1ee; C1oo: C1ee, C1oe;     (columns, rows)
//               C2ee: Yee, C1ee; C2oe: C2ee, C1oe; C2eo: C2ee, C1eo; C2oo: C2ee, C2oe
//
// Ye and Yee are taken from Y, not coded. All lattices have the size of the even one: where the
// tile's last column or row is missing, the sample beside it takes its place.
#pragma once

#include <array>
#include <vector>

#include "codec/filters/linear_filters.h"

namespace flowzip {

inline constexpr int kSqueezes = 3;

struct OrderedPlane {
  int channel = 0;
  int step_x = 1, step_y = 1;      // of the lattice
  int offset_x = 0, offset_y = 0;  // of its first sample
  bool coded = true;
  bool between = false;      // its samples lie between those of the first plane in `earlier`
  std::vector<int> earlier;  // at most two, by index
};

// All planes of a tile of 1 or 3 channels.
std::vector<OrderedPlane> OrderPlanes(int channels, int squeeze);

// A lattice's size.
int LatticeWidth(const OrderedPlane& plane, int width);
int LatticeHeight(const OrderedPlane& plane, int height);

// A lattice of a channel, with a border that is not set.
RasterPlane TakeLattice(const RasterPlane& from, const OrderedPlane& plane);

}  // namespace flowzip
