// SPDX-License-Identifier: BSD-3-Clause
// The autoregressive flow's model: a network for each place in the order of channels.
//
// In a model file: per channel ScaleWeightCount(channel) bytes, then the CouplingNet.
#pragma once

#include <array>

#include "model/site_step.h"

namespace flowzip {

struct FlowModel {
  std::array<ChannelNet, kChannels> channels;

  // Multiply-accumulates of the networks per pixel of a colour picture.
  double MacsPerPixel() const;

  void Write(ByteWriter& writer) const;
  // Throws kTruncated or kCorrupt.
  static FlowModel Read(ByteReader& reader);
};

}  // namespace flowzip
