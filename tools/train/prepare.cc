// SPDX-License-Identifier: BSD-3-Clause
#include "tools/train/prepare.h"

#include <algorithm>

#include "model/filter_fit.h"
#include "model/levels.h"

namespace flowzip {
namespace {

// Copies the channels of a feature tensor into the prepared level.
void Store(const Tensor& from, int first, int count, int to, PreparedLevel& level) {
  for (int y = 0; y < level.height; ++y) {
    for (int x = 0; x < level.width; ++x) {
      std::copy_n(from.At(x, y) + first, count,
                  &level.data[(static_cast<size_t>(y) * level.width + x) * kPreparedChannels + to]);
    }
  }
}

void StoreResidual(const SitePlane& residual, int to, PreparedLevel& level) {
  for (int y = 0; y < level.height; ++y) {
    for (int x = 0; x < level.width; ++x) {
      level.data[(static_cast<size_t>(y) * level.width + x) * kPreparedChannels + to] =
          static_cast<int16_t>(std::clamp<int>(residual.At(x, y), -kMaxActivation, kMaxActivation));
    }
  }
}

// Runs the couplings of one level and records all features.
PreparedLevel PrepareLevel(LevelPlanes& planes, const std::array<SitePlane, kChannels>& coarse,
                           const TapSet& taps, const FilterSet& filters,
                           const std::array<SampleRange, kChannels>& ranges) {
  PreparedLevel level{planes.size.grid_width(), planes.size.grid_height(), {}};
  level.data.resize(static_cast<size_t>(level.width) * level.height * kPreparedChannels);
  const int rows = level.height;
  for (int g = 0; g < kGroups; ++g) {
    ComputeReference(planes, g, 0, rows);
    for (int c = 0; c < kChannels; ++c) {
      Predict(planes, taps.taps[g][c], filters[g][c], c, ranges[c], 0, rows);
      if (c == 0) {
        Tensor trunk(level.width, level.height, kTrunkInputs[g]);
        TrunkFeatures(planes, coarse, g, 8, trunk, 0, rows);
        Store(trunk, 0, kTrunkInputs[g], TrunkStart(g), level);
      } else {
        Tensor head(level.width, level.height, kHeadInputs[c]);
        HeadFeatures(planes, g, c, head, 0, rows);
        // Only what this channel adds: its predecessor's log residual and p - m.
        Store(head, kHeadInputs[c] - 2, 2, HeadStart(g) + kResidualPlane[c - 1] + 1, level);
      }
      FinishChannel(planes, g, c, ranges[c]);
      StoreResidual(planes.residual[g][c], HeadStart(g) + kResidualPlane[c], level);
    }
  }
  return level;
}

double SideBits(const FilterCodes& codes) {
  double bits = 0;
  for (const auto& group : codes) {
    for (const FilterCode& code : group) {
      bits += code.custom ? 6 : 1;
      for (const int32_t d : code.deltas) bits += DeltaBits(d, code.golomb);
    }
  }
  return bits;
}

}  // namespace

TrainingPlanes ToPlanes(const Image& image, const Model& model) {
  TrainingPlanes planes;
  for (IntPlane& plane : planes) {
    plane = IntPlane(static_cast<int>(image.width), static_cast<int>(image.height));
  }
  const uint8_t* from = image.samples.data();
  for (int y = 0; y < planes[0].height(); ++y) {
    for (int x = 0; x < planes[0].width(); ++x) {
      for (int c = 0; c < image.channels; ++c) planes[c].At(x, y) = *from++;
    }
  }
  if (image.channels == 3) model.lifting.Forward(planes);
  return planes;
}

PreparedImage Prepare(const TrainingPlanes& planes, const Model& model, ThreadPool& pool) {
  const auto ranges = FindRanges(planes);
  const TapSet taps(model.radii);
  std::vector<LevelPlanes> levels = MakeLevels(planes);
  PreparedImage out;
  std::array<SitePlane, kChannels> coarse;
  for (int l = static_cast<int>(levels.size()) - 1; l >= 0; --l) {
    FilterSet filters = model.ForLevel(l).filters;
    if (l < model.adaptive_levels) {
      const FilterCodes codes = FitFilters(levels[l], taps, filters, ranges, pool);
      for (int g = 0; g < kGroups; ++g) {
        for (int c = 0; c < kChannels; ++c) filters[g][c] = ApplyCode(filters[g][c], codes[g][c]);
      }
      out.filter_bits += SideBits(codes);
    }
    PreparedLevel level = PrepareLevel(levels[l], coarse, taps, filters, ranges);
    coarse = AssembleResiduals(levels[l]);
    if (l < kPreparedLevels) out.levels.push_back(std::move(level));
  }
  std::reverse(out.levels.begin(), out.levels.end());
  return out;
}

void FitDefaultFilters(const std::vector<TrainingPlanes>& images, Model& model, ThreadPool& pool) {
  const TapSet taps(model.radii);
  const int classes = static_cast<int>(model.classes.size());
  for (int g = 0; g < kGroups; ++g) {
    for (int c = 0; c < kChannels; ++c) {
      const int count = static_cast<int>(taps.taps[g][c].size());
      std::vector<NormalEquations> sums(classes, NormalEquations(count));
      for (const TrainingPlanes& planes : images) {
        std::vector<LevelPlanes> levels = MakeLevels(planes);
        for (size_t l = 0; l < levels.size(); ++l) {
          ComputeReference(levels[l], g, 0, levels[l].size.grid_height());
          sums[std::min<size_t>(l, classes - 1)].Add(
              Accumulate(levels[l], taps.taps[g][c], g, c, nullptr, pool));
        }
      }
      for (int k = 0; k < classes; ++k) {
        const std::vector<double> w = Solve(sums[k], std::vector<double>(count, 0.0), 1e-4);
        Filter& filter = model.classes[k].filters[g][c];
        filter.resize(count);
        for (int t = 0; t < count; ++t) {
          filter[t] = static_cast<int16_t>(
              std::clamp(std::lround(w[t] * (1 << kFilterBits)), -32767L, 32767L));
        }
      }
    }
  }
}

}  // namespace flowzip
