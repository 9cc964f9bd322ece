// SPDX-License-Identifier: BSD-3-Clause
// Training pictures as the network coder sees them: lifted planes, predictions, residuals, and the
// features of a run of sites.
#pragma once

#include <array>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "codec/image.h"
#include "model/plane.h"
#include "tools/flow/net.h"

namespace flowzip {

struct Offset {
  int dx, dy;
};

// Floats in 1/8 of a sample, with a border.
struct CropPlane {
  static constexpr int kBorder = 8;
  int width = 0, height = 0, stride = 0;
  std::vector<float> v, p, r;  // value, prediction, residual
  float min = 0, max = 0;      // in samples
  const float* Value(int x, int y) const { return v.data() + At(x, y); }
  const float* Prediction(int x, int y) const { return p.data() + At(x, y); }
  const float* Residual(int x, int y) const { return r.data() + At(x, y); }
  size_t At(int x, int y) const { return size_t(y + kBorder) * stride + size_t(x + kBorder); }
};

struct Crop {
  int width = 0, height = 0, lifting = 0;
  std::vector<CropPlane> planes;
};

// What a site's scale is made of: weights of |residual| at own offsets, then at each earlier
// channel's.
struct ScaleWeights {
  std::vector<float> weight[3];
};

inline constexpr int kOwnDifferences = 24, kOwnResiduals = 12, kCrossSites = 9;
int FeatureCount(int channel);
const std::vector<Offset>& OwnOffsets();    // by distance; the first 12 are the residuals'
const std::vector<Offset>& CrossOffsets();  // the first is the site itself

// Fills in sites and features of `count` sites from (x, y) on.
void Gather(const Crop& crop, int channel, int x, int y, int count, const ScaleWeights& scale,
            Sites* sites, float* features);

ScaleWeights FitScales(const std::vector<std::shared_ptr<Crop>>& crops);

// Augments (strength > 0), lifts and predicts.
std::shared_ptr<Crop> MakeCrop(const Image& image, double strength, std::mt19937& rng);

Image ReadPpm(const std::string& path);

}  // namespace flowzip
