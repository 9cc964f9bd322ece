// SPDX-License-Identifier: BSD-3-Clause
#include "tools/train/net.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace flowzip {
namespace {

inline uint32_t Bits(float f) {
  uint32_t u;
  std::memcpy(&u, &f, 4);
  return u;
}
inline uint32_t Rounded(float f) { return Bits(f) + 0x8000u; }
inline float Widen(Bf16 b) {
  const uint32_t u = uint32_t{b} << 16;
  float f;
  std::memcpy(&f, &u, 4);
  return f;
}

// A ReLU with an end, which the codec's integers have too.
constexpr float kLargest = 31.9f;
inline float Activation(float x) { return std::min(std::max(x, 0.0f), kLargest); }

// Both forms of `rows` rows of floats.
void Narrow(const float* from, int rows, Bf16* by_rows, uint32_t* pairs) {
  for (int i = 0; i < rows; i += 2) {
    const float* a = from + size_t(i) * kStride;
    const float* b = a + kStride;
    Bf16* to = by_rows + size_t(i) * kStride;
    uint32_t* pair = pairs + size_t(i / 2) * kStride;
    for (int j = 0; j < kRun; ++j) {
      const uint32_t u = Rounded(a[j]), v = Rounded(b[j]);
      pair[j] = (u >> 16) | (v & 0xFFFF0000u);
      to[j] = Bf16(u >> 16);
      to[kStride + j] = Bf16(v >> 16);
    }
  }
}

}  // namespace

Net::Net(const NetShape& shape, std::mt19937& rng) : shape_(shape) {
  const int layers = shape.layers();
  std::normal_distribution<float> normal;
  for (int l = 0; l < layers; ++l) {
    const size_t size = size_t(shape.rows(l)) * shape.columns(l);
    std::vector<float> w(size, 0.0f);
    const bool last = l == layers - 1, closes = !last && l > 0 && l % 2 == 0;
    const float gain = last ? 0.1f : closes ? 0.3f : 1.0f;
    const int rows = last ? shape.outputs() : shape.width;
    for (int i = 0; i < rows; ++i) {
      for (int j = 0; j < shape.inputs(l); ++j) {
        w[size_t(i) * shape.columns(l) + j] =
            gain * normal(rng) * std::sqrt(2.0f / float(shape.inputs(l)));
      }
      if (last && i >= 2 * shape.components) {  // spread the scales
        w[size_t(i) * shape.columns(l) + shape.inputs(l)] =
            -0.8f + 1.5f * float(i - 2 * shape.components) / float(shape.components);
      }
    }
    weights.push_back(w);
    average.push_back(w);
    first_moment.emplace_back(size);
    second_moment.emplace_back(size);
    gradient.emplace_back(size);
    low_.emplace_back(size);
    low_transposed_.emplace_back(size_t(shape.columns(l)) * ((shape.rows(l) + 31) / 32 * 32));
  }
  const size_t most = size_t(std::max(shape.feature_rows(), shape.hidden_rows()) + 32) * kStride;
  x_.assign(size_t(shape.feature_rows()) * kStride, 0.0f);
  std::fill_n(x_.data() + size_t(shape.features) * kStride, kStride, 1.0f);
  c_.resize(most);
  d_.resize(most);
  e_.resize(most);
  out_.resize(size_t(shape.output_rows()) * kStride);
  d_out_.resize(size_t(32) * kStride);
  for (int l = 0; l < layers; ++l) {
    const size_t size = size_t(shape.columns(l)) * kStride;
    wide_.emplace_back(size);
    rows_.emplace_back(size);
    pairs_.emplace_back(size / 2);
    if (l > 0) {
      std::fill_n(wide_[l].data() + size_t(shape.width) * kStride, kStride, 1.0f);
      Narrow(wide_[l].data(), shape.columns(l), rows_[l].data(), pairs_[l].data());
    }
  }
  d_rows_.assign(most, 0);
  d_pairs_.assign(most / 2, 0);
  d_sites_.assign(most / 2 + 64, 0);
}

void Net::Begin() {
  for (size_t l = 0; l < weights.size(); ++l) {
    const int rows = shape_.rows(int(l)), columns = shape_.columns(int(l));
    const int padded = (rows + 31) / 32 * 32;
    for (int i = 0; i < rows; ++i) {
      for (int j = 0; j < columns; ++j) {
        const Bf16 low = Bf16(Rounded(weights[l][size_t(i) * columns + j]) >> 16);
        low_[l][size_t(i) * columns + j] = low;
        low_transposed_[l][size_t(j) * padded + i] = low;
      }
    }
    std::fill(gradient[l].begin(), gradient[l].end(), 0.0f);
  }
}

