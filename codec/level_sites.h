// SPDX-License-Identifier: BSD-3-Clause
// The order of the sites inside a channel pass: what encoder, decoder and sampler share.
#pragma once

#include <algorithm>
#include <cstdint>

#include "model/factor_out.h"
#include "model/mixture.h"

namespace flowzip {

// Rows of a band that lie inside the picture.
struct Rows {
  int begin, end;
};
inline Rows BandRows(const LevelSize& size, int bands, int band, Lattice lattice) {
  const int64_t height = size.grid_height();
  const int valid = size.valid_height(lattice);
  return {std::min(valid, static_cast<int>(height * band / bands)),
          std::min(valid, static_cast<int>(height * (band + 1) / bands))};
}

// Calls fn(i, j, mixture) for every valid site of a band.
template <class Fn>
void ForEachSite(const ChannelPass& pass, const Rows& rows, const Fn& fn) {
  const int width = pass.level.size.valid_width(pass.lattice());
  const IntPlane& prediction = pass.level.prediction[pass.group][pass.channel];
  for (int i = rows.begin; i < rows.end; ++i) {
    const int32_t* p = prediction.Row(i);
    const int16_t* head = pass.head.At(0, i);
    for (int j = 0; j < width; ++j, head += pass.head.depth()) {
      fn(i, j, Mixture(head, pass.components, p[j], pass.range.min, pass.range.max));
    }
  }
}

}  // namespace flowzip
