// SPDX-License-Identifier: BSD-3-Clause
// Second half of the context coder: samples of a pixel that is none of the candidates.
//
// A sample is predicted by a blend of simple predictors, each weighed by how well it did nearby,
// and corrected by what the blend's error was in like places. What is coded is the difference:
// zero or not, sign, octave (unary), then the bits inside the octave.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "codec/bit_model.h"

namespace flowzip {

// 0, 1, 2, 3, 4-5, 6-7, 8-11, 12-15, ...: two steps an octave.
inline int HalfOctave(uint32_t v) {
  if (v < 4) return static_cast<int>(v);
  const int e = 31 - __builtin_clz(v);
  return 2 * e + static_cast<int>(v >> (e - 1) & 1);
}
inline int SignedHalfOctave(int32_t v) {
  const int h = HalfOctave(static_cast<uint32_t>(std::abs(v)));
  return v < 0 ? 64 + h : h;
}

inline int32_t Median(int32_t w, int32_t n, int32_t nw) {
  const int32_t lo = std::min(w, n), hi = std::max(w, n);
  return nw >= hi ? lo : nw <= lo ? hi : w + n - nw;
}

// A linear predictor over the neighbours, whose weights follow every error (normalised LMS).
class Adaptive {
 public:
  static constexpr int kInputs = 10;
  Adaptive() { weights_.fill(0); weights_[0] = weights_[1] = 1 << 14; }
  int32_t Predict(const int32_t* row, const int32_t* n, const int32_t* nn, const int32_t* base,
                  const int32_t* base_n, int x) {
    center_ = (row[x - 1] + n[x]) >> 1;
    inputs_ = {row[x - 1] - center_, n[x] - center_, n[x - 1] - center_, n[x + 1] - center_,
               row[x - 2] - center_, nn[x] - center_};
    count_ = 6;
    if (base != nullptr) {
      const int32_t b = (base[x - 1] + base_n[x]) >> 1;
      inputs_[6] = base[x] - b;
      inputs_[7] = base[x - 1] - b;
      inputs_[8] = base_n[x - 1] - b;
      inputs_[9] = base_n[x + 1] - b;
      count_ = 10;
    }
    int64_t sum = 0;
    for (int i = 0; i < count_; ++i) sum += int64_t{weights_[i]} * inputs_[i];
    prediction_ = (int64_t{center_} << 3) + (sum >> 13);
    return static_cast<int32_t>(std::clamp<int64_t>(prediction_, -(1 << 20), 1 << 20));
  }
  void Learn(int32_t value) {
    int64_t power = 16;
    for (int i = 0; i < count_; ++i) power += int64_t{inputs_[i]} * inputs_[i];
    const int64_t error = std::clamp<int64_t>(int64_t{8} * value - prediction_, -(1 << 20), 1 << 20);
    for (int i = 0; i < count_; ++i) {
      const int64_t step = error * inputs_[i] * kRate / power;
      weights_[i] = static_cast<int32_t>(std::clamp<int64_t>(weights_[i] + step, -(1 << 18), 1 << 18));
    }
  }

 private:
  static constexpr int64_t kRate = 512;
  std::array<int32_t, kInputs> weights_;
  std::array<int32_t, kInputs> inputs_{};
  int32_t center_ = 0;
  int count_ = 0;
  int64_t prediction_ = 0;
};

// The predicted value of one channel and what it is made of.
class Blend {
 public:
  static constexpr int kPredictors = 11;
  static constexpr int kScale = 3;  // fractional bits

  Blend(int width, int bit_depth) : max_(((1 << bit_depth) - 1) << kScale),
    depth_(bit_depth), errors_(2, std::vector<std::array<uint32_t, kPredictors>>(width + 3)), bias_(4096) {}

  void BeginRow() { std::swap(errors_[0], errors_[1]); }

