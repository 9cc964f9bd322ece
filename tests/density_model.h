// SPDX-License-Identifier: BSD-3-Clause
// A model of a few random weights, for tests that ask the density itself.
#pragma once

#include "analysis/sampler.h"
#include "model/model.h"

namespace flowzip {

// `scale_bias` moves all scales, in 1/256 of an octave; 0 is about two steps.
inline Model TinyModel(uint64_t seed, int scale_bias) {
  SplitMix64 random(seed);
  const auto conv = [&](int in, int out, int kernel) {
    Conv2d c;
    c.in = in, c.out = out, c.kernel = kernel, c.shift = 6;
    c.weight.resize(size_t(in) * out * kernel * kernel);
    for (int16_t& w : c.weight) w = static_cast<int16_t>(int(random.Below(41)) - 20);
    c.bias.resize(out);
    for (int32_t& b : c.bias) b = int(random.Below(4001)) - 2000;
    c.Prepare();
    return c;
  };
  constexpr int kWidth = 4;
  Model model;
  model.name = "tiny";
  model.components = 2;
  model.adaptive_levels = 0;
  const TapSet taps(model.radii);
  for (int l = 0; l < 2; ++l) {
    LevelClass& level = model.classes.emplace_back();
    for (int g = 0; g < kGroups; ++g) {
      GroupNet& net = level.net.groups[g];
      net.input = conv(kTrunkInputs[g], kWidth, 3);
      net.blocks.push_back({conv(kWidth, kWidth, 3), conv(kWidth, kWidth, 3)});
      for (int c = 0; c < kChannels; ++c) {
        level.filters[g][c].resize(taps.taps[g][c].size());
        for (int16_t& w : level.filters[g][c]) w = static_cast<int16_t>(int(random.Below(61)) - 30);
        net.heads[c].hidden = conv(kWidth, kWidth, 1);
        if (c > 0) net.heads[c].extra = conv(kHeadInputs[c], kWidth, 3);
        net.heads[c].out = conv(kWidth, 3 * model.components, 1);
        for (int k = 0; k < model.components; ++k) {
          net.heads[c].out.bias[2 * model.components + k] += scale_bias << 6;
        }
        net.heads[c].out.Prepare();
      }
    }
  }
  model.Serialize();
  return model;
}

}  // namespace flowzip
