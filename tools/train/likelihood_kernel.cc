// SPDX-License-Identifier: BSD-3-Clause
#include "tools/train/likelihood_kernel.h"

#include <algorithm>
#include <cmath>

namespace flowzip {
namespace {

constexpr int kBlock = 64;
constexpr float kLn2 = 0.693147181f;
constexpr float kLeak = 1.0f / 65536;  // mass every symbol has in the integer CDF

}  // namespace

double MixtureBitsKernel(const float* head, const float* residual, float* gradient, int components,
                         int64_t plane_stride, int64_t sites, float scale) {
  double bits = 0;
  float w[kMaxTrainComponents][kBlock], p[kMaxTrainComponents][kBlock];
  float dmean[kMaxTrainComponents][kBlock], dscale[kMaxTrainComponents][kBlock];
  float total[kBlock], mass[kBlock], top[kBlock], loss[kBlock];
  for (int64_t start = 0; start < sites; start += kBlock) {
    const int n = static_cast<int>(std::min<int64_t>(kBlock, sites - start));
    for (int t = 0; t < n; ++t) top[t] = head[start + t];
    for (int k = 1; k < components; ++k) {
      const float* logit = head + k * plane_stride + start;
      for (int t = 0; t < n; ++t) top[t] = std::max(top[t], logit[t]);
    }
    for (int t = 0; t < n; ++t) total[t] = 0, mass[t] = 0;
    for (int k = 0; k < components; ++k) {
      const float* logit = head + k * plane_stride + start;
      const float* mean = head + (components + k) * plane_stride + start;
      const float* log_scale = head + (2 * components + k) * plane_stride + start;
      const float* r = residual + start;
      for (int t = 0; t < n; ++t) {
        const float weight = std::exp((logit[t] - top[t]) * kLn2);
        const float octave = std::min(std::max(log_scale[t] + 1.0f, -5.0f), 6.9f);
        const float inv = std::exp(-octave * kLn2);
        // Work in the lower tail, where differences of the logistic keep their precision.
        const float x = (r[t] - 16.0f * mean[t]) * inv;
        const float sign = x > 0 ? -1.0f : 1.0f;
        const float a = sign * x + 0.5f * inv, b = sign * x - 0.5f * inv;
        const float ea = std::exp(-std::min(std::max(a, -60.0f), 60.0f));
        const float eb = std::exp(-std::min(std::max(b, -60.0f), 60.0f));
        const float sa = 1.0f / (1.0f + ea), sb = 1.0f / (1.0f + eb);
        const float fa = sa * sa * ea, fb = sb * sb * eb;  // densities
        w[k][t] = weight;
        p[k][t] = sa - sb;
        dmean[k][t] = -sign * (fa - fb) * inv * 16.0f;
        dscale[k][t] = -(a * fa - b * fb) * kLn2;
        total[t] += weight;
        mass[t] += weight * (sa - sb);
      }
    }
    for (int t = 0; t < n; ++t) {
      mass[t] /= total[t];
      loss[t] = -std::log(mass[t] + kLeak) * (1.0f / kLn2);
    }
    for (int t = 0; t < n; ++t) bits += loss[t];
    for (int k = 0; k < components; ++k) {
      float* dl = gradient + k * plane_stride + start;
      float* dm = gradient + (components + k) * plane_stride + start;
      float* ds = gradient + (2 * components + k) * plane_stride + start;
      for (int t = 0; t < n; ++t) {
        const float weight = w[k][t] / total[t];
        const float factor = -scale * weight / (kLn2 * (mass[t] + kLeak));
        dl[t] = factor * (p[k][t] - mass[t]) * kLn2;
        dm[t] = factor * dmean[k][t];
        ds[t] = factor * dscale[k][t];
      }
    }
  }
  return bits;
}

}  // namespace flowzip
