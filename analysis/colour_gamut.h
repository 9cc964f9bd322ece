// SPDX-License-Identifier: BSD-3-Clause
// Which lifted values still lead to a valid pixel of 8 bits.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model/lifting1x1.h"
#include "model/sample_range.h"

namespace flowzip {

class ColourGamut {
 public:
  // Of samples that are not lifted: each channel has 0 .. 255.
  ColourGamut();
  // Of three lifted channels, found by lifting every colour.
  explicit ColourGamut(const Lifting1x1& lifting);

  // Of a channel over all colours.
  const SampleRange& range(int channel) const { return ranges_[channel]; }
  // Of a channel where the channels before it have the values `before`, which are valid.
  SampleRange Given(int channel, const int32_t* before) const;

 private:
  std::array<SampleRange, kChannels> ranges_;
  std::vector<SampleRange> second_, third_;  // by the first; by the first two
};

}  // namespace flowzip
