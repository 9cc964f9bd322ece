// SPDX-License-Identifier: BSD-3-Clause
#include "model/levels.h"

#include <algorithm>

#include "model/squeeze.h"

namespace flowzip {
namespace {

// Gives missing sites (last row or column of odd-sized pictures) a neighbour's sample.
void FillMissing(IntPlane& lattice, int valid_width, int valid_height, const IntPlane& fallback) {
  for (int i = 0; i < lattice.height(); ++i) {
    int32_t* row = lattice.Row(i);
    for (int j = i < valid_height ? valid_width : 0; j < lattice.width(); ++j) {
      if (i < valid_height && valid_width > 0) {
        row[j] = row[valid_width - 1];
      } else if (valid_height > 0 && valid_width > 0) {
        row[j] = lattice.Row(valid_height - 1)[j];
      } else {
        row[j] = fallback.Row(i)[j];
      }
    }
  }
}

}  // namespace

std::vector<LevelPlanes> MakeLevels(const std::array<IntPlane, kChannels>& planes) {
  std::vector<LevelPlanes> levels;
  const std::array<IntPlane, kChannels>* picture = &planes;
  const int count = LevelCount(planes[0].width(), planes[0].height());
  levels.reserve(count);
  for (int level = 0; level < count; ++level) {
    const LevelSize size{(*picture)[0].width(), (*picture)[0].height()};
    LevelPlanes& now = levels.emplace_back(size);
    for (int l = 0; l < kLattices; ++l) {
      const auto lattice = static_cast<Lattice>(l);
      for (int c = 0; c < kChannels; ++c) {
        IntPlane& x = now.x[l][c];
        SqueezeLattice((*picture)[c], lattice, x);
        FillMissing(x, size.valid_width(lattice), size.valid_height(lattice), now.x[kA][c]);
        x.ExtendBorder();
      }
    }
    picture = &now.x[kA];
  }
  return levels;
}

std::array<SampleRange, kChannels> FindRanges(const std::array<IntPlane, kChannels>& planes) {
  std::array<SampleRange, kChannels> ranges;
  for (int c = 0; c < kChannels; ++c) {
    ranges[c] = {planes[c].At(0, 0), planes[c].At(0, 0)};
    for (int y = 0; y < planes[c].height(); ++y) {
      const int32_t* row = planes[c].Row(y);
      const auto [lo, hi] = std::minmax_element(row, row + planes[c].width());
      ranges[c] = {std::min(ranges[c].min, *lo), std::max(ranges[c].max, *hi)};
    }
  }
  return ranges;
}

}  // namespace flowzip
