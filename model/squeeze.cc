// SPDX-License-Identifier: BSD-3-Clause
#include "model/squeeze.h"

namespace flowzip {

void SqueezeLattice(const IntPlane& picture, Lattice which, IntPlane& lattice) {
  const LevelSize size{picture.width(), picture.height()};
  for (int i = 0; i < size.valid_height(which); ++i) {
    const int32_t* from = picture.Row(2 * i + OffsetY(which)) + OffsetX(which);
    int32_t* to = lattice.Row(i);
    for (int j = 0; j < size.valid_width(which); ++j) to[j] = from[2 * j];
  }
}

void UnsqueezeLattice(const IntPlane& lattice, Lattice which, IntPlane& picture) {
  const LevelSize size{picture.width(), picture.height()};
  for (int i = 0; i < size.valid_height(which); ++i) {
    const int32_t* from = lattice.Row(i);
    int32_t* to = picture.Row(2 * i + OffsetY(which)) + OffsetX(which);
    for (int j = 0; j < size.valid_width(which); ++j) to[2 * j] = from[j];
  }
}

}  // namespace flowzip
