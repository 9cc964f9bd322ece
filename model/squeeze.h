// SPDX-License-Identifier: BSD-3-Clause
// Squeeze: 2x2 space to channel (RealNVP, Dinh et al. 2017, §3.6), a pure reordering.
#pragma once

#include <array>

#include "model/lattice.h"
#include "model/plane.h"

namespace flowzip {

// Samples that filters may read beyond the grid.
inline constexpr int kLatticeBorder = 3;

// Allocates a plane on the grid of `size`, with the border filters need.
inline SitePlane MakeLatticePlane(const LevelSize& size) {
  return SitePlane::Unset(size.grid_width(), size.grid_height(), kLatticeBorder);
}

// Copies one sub-lattice out of a picture, whose samples are in +-kMaxSample. Missing sites keep
// what `lattice` held.
template <class T>
void SqueezeLattice(const Plane<T>& picture, Lattice which, SitePlane& lattice) {
  const LevelSize size{picture.width(), picture.height()};
  for (int i = 0; i < size.valid_height(which); ++i) {
    const T* from = picture.Row(2 * i + OffsetY(which)) + OffsetX(which);
    int16_t* to = lattice.Row(i);
    for (int j = 0; j < size.valid_width(which); ++j) to[j] = static_cast<int16_t>(from[2 * j]);
  }
}

// The inverse: writes the lattice's valid sites into the picture.
template <class T>
void UnsqueezeLattice(const SitePlane& lattice, Lattice which, Plane<T>& picture) {
  const LevelSize size{picture.width(), picture.height()};
  for (int i = 0; i < size.valid_height(which); ++i) {
    const int16_t* from = lattice.Row(i);
    T* to = picture.Row(2 * i + OffsetY(which)) + OffsetX(which);
    for (int j = 0; j < size.valid_width(which); ++j) to[2 * j] = from[j];
  }
}

}  // namespace flowzip
