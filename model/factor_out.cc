// SPDX-License-Identifier: BSD-3-Clause
#include "model/factor_out.h"

#include "model/features.h"
#include "model/network.h"

namespace flowzip {
namespace {

constexpr int kRowGrain = 16;

}  // namespace

const Tensor& ChannelPass::HeadRows(int y0, int y1, HeadScratch& scratch) const {
  const auto fill = [this](Tensor& out, int begin, int end) {
    HeadFeatures(level, group, channel, out, begin, end);
  };
  return network.HeadRows(group, channel, fill, y0, y1, scratch);
}

void FactorOut(const Model& model, int level_index, LevelPlanes& level,
               const std::array<SitePlane, kChannels>& coarse, const FilterSet& filters,
               const TapSet& taps, const std::array<SampleRange, kChannels>& ranges,
               ThreadPool& pool, const std::function<void(const ChannelPass&)>& code) {
  const int width = level.size.grid_width(), height = level.size.grid_height();
  NetworkState network(model.ForLevel(level_index).net, width, height);
  const auto rows = [&](const auto& body) {
    pool.ParallelRanges(height, kRowGrain, [&](int64_t y0, int64_t y1) {
      body(static_cast<int>(y0), static_cast<int>(y1));
    });
  };
  for (int g = 0; g < kGroups; ++g) {
    ComputeReferences(level, g, pool);
    for (int c = 0; c < kChannels; ++c) {
      rows([&](int y0, int y1) {
        Predict(level, taps.taps[g][c], filters[g][c], c, ranges[c], y0, y1);
      });
      if (c == 0) {
        network.RunTrunk(
            g,
            [&](Tensor& out, int y0, int y1) {
              TrunkFeatures(level, coarse, g, /*bit_depth=*/8, out, y0, y1);
            },
            pool);
      }
      if (ranges[c].constant()) {
        level.x[kGroupLattice[g]][c].Fill(static_cast<int16_t>(ranges[c].min));
      } else {
        code({level, network, g, c, model.components, ranges[c], model.latent_components,
              model.affine});
      }
      FinishChannel(level, g, c, ranges[c]);
    }
  }
}

}  // namespace flowzip