  // `base`: the plane that correlates most, known at x already; null for the first channel.
  int32_t Predict(const int32_t* row, const int32_t* n, const int32_t* nn, const int32_t* base,
                  const int32_t* base_n, int x, uint32_t texture) {
    const int32_t w = row[x - 1], no = n[x], nw = n[x - 1], ne = n[x + 1];
    auto& p = predictions_;
    p[0] = w;
    p[1] = no;
    p[2] = w + no - nw;
    p[3] = no + (ne - nn[x + 1]);
    p[4] = w + ((ne - no + nw - n[x - 2]) >> 1);
    p[5] = (w + ne) >> 1;
    count_ = 6;
    if (base != nullptr) {
      const int32_t b = base[x], bw = base[x - 1], bn = base_n[x], bnw = base_n[x - 1];
      p[6] = w + b - bw;
      p[7] = no + b - bn;
      p[8] = b + Median(w - bw, no - bn, nw - bnw);
      p[9] = Median(w, no, nw) + ((b - Median(bw, bn, bnw)) >> 1);
      count_ = 10;
    } else {
      p[6] = 2 * w - row[x - 2];
      p[7] = 2 * no - nn[x];
      count_ = 8;
    }
    for (int k = 0; k < count_; ++k) p[k] *= 1 << kScale;
    p[count_++] = adaptive_.Predict(row, n, nn, base, base_n, x);
    const auto &above = errors_[1], &here = errors_[0];
    uint64_t weights = 0;
    int64_t sum = 0;
    for (int k = 0; k < count_; ++k) {
      p[k] = std::clamp(p[k], 0, max_);
      const uint64_t error = 1 + 2*uint64_t{above[x + 1][k]} + above[x][k] + above[x + 2][k] + 2*uint64_t{here[x][k]} + (x>0?here[x-1][k]:0);
      const uint64_t weight = (uint64_t{1} << 40) / (error * error) + 1;
      weights += weight;
      sum += static_cast<int64_t>(weight) * p[k];
    }
    blend_ = static_cast<int32_t>(sum / static_cast<int64_t>(weights));
    bias_at_ = &bias_[texture & 4095];
    const int32_t corrected = blend_ + (bias_at_->error >> 8) ;
    return std::clamp(corrected, 0, max_);
  }

  void Learn(int32_t value, int x) {
    auto& errors = errors_[0][x + 1];
    for (int k = 0; k < count_; ++k) {
      errors[k] = static_cast<uint32_t>(std::abs(value * (1 << kScale) - predictions_[k]));
    }
    adaptive_.Learn(value);
    Bias& b = *bias_at_;
    const int32_t error = value * (1 << kScale) - blend_;
    const int n = std::min(b.seen, 30) ;
    b.error += (error * 256 - b.error) * 1LL / (n + 4);
    if (b.seen < 60) ++b.seen;
  }
  int32_t spread() const {
    const auto [lo, hi] = std::minmax_element(predictions_.begin(), predictions_.begin() + count_);
    return *hi - *lo;
  }

 private:
  struct Bias {
    int64_t error = 0;  // 8 further fractional bits
    int seen = 0;
  };
  int32_t max_;
  int depth_;
  int count_ = 0;
  std::array<int32_t, kPredictors> predictions_{};
  // [0] this row, [1] the one above; column + 1
  std::vector<std::vector<std::array<uint32_t, kPredictors>>> errors_;
  std::vector<Bias> bias_;
  Bias* bias_at_ = nullptr;
  Adaptive adaptive_;
  int32_t blend_ = 0;
};

// How large differences are in a context: their mean, in 1/16 of a sample.
struct Spread {
  int32_t mean = 0, seen = 0;
  void Learn(int32_t size) { LearnFine(16 * size, 30); }
  // `size` in 1/16; means are over about `memory` of them.
  void LearnFine(int32_t size, int32_t memory) {
    mean += (size - mean) / (seen + 2);
    if (seen < memory) ++seen;
  }
};

// A logistic distribution of differences: what it says of the bits of their code.
class Logistic {
 public:
  // `mean`: of the absolute difference, in 1/16; `fraction`: of the prediction, in 1/8 above the
  // integer that differences count from, -4..3.
  Logistic() = default;
  Logistic(int32_t mean, int32_t fraction) : tables_(&BitTables::Get()), fraction_(fraction) {
    // The scale is mean / (2 ln 2); in 1/8 sample: mean * 8 / 16 / 1.386.
    inverse_ = (int64_t{256} << 16) * 4096 / (int64_t{std::max(mean, 2)} * 1477);
  }
  // Chance that the difference is at least v - 1/2 above (or below) the prediction, times 2^31.
  int64_t Tail(int32_t v, bool below) const {
    const int64_t t = int64_t{8} * v - 4 + (below ? fraction_ : -fraction_);
    const int64_t x = std::min<int64_t>(std::abs(t) * inverse_ >> 16, kMaxStretch);
    const int64_t far = tables_->tail[x];
    return t >= 0 ? std::max<int64_t>(far, 1) : (int64_t{1} << 31) - far;
  }
  int32_t Odds(int64_t part, int64_t whole) const {
    const int64_t p = whole <= 0 ? 2048 : std::clamp<int64_t>(part * 4096 / whole, 0, 4095);
    return tables_->stretch[p];
  }

 private:
  const BitTables* tables_ = nullptr;
  int32_t fraction_ = 0;
  int64_t inverse_ = 0;
};

}  // namespace flowzip
