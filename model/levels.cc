// SPDX-License-Identifier: BSD-3-Clause
#include "model/levels.h"

#include <algorithm>

#include "model/squeeze.h"

namespace flowzip {
namespace {

// Gives missing sites (last row or column of odd-sized pictures) a neighbour's sample.
void FillMissing(SitePlane& lattice, int valid_width, int valid_height, const SitePlane& fallback) {
  for (int i = 0; i < lattice.height(); ++i) {
    int16_t* row = lattice.Row(i);
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

template <class T>
LevelPlanes MakeLevel(const std::array<Plane<T>, kChannels>& picture) {
  LevelPlanes level({picture[0].width(), picture[0].height()});
  for (int l = 0; l < kLattices; ++l) {
    const auto lattice = static_cast<Lattice>(l);
    for (int c = 0; c < kChannels; ++c) {
      SitePlane& x = level.x[l][c];
      SqueezeLattice(picture[c], lattice, x);
      FillMissing(x, level.size.valid_width(lattice), level.size.valid_height(lattice),
                  level.x[kA][c]);
      x.ExtendBorder();
    }
  }
  return level;
}

}  // namespace

template <class T>
std::vector<LevelPlanes> MakeLevels(const std::array<Plane<T>, kChannels>& planes) {
  std::vector<LevelPlanes> levels;
  const int count = LevelCount(planes[0].width(), planes[0].height());
  for (int level = 0; level < count; ++level) {
    levels.push_back(level == 0 ? MakeLevel(planes) : MakeLevel(levels.back().x[kA]));
  }
  return levels;
}

template <class T>
std::array<SampleRange, kChannels> FindRanges(const std::array<Plane<T>, kChannels>& planes) {
  std::array<SampleRange, kChannels> ranges;
  for (int c = 0; c < kChannels; ++c) {
    ranges[c] = {planes[c].At(0, 0), planes[c].At(0, 0)};
    for (int y = 0; y < planes[c].height(); ++y) {
      const T* row = planes[c].Row(y);
      const auto [lo, hi] = std::minmax_element(row, row + planes[c].width());
      ranges[c] = {std::min<int32_t>(ranges[c].min, *lo), std::max<int32_t>(ranges[c].max, *hi)};
    }
  }
  return ranges;
}

template std::vector<LevelPlanes> MakeLevels(const std::array<SitePlane, kChannels>&);
template std::vector<LevelPlanes> MakeLevels(const std::array<IntPlane, kChannels>&);
template std::array<SampleRange, kChannels> FindRanges(const std::array<SitePlane, kChannels>&);
template std::array<SampleRange, kChannels> FindRanges(const std::array<IntPlane, kChannels>&);

}  // namespace flowzip
