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
inline IntPlane MakeLatticePlane(const LevelSize& size) {
  return IntPlane::Unset(size.grid_width(), size.grid_height(), kLatticeBorder);
}

// Copies one sub-lattice out of a picture. Missing sites keep what `lattice` held.
void SqueezeLattice(const IntPlane& picture, Lattice which, IntPlane& lattice);

// The inverse: writes the lattice's valid sites into the picture.
void UnsqueezeLattice(const IntPlane& lattice, Lattice which, IntPlane& picture);

}  // namespace flowzip
