// SPDX-License-Identifier: BSD-3-Clause
// The order of the sites inside a channel pass: what encoder, decoder and sampler share.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "model/factor_out.h"
#include "model/mixture.h"
#include "model/mixture_row.h"

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

// Calls fn(i, head, step, scale, scale_step) for every row of a band; site j has its 3K values
// at head + j * step and the affine coupling's output, if there is one, at scale + j * scale_step.
template <class Fn>
void ForEachRow(const ChannelPass& pass, const Rows& rows, const Fn& fn) {
  HeadScratch scratch;
  for (int begin = rows.begin; begin < rows.end; begin += ChannelPass::kHeadRows) {
    const int end = std::min(rows.end, begin + ChannelPass::kHeadRows);
    const Tensor& head = pass.HeadRows(begin, end, scratch);
    if (!pass.affine) {
      for (int i = begin; i < end; ++i) {
        fn(i, head.At(0, i), head.depth(), static_cast<const int16_t*>(nullptr), 0);
      }
      continue;
    }
    const Tensor& scale = pass.ScaleRows(begin, end, scratch);
    for (int i = begin; i < end; ++i) {
      fn(i, head.At(0, i), head.depth(), scale.At(0, i) + pass.channel, scale.depth());
    }
  }
}

// Calls fn(i, j, row) for every MixtureRow of a band; its first site is (i, j).
template <class Fn>
void ForEachMixtureRow(const ChannelPass& pass, const Rows& rows, const Fn& fn) {
  const int width = pass.level.size.valid_width(pass.lattice());
  const SitePlane& prediction = pass.level.prediction[pass.channel];
  MixtureRow row;
  ForEachRow(pass, rows, [&](int i, const int16_t* head, int step, const int16_t*, int) {
    for (int j = 0; j < width; j += MixtureRow::kSites) {
      const int count = std::min(MixtureRow::kSites, width - j);
      int32_t center[MixtureRow::kSites];
      std::copy_n(prediction.Row(i) + j, count, center);
      row.Set(head + ptrdiff_t{j} * step, step, pass.components, center, pass.range.min,
              pass.range.max, count);
      fn(i, j, row);
    }
  });
}

// Calls fn(i, j, mixture) for every valid site of a band.
template <class Fn>
void ForEachSite(const ChannelPass& pass, const Rows& rows, const Fn& fn) {
  const int width = pass.level.size.valid_width(pass.lattice());
  const SitePlane& prediction = pass.level.prediction[pass.channel];
  ForEachRow(pass, rows, [&](int i, const int16_t* head, int depth, const int16_t*, int) {
    const int16_t* p = prediction.Row(i);
    for (int j = 0; j < width; ++j, head += depth) {
      fn(i, j, Mixture(head, pass.components, p[j], pass.range.min, pass.range.max));
    }
  });
}

}  // namespace flowzip
