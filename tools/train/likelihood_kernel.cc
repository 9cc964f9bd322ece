// SPDX-License-Identifier: BSD-3-Clause
#include "tools/train/likelihood_kernel.h"

#include <algorithm>
#include <cmath>

namespace flowzip {
namespace {

constexpr int kBlock = 64;
constexpr float kLn2 = 0.693147181f;
// The mass that every value has in the integer CDF. It bounds what an outlier costs, and with it
// the gradient. The gradient is the exact one: with limits of its own (tried: on the distance and
// on the sharpness of components) it is no longer that of any loss, and runs diverge.
constexpr float kLeak = 1.0f / 65536;

}  // namespace

// With z = -|r - mean| / s, inv = 1 / s, a = z + inv / 2, b = z - inv / 2, the mass of a bin is
//   sigmoid(a) - sigmoid(b) = exp(a) (1 - exp(-inv)) / ((1 + exp(a)) (1 + exp(b))),
// which keeps its precision far from the mean, where the difference itself underflows.
double MixtureBitsKernel(const float* head, const float* residual, float* gradient, int components,
                         int64_t plane_stride, int64_t sites, float scale) {
  double bits = 0;
  float weight[kMaxTrainComponents][kBlock], joint[kMaxTrainComponents][kBlock];
  float dmean[kMaxTrainComponents][kBlock], dscale[kMaxTrainComponents][kBlock];
  float top[kBlock], total[kBlock], best[kBlock], sum[kBlock], strength[kBlock];
  for (int64_t start = 0; start < sites; start += kBlock) {
    const int n = static_cast<int>(std::min<int64_t>(kBlock, sites - start));
    const float* r = residual + start;
    for (int t = 0; t < n; ++t) top[t] = head[start + t];
    for (int k = 1; k < components; ++k) {
      const float* logit = head + k * plane_stride + start;
      for (int t = 0; t < n; ++t) top[t] = std::max(top[t], logit[t]);
    }
    for (int t = 0; t < n; ++t) total[t] = 0, best[t] = -1e30f, sum[t] = 0;
    for (int k = 0; k < components; ++k) {
      const float* logit = head + k * plane_stride + start;
      const float* mean = head + (components + k) * plane_stride + start;
      const float* log_scale = head + (2 * components + k) * plane_stride + start;
      for (int t = 0; t < n; ++t) {
        const float log_weight = (logit[t] - top[t]) * kLn2;
        const float octave = std::min(std::max(log_scale[t] + 1.0f, -5.0f), 6.9f);
        const float inv = std::exp(-octave * kLn2);
        const float x = (r[t] - 16.0f * mean[t]) * inv;
        const float sign = x > 0 ? -1.0f : 1.0f;
        const float z = sign * x;
        const float a = std::max(z + 0.5f * inv, -80.0f), b = std::max(z - 0.5f * inv, -80.0f);
        const float ea = std::exp(a), eb = std::exp(b);
        const float sa = ea / (1.0f + ea), sb = eb / (1.0f + eb), rest = 1.0f - std::exp(-inv);
        const float slope = 1.0f - sa - sb;
        const float log_mass = z + 0.5f * inv + std::log(rest / ((1.0f + ea) * (1.0f + eb)));
        weight[k][t] = std::exp(log_weight);
        joint[k][t] = log_weight + log_mass;
        dmean[k][t] = -sign * 16.0f * inv * slope;
        dscale[k][t] = -kLn2 * (z * slope + inv * (0.5f + (1.0f - rest) / rest - 0.5f * (sa - sb)));
        total[t] += weight[k][t];
        best[t] = std::max(best[t], joint[k][t]);
      }
    }
    for (int k = 0; k < components; ++k) {
      for (int t = 0; t < n; ++t) {
        joint[k][t] = std::exp(joint[k][t] - best[t]);
        sum[t] += joint[k][t];
      }
    }
    for (int t = 0; t < n; ++t) {
      const float mass = std::exp(best[t]) * sum[t] / total[t];
      bits -= std::log(mass + kLeak) * (1.0f / kLn2);
      strength[t] = scale * mass / (mass + kLeak);
    }
    for (int k = 0; k < components; ++k) {
      float* dl = gradient + k * plane_stride + start;
      float* dm = gradient + (components + k) * plane_stride + start;
      float* ds = gradient + (2 * components + k) * plane_stride + start;
      for (int t = 0; t < n; ++t) {
        const float posterior = joint[k][t] / sum[t];
        const float factor = -strength[t] * posterior / kLn2;
        dl[t] = -strength[t] * (posterior - weight[k][t] / total[t]);
        dm[t] = factor * dmean[k][t];
        ds[t] = factor * dscale[k][t];
      }
    }
  }
  return bits;
}

}  // namespace flowzip
