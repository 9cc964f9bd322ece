// SPDX-License-Identifier: BSD-3-Clause
// Training pictures as the network coder sees them: lifted planes, predictions, residuals, and the
// features of a run of sites (model/site_step.h).
#pragma once

#include <array>
#include <memory>
#include <random>
#include <vector>

#include "codec/picture/image.h"
#include "model/site_step.h"
#include "tools/train/net.h"

namespace flowzip {

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
  int width = 0, height = 0;
  bool squeezed = false;  // planes 1 and 2 lie between plane 0's samples
  std::vector<CropPlane> planes;
};

// What a site's scale is made of: weights of |residual| at own offsets, then at each earlier
// channel's.
struct ScaleWeights {
  std::vector<float> weight[3];
};

// Fills in sites and features of `count` sites from (x, y) on.
void Gather(const Crop& crop, int channel, int x, int y, int count, const ScaleWeights& scale,
            Sites* sites, float* features);

// Non-negative least squares.
ScaleWeights FitScales(const std::vector<std::shared_ptr<Crop>>& crops);

// Of a picture of RGB: augments (strength > 0), lifts and predicts.
std::shared_ptr<Crop> MakeCrop(const Image& image, double strength, std::mt19937& rng);

}  // namespace flowzip
