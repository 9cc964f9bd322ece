// SPDX-License-Identifier: BSD-3-Clause
// The loops over a crop's sites. Compiled for this machine: nothing of the codec is in here.
#include <algorithm>
#include <cmath>

#include "tools/train/crop.h"

namespace flowzip {

void Gather(const Crop& crop, int channel, int x, int y, int count, const ScaleWeights& weights,
            Sites* sites, float* features) {
  const CropPlane& own = crop.planes[size_t(channel)];
  const float* v = own.Value(x, y);
  const float* p = own.Prediction(x, y);
  float sum[kRun], inverse[kRun];
  for (int j = 0; j < kRun; ++j) sum[j] = 0;
  const float* w = weights.weight[channel].data();
  const auto add = [&](const float* r) {
    const float weight = *w++;
    for (int j = 0; j < kRun; ++j) sum[j] += weight * std::fabs(r[j]);
  };
  for (int k = 0; k < kOwnScaleSites; ++k) {
    add(own.Residual(x + kOwnOffsets[size_t(k)].dx, y + kOwnOffsets[size_t(k)].dy));
  }
  for (int c = 0; c < channel; ++c) {
    for (const SiteOffset& o : kCrossOffsets) add(crop.planes[c].Residual(x + o.dx, y + o.dy));
  }
  sites->count = count;
  sites->min = own.min;
  sites->max = own.max;
  float* to = features;
  const float middle = 4.0f * (own.min + own.max), span = 16.0f / (own.max - own.min + 1);
  for (int j = 0; j < kRun; ++j) {
    const float scale = sum[j] + 3.2f;
    inverse[j] = 1.0f / scale;
    sites->value[j] = v[j] * 0.125f;
    sites->prediction[j] = p[j] * 0.125f;
    sites->scale[j] = scale * 0.125f;
    to[j] = std::log2(scale) - 3.0f;
    to[kStride + j] = std::min((8.0f * own.max - p[j]) * inverse[j], 12.0f);
    to[2 * kStride + j] = std::min((p[j] - 8.0f * own.min) * inverse[j], 12.0f);
    to[3 * kStride + j] = (p[j] - middle) * span * 0.25f;
  }
  to += 4 * kStride;
  const auto clamp = [](float f) { return std::min(std::max(f, -12.0f), 12.0f); };
  for (int k = 0; k < kOwnSites; ++k, to += kStride) {
    const float* n = own.Value(x + kOwnOffsets[size_t(k)].dx, y + kOwnOffsets[size_t(k)].dy);
    for (int j = 0; j < kRun; ++j) to[j] = clamp((n[j] - p[j]) * inverse[j]);
  }
  const auto residuals = [&](const float* r) {
    for (int j = 0; j < kRun; ++j) {
      const float f = clamp(r[j] * inverse[j]);
      to[j] = f;
      to[kStride + j] = std::fabs(f);
    }
    to += 2 * kStride;
  };
  for (int k = 0; k < kOwnScaleSites; ++k) {
    residuals(own.Residual(x + kOwnOffsets[size_t(k)].dx, y + kOwnOffsets[size_t(k)].dy));
  }
  for (int c = 0; c < channel; ++c) {
    const CropPlane& other = crop.planes[c];
    const float* here = other.Value(x, y);
    for (const SiteOffset& o : kCrossOffsets) {
      residuals(other.Residual(x + o.dx, y + o.dy));
      if (o.dx == 0 && o.dy == 0) continue;
      const float* n = other.Value(x + o.dx, y + o.dy);
      for (int j = 0; j < kRun; ++j) to[j] = clamp((n[j] - here[j]) * inverse[j]);
      to += kStride;
    }
  }
}

}  // namespace flowzip