// d: gradient at the layer's output, [rows][kStride]. Adds the weights' gradient; the inputs'
// goes to d_input unless it is null.
void Net::Backward(int layer, float* d, float* d_input) {
  const int rows = shape_.rows(layer), columns = shape_.columns(layer);
  const int padded = (rows + 31) / 32 * 32;
  if (padded > rows) {
    std::memset(d + size_t(rows) * kStride, 0, sizeof(float) * size_t(padded - rows) * kStride);
  }
  Narrow(d, padded, d_rows_.data(), d_pairs_.data());
  TransposeWords(reinterpret_cast<const uint32_t*>(d_rows_.data()), kStride / 2, d_sites_.data(),
                 rows, rows, kRun / 2);
  Gemm(rows_[layer].data(), kStride, d_sites_.data(), rows, gradient[layer].data(), rows, columns,
       rows, kRun, true);  // transposed: [columns][rows]
  if (d_input != nullptr) {
    Gemm(low_transposed_[layer].data(), padded, d_pairs_.data(), kStride, d_input, kStride,
         (shape_.inputs(layer) + 15) / 16 * 16, kRun, padded, false);
  }
}

double Net::Run(const Sites& sites, bool learn) {
  const int layers = shape_.layers(), width = shape_.width;
  Narrow(x_.data(), shape_.feature_rows(), rows_[0].data(), pairs_[0].data());
  for (int l = 0; l < layers; ++l) {
    const bool last = l == layers - 1;
    float* to = last ? out_.data() : c_.data();
    Gemm(low_[l].data(), shape_.columns(l), pairs_[l].data(), kStride, to, kStride, shape_.rows(l),
         kRun, shape_.columns(l), false);
    if (last) break;
    const bool closes = l > 0 && l % 2 == 0;  // the end of a residual block
    float* h = wide_[l + 1].data();
    const float* skip = closes ? wide_[l - 1].data() : nullptr;
    for (int i = 0; i < width; ++i) {
      const float* c = to + size_t(i) * kStride;
      float* row = h + size_t(i) * kStride;
      if (skip != nullptr) {
        const float* s = skip + size_t(i) * kStride;
        for (int j = 0; j < kRun; ++j) row[j] = Activation(c[j] + s[j]);
      } else {
        for (int j = 0; j < kRun; ++j) row[j] = Activation(c[j]);
      }
    }
    Narrow(h, (width + 1) / 2 * 2, rows_[l + 1].data(), pairs_[l + 1].data());
  }
  const double bits = Likelihood(sites, out_.data(), learn ? d_out_.data() : nullptr);
  if (!learn) return bits;

  const auto mask = [&](int l, float* d) {  // through the ReLU that made the input of layer l
    const float* h = wide_[l].data();
    for (size_t i = 0; i < size_t(width) * kStride; ++i) {
      d[i] = h[i] > 0 && h[i] < kLargest ? d[i] : 0.0f;
    }
  };
  Backward(layers - 1, d_out_.data(), d_.data());
  mask(layers - 1, d_.data());
  for (int b = shape_.blocks - 1; b >= 0; --b) {
    const int first = 1 + 2 * b;
    Backward(first + 1, d_.data(), e_.data());
    mask(first + 1, e_.data());
    Backward(first, e_.data(), c_.data());
    for (size_t i = 0; i < size_t(width) * kStride; ++i) d_[i] += c_[i];
    mask(first, d_.data());
  }
  Backward(0, d_.data(), nullptr);
  return bits;
}

