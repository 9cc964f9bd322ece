// SPDX-License-Identifier: BSD-3-Clause
// The autoregressive flow's model: a network for each place in the order of planes.
//
// Planes of a whole channel have 0, 1 or 2 planes before them. Planes whose samples lie between those
// of another, which tell them nearly exactly, have 1 or 2, and networks of their own: shared ones
// cost photographs 0.3 %, none cost Kodak 3 % (docs/experiments.md).
//
// In a model file: per network ScaleWeightCount(earlier) bytes, then the CouplingNet.
#pragma once

#include <array>

#include "model/site_step.h"

namespace flowzip {

struct FlowModel {
  static constexpr int kNets = 5;
  // The planes before that each looks at.
  static constexpr std::array<int, kNets> kEarlier{0, 1, 2, 1, 2};

  std::array<ChannelNet, kNets> nets;

  // `between` only with 1 or 2 planes before.
  const ChannelNet& For(int earlier, bool between) const {
    return nets[static_cast<size_t>(between ? earlier + 2 : earlier)];
  }

  // Multiply-accumulates of the networks per pixel of a colour picture, no plane being between.
  double MacsPerPixel() const;

  void Write(ByteWriter& writer) const;
  // Throws kTruncated or kCorrupt.
  static FlowModel Read(ByteReader& reader);
};

}  // namespace flowzip
