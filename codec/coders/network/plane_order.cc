// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/network/plane_order.h"

#include <algorithm>

namespace flowzip {

std::vector<OrderedPlane> OrderPlanes(int channels, int squeeze) {
  std::vector<OrderedPlane> order;
  order.push_back({});
  if (channels == 1) return order;
  if (squeeze == 0) {
    order.push_back({1, 1, 1, 0, 0, true, false, {0}});
    order.push_back({2, 1, 1, 0, 0, true, false, {0, 1}});
    return order;
  }
  const int down = squeeze == 2 ? 2 : 1;
  order.push_back({0, 2, down, 0, 0, false, false, {}});
  constexpr int kY = 1;
  for (int c = 1; c < channels; ++c) {
    const auto at = [&](int channel, int lattice) {
      return 2 + (channel - 1) * 2 * down + lattice;  // lattices: ee, oe, eo, oo
    };
    const auto add = [&](int ox, int oy, std::vector<int> earlier) {
      order.push_back({c, 2, down, ox, oy, true, ox + oy > 0, std::move(earlier)});
    };
    const bool first = c == 1;
    add(0, 0, first ? std::vector<int>{kY} : std::vector<int>{kY, at(1, 0)});
    add(1, 0, first ? std::vector<int>{at(1, 0)} : std::vector<int>{at(2, 0), at(1, 1)});
    if (down == 1) continue;
    add(0, 1, first ? std::vector<int>{at(1, 0)} : std::vector<int>{at(2, 0), at(1, 2)});
    add(1, 1, {at(c, 0), at(c, 1)});
  }
  return order;
}

int LatticeWidth(const OrderedPlane& plane, int width) {
  return (width + plane.step_x - 1) / plane.step_x;
}
int LatticeHeight(const OrderedPlane& plane, int height) {
  return (height + plane.step_y - 1) / plane.step_y;
}

RasterPlane TakeLattice(const RasterPlane& from, const OrderedPlane& plane) {
  RasterPlane to =
      NewRasterPlane(LatticeWidth(plane, from.width()), LatticeHeight(plane, from.height()));
  for (int y = 0; y < to.height(); ++y) {
    const int16_t* row = from.Row(std::min(y * plane.step_y + plane.offset_y, from.height() - 1));
    for (int x = 0; x < to.width(); ++x) {
      to.Row(y)[x] = row[std::min(x * plane.step_x + plane.offset_x, from.width() - 1)];
    }
  }
  return to;
}

}  // namespace flowzip
