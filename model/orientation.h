// SPDX-License-Identifier: BSD-3-Clause
// Flips of a tile before the flow, so that the stored chroma falls on the coarse lattice.
//
// Chroma is often stored at half size and interpolated: samples at one parity of rows and columns
// are true, those between are means of their neighbours. The flow keeps the even parity (lattice
// A) for the coarser levels; if the true samples are the odd ones of an even-sized tile, a flip
// brings them there. With an odd size a flip keeps the parity, and is never chosen.
#pragma once

#include <array>
#include <cstdint>

#include "model/lattice.h"
#include "model/plane.h"

namespace flowzip {

struct Orientation {
  bool flip_x = false, flip_y = false;

  uint8_t code() const { return static_cast<uint8_t>(flip_x | flip_y << 1); }
  static constexpr uint8_t kCodes = 4;
  static Orientation FromCode(uint8_t code) { return {(code & 1) != 0, (code & 2) != 0}; }
};

// The encoder's choice, from the chroma planes; deterministic, in integers.
Orientation ChooseOrientation(const std::array<SitePlane, kChannels>& planes);

// Flips all planes in place; its own inverse.
void Flip(const Orientation& orientation, std::array<SitePlane, kChannels>& planes);

}  // namespace flowzip
