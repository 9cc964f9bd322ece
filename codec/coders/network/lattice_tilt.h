// SPDX-License-Identifier: BSD-3-Clause
// Static planes: distributions of a tile's last plane, tilted towards the JFIF lattice.
//
// A mixture is smooth; which values make colours that a JPEG decoder can have made is not. Of each
// eight values, counted from the prediction, those on the lattice weigh w times what the mixture
// gives them, and all eight together what they did (MixtureRow::Tilt). There is a w for each number
// of neighbours on the lattice; after every step it follows what the step has shown, as a
// coefficient of logistic regression that is fitted online. docs/FORMAT.md is the definition.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "codec/coders/network/channel_walk.h"
#include "codec/coders/network/network_plane.h"
#include "codec/planes/colour_lattice.h"
#include "model/mixture_row.h"

namespace flowzip {

class LatticeTilt {
 public:
  // `planes`: those that are looked at, then the plane itself.
  LatticeTilt(const std::vector<NetworkPlane*>& planes, PlaneColours colours)
      : planes_(planes), lattice_(colours) {}

  // Whether there is a lattice to know of; if not, nothing else may be called.
  bool Knows() const { return lattice_.Knows(static_cast<int>(planes_.size()) - 1); }

  // Sets the tilt of a site of the step under way, of all its sites: from their values or from
  // those that the mixtures alone find.
  void Look(const ChannelWalk& walk, const MixtureRow& mixtures, int lane, int32_t value);
  void LookAll(const ChannelWalk& walk, const MixtureRow& mixtures, const int32_t* values) {
    for (const ChannelWalk::Lane& site : walk.lanes()) {
      Look(walk, mixtures, site.lane, values[site.lane]);
    }
  }
  MixtureRow::Tilt& tilt() { return tilt_; }
  // At the end of each step, whose values are known.
  void Learn(const ChannelWalk& walk, const MixtureRow& mixtures, const int32_t* values);

 private:
  static constexpr int kCounts = 5;  // neighbours: 0 to 4
  static constexpr int64_t kOne = 1 << 16;
  // What is known of w at first; later misses move it at least so little.
  static constexpr int64_t kFirstSeen = 2 * kOne, kMostSeen = 500 * kOne;
  static constexpr int64_t kMost = 31 * kOne, kLeast = kOne / 31;

  struct Weight {
    int64_t w = kOne;
    int64_t seen = kFirstSeen;      // sums of q (1 - q), q the probability that was given
    int64_t missed = 0, shown = 0;  // by the step under way: sums of bit - q, of q (1 - q)
  };

  const std::vector<NetworkPlane*>& planes_;
  const ColourLattice lattice_;
  std::array<Weight, kCounts> weights_;
  MixtureRow::Tilt tilt_{};
  std::array<int, MixtureRow::kSites> counts_{};
};

}  // namespace flowzip
