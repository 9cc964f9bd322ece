// SPDX-License-Identifier: BSD-3-Clause
// A coupling network in training: features of a run of sites -> a mixture of logistics.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "tools/train/gemm.h"

namespace flowzip {

inline constexpr int kRun = 256;           // sites side by side
inline constexpr int kStride = kRun + 16;  // of rows of words, so that they meet few cache sets

// The layers of model/coupling_net.h, each with its bias as one more column. `width` is a multiple
// of 16.
struct NetShape {
  int features, width, blocks, components;
  int feature_rows() const { return (features + 1 + 31) / 32 * 32; }  // one is 1, for the bias
  int hidden_rows() const { return (width + 1 + 31) / 32 * 32; }
  int outputs() const { return 3 * components; }
  int output_rows() const { return (outputs() + 15) / 16 * 16; }
  int layers() const { return 2 + 2 * blocks; }
  int rows(int layer) const { return layer == layers() - 1 ? output_rows() : width; }
  int columns(int layer) const { return layer == 0 ? feature_rows() : hidden_rows(); }
  int inputs(int layer) const { return layer == 0 ? features : width; }  // then the bias
  double macs() const {
    return double(features) * width + 2.0 * blocks * width * width + double(width) * outputs();
  }
};

// A site's target and what its mixture is relative to, in samples.
struct Sites {
  float value[kRun], prediction[kRun], log2_scale[kRun], scale[kRun];
  float min, max;
  int count;
};

class Net {
 public:
  Net(const NetShape& shape, std::mt19937& rng);

  const NetShape& shape() const { return shape_; }

  // Makes the low-precision copies of the weights; gradients become zero.
  void Begin();
  // Room for the features: [feature_rows][kStride] floats; row `features` must be 1, the rest 0.
  float* features() { return x_.data(); }
  // Returns the bits of all sites; adds to the gradients (of nats) if `learn`.
  double Run(const Sites& sites, bool learn);
  // Of the last Run: what a unit of a hidden layer gave, [kRun].
  const float* Activations(int layer, int unit) const {
    return wide_[static_cast<size_t>(layer) + 1].data() + static_cast<size_t>(unit) * kStride;
  }
  // Of the last Run: [outputs()][kStride] logits, means and log2 scales.
  const float* outputs() const { return out_.data(); }
  // Adam (Kingma & Ba 2015), gradients divided by `sites`; also moves the averaged weights.
  void Step(double rate, double sites);
  // Puts the average of recent weights in the place of the weights, or back.
  void SwapAverage() { weights.swap(average); }

  // By layer: [rows][columns], the gradients [columns][rows].
  std::vector<std::vector<float>> weights, gradient, first_moment, second_moment, average;
  int64_t steps = 0;

 private:
  void Backward(int layer, float* d, float* d_input);
  double Likelihood(const Sites& sites, const float* out, float* d) const;

  NetShape shape_;
  std::vector<std::vector<Bf16>> low_, low_transposed_;
  std::vector<float> x_, c_, d_, e_, out_, d_out_;
  std::vector<std::vector<float>> wide_;      // activations in float, by layer
  std::vector<std::vector<Bf16>> rows_;       // the same by rows
  std::vector<std::vector<uint32_t>> pairs_;  // and in pairs of rows
  std::vector<Bf16> d_rows_;
  std::vector<uint32_t> d_pairs_, d_sites_;
};

}  // namespace flowzip
