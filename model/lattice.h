// SPDX-License-Identifier: BSD-3-Clause
// The four sub-lattices of a level and the order in which they are coded.
//
//   A B A B     A: even row, even column; stays and becomes the next level's picture
//   C D C D     D, B, C: leave the flow here, as groups 0, 1, 2, each conditioned on
//   A B A B              A and on the groups before it
//   C D C D
//
// "Grid" coordinates (i, j) index 2x2 cells; the picture is padded to whole cells, so
// with odd sizes some B, C, D sites are missing: they are never coded.
#pragma once

#include <cstdint>

namespace flowzip {

enum Lattice : uint8_t { kA = 0, kB = 1, kC = 2, kD = 3 };

inline constexpr int kLattices = 4;
inline constexpr int kGroups = 3;
inline constexpr int kChannels = 3;  // Y, Co, Cg; gray has Co = Cg = 0
inline constexpr Lattice kGroupLattice[kGroups] = {kD, kB, kC};

// Position of a lattice's site inside its cell.
constexpr int OffsetX(Lattice l) { return l == kB || l == kD; }
constexpr int OffsetY(Lattice l) { return l == kC || l == kD; }

// True if lattice `l` is known before group `group` is coded.
constexpr bool KnownBefore(Lattice l, int group) {
  if (l == kA) return true;
  for (int g = 0; g < group; ++g) {
    if (kGroupLattice[g] == l) return true;
  }
  return false;
}

// Sizes of one level: the picture's and its grid's.
struct LevelSize {
  int width = 0, height = 0;

  int grid_width() const { return (width + 1) / 2; }
  int grid_height() const { return (height + 1) / 2; }
  // Sites of a lattice that lie inside the picture.
  int valid_width(Lattice l) const { return OffsetX(l) ? width / 2 : grid_width(); }
  int valid_height(Lattice l) const { return OffsetY(l) ? height / 2 : grid_height(); }
  LevelSize next() const { return {grid_width(), grid_height()}; }
};

// Levels are peeled off until the picture fits kBaseSize x kBaseSize.
inline constexpr int kBaseSize = 8;
inline int LevelCount(int width, int height) {
  int levels = 0;
  for (LevelSize s{width, height}; s.width > kBaseSize || s.height > kBaseSize; s = s.next()) {
    ++levels;
  }
  return levels;
}

}  // namespace flowzip