double Net::Likelihood(const Sites& sites, const float* out, float* d) const {
  const int k_count = shape_.components;
  constexpr float kLog2 = 0.69314718f, kFloor = 1.6e-5f, kLeast = 0.03125f;
  const auto sigmoid = [](float a) { return 1.0f / (1.0f + std::exp(-a)); };
  float w[8][kRun], p[8][kRun], fm[8][kRun], fs[8][kRun], top[kRun], total[kRun], mass[kRun];
  for (int j = 0; j < kRun; ++j) top[j] = out[j];
  for (int k = 1; k < k_count; ++k) {
    const float* logit = out + size_t(k) * kStride;
    for (int j = 0; j < kRun; ++j) top[j] = std::max(top[j], logit[j]);
  }
  for (int j = 0; j < kRun; ++j) total[j] = mass[j] = 0;
  for (int k = 0; k < k_count; ++k) {
    const float* logit = out + size_t(k) * kStride;
    const float* mean = out + size_t(k_count + k) * kStride;
    const float* spread = out + size_t(2 * k_count + k) * kStride;
    for (int j = 0; j < kRun; ++j) {
      w[k][j] = std::exp(logit[j] - top[j]);
      total[j] += w[k][j];
      const float octaves = std::min(std::max(spread[j], -16.0f), 16.0f);
      const float s = std::max(sites.scale[j] * std::exp2(octaves), kLeast);
      const float mu =
          std::min(std::max(sites.prediction[j] + sites.scale[j] * mean[j], sites.min), sites.max);
      const float inverse = 1.0f / s;
      // Bounded, so that no exponential overflows.
      const float a0 = (sites.value[j] + 0.5f - mu) * inverse;
      const float a = std::min(std::max(a0, -40.0f), 40.0f);
      const float b = std::min(std::max(a0 - inverse, -40.0f), 40.0f);
      const float sa = sigmoid(a), sb = sigmoid(b);
      const float ca = sites.value[j] >= sites.max ? 1.0f : sa;
      const float cb = sites.value[j] <= sites.min ? 0.0f : sb;
      const float da = sites.value[j] >= sites.max ? 0.0f : sa * (1 - sa);
      const float db = sites.value[j] <= sites.min ? 0.0f : sb * (1 - sb);
      p[k][j] = ca - cb;
      fm[k][j] = (db - da) * inverse;
      fs[k][j] = s > kLeast ? (b * db - a * da) : 0.0f;
      mass[j] += w[k][j] * p[k][j];
    }
  }
  double bits = 0;
  float inverse_total[kRun], inverse_mass[kRun];
  for (int j = 0; j < kRun; ++j) {
    inverse_total[j] = 1.0f / total[j];
    const float m = mass[j] * inverse_total[j];
    mass[j] = m;
    inverse_mass[j] = 1.0f / (m + kFloor);
    bits -= j < sites.count ? std::log2(m + kFloor) : 0.0f;
  }
  if (d == nullptr) return bits;
  for (int k = 0; k < k_count; ++k) {
    float* d_logit = d + size_t(k) * kStride;
    float* d_mean = d + size_t(k_count + k) * kStride;
    float* d_spread = d + size_t(2 * k_count + k) * kStride;
    for (int j = 0; j < kRun; ++j) {
      const float share = j < sites.count ? w[k][j] * inverse_total[j] * inverse_mass[j] : 0.0f;
      d_logit[j] = -share * (p[k][j] - mass[j]);
      d_mean[j] = -share * fm[k][j] * sites.scale[j];
      d_spread[j] = -share * fs[k][j] * kLog2;
    }
  }
  for (int i = shape_.outputs(); i < shape_.output_rows(); ++i) {
    std::fill_n(d + size_t(i) * kStride, kStride, 0.0f);
  }
  return bits;
}

void Net::Step(double rate, double sites) {
  constexpr double kBeta1 = 0.9, kBeta2 = 0.995, kDecay = 0.02;
  double norm = 0;
  for (const auto& g : gradient) {
    for (const float f : g) norm += double(f) * f;
  }
  norm = std::sqrt(norm) / sites;
  // Infinite or no number at all; -ffast-math knows neither.
  uint64_t norm_bits;
  std::memcpy(&norm_bits, &norm, 8);
  if ((norm_bits >> 52 & 0x7FF) == 0x7FF) {
    std::fprintf(stderr, "a step without a gradient is left out\n");
    return;
  }
  ++steps;
  const float averaging = float(std::max(0.0005, 1 / (1 + double(steps))));
  const float correct1 = float(1 / (1 - std::pow(kBeta1, double(steps))));
  const float correct2 = float(1 / (1 - std::pow(kBeta2, double(steps))));
  const float scale = float(std::min(1.0, 1.0 / std::max(norm, 1e-9)) / sites);  // clipped at 1
  for (size_t l = 0; l < weights.size(); ++l) {
    const int rows = shape_.rows(int(l)), columns = shape_.columns(int(l));
    for (int i = 0; i < rows; ++i) {
      for (int j = 0; j <= shape_.inputs(int(l)); ++j) {
        const size_t at = size_t(i) * columns + j;
        const float g = gradient[l][size_t(j) * rows + i] * scale;
        first_moment[l][at] += float(1 - kBeta1) * (g - first_moment[l][at]);
        second_moment[l][at] += float(1 - kBeta2) * (g * g - second_moment[l][at]);
        weights[l][at] -= float(rate) * first_moment[l][at] * correct1 /
                          (std::sqrt(second_moment[l][at] * correct2) + 1e-8f);
        // Decoupled weight decay (Loshchilov & Hutter 2019), not of biases.
        if (j < shape_.inputs(int(l))) weights[l][at] -= float(rate * kDecay) * weights[l][at];
        average[l][at] += averaging * (weights[l][at] - average[l][at]);
      }
    }
  }
}

}  // namespace flowzip
