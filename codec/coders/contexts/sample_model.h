// SPDX-License-Identifier: BSD-3-Clause
// Second half of the context coder: samples of a pixel that is none of the candidates.
//
// A sample is predicted by a blend of simple predictors, each weighed by how well it did nearby.
// What is coded is the difference: zero or not, sign, octave (unary), then the bits inside the
// octave.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "codec/bits/logistic.h"

namespace flowzip {

// The channels of a pixel in the order in which they are coded: alpha first, since where it is 0
// colours mean nothing; then green, which says most of the others.
inline std::vector<int> ChannelOrder(int channels) {
  switch (channels) {
    case 1: return {0};
    case 2: return {1, 0};
    case 3: return {1, 0, 2};
    default: return {3, 1, 0, 2};
  }
}

inline int32_t Median(int32_t w, int32_t n, int32_t nw) {
  const int32_t lo = std::min(w, n), hi = std::max(w, n);
  return nw >= hi ? lo : nw <= lo ? hi : w + n - nw;
}

// What is known of a channel around a place: its row, the one above and the one above that.
struct Surround {
  const int32_t *here = nullptr, *above = nullptr, *above2 = nullptr;
  explicit operator bool() const { return here != nullptr; }
};

// A linear predictor over the neighbours, whose weights follow every error (normalised LMS).
class Adaptive {
 public:
  static constexpr int kOwn = 10, kOther = 4, kInputs = kOwn + 2 * kOther;
  Adaptive() { weights_[0] = weights_[1] = 1 << 14; }
  int32_t Predict(const Surround& own, const Surround& base, const Surround& second, int x) {
    const int32_t *row = own.here, *n = own.above, *nn = own.above2;
    center_ = (row[x - 1] + n[x]) >> 1;
    count_ = 0;
    for (const int32_t value : {row[x - 1], n[x], n[x - 1], n[x + 1], row[x - 2], nn[x], n[x - 2],
                                n[x + 2], nn[x - 1], nn[x + 1]}) {
      inputs_[count_++] = value - center_;
    }
    for (const Surround* other : {&base, &second}) {
      if (*other) AddOther(*other, x);
    }
    int64_t sum = 0;
    for (int i = 0; i < count_; ++i) sum += int64_t{weights_[i]} * inputs_[i];
    prediction_ = (int64_t{center_} << 3) + (sum >> 13);
    return static_cast<int32_t>(std::clamp<int64_t>(prediction_, -(1 << 20), 1 << 20));
  }
  void Learn(int32_t value) {
    int64_t power = 16;
    for (int i = 0; i < count_; ++i) power += int64_t{inputs_[i]} * inputs_[i];
    const int64_t error =
        std::clamp<int64_t>(int64_t{8} * value - prediction_, -(1 << 20), 1 << 20);
    for (int i = 0; i < count_; ++i) {
      const int64_t weight = weights_[i] + error * inputs_[i] * kRate / power;
      weights_[i] = static_cast<int32_t>(std::clamp<int64_t>(weight, -(1 << 18), 1 << 18));
    }
  }

 private:
  static constexpr int64_t kRate = 2048;
  void AddOther(const Surround& other, int x) {
    const int32_t *row = other.here, *n = other.above;
    const int32_t center = (row[x - 1] + n[x]) >> 1;
    for (const int32_t value : {row[x], row[x - 1], n[x - 1], n[x + 1]}) {
      inputs_[count_++] = value - center;
    }
  }
  std::array<int32_t, kInputs> weights_{};
  std::array<int32_t, kInputs> inputs_{};
  int32_t center_ = 0;
  int count_ = 0;
  int64_t prediction_ = 0;
};

// The predicted value of one channel and what it is made of.
class Blend {
 public:
  static constexpr int kPredictors = 14;
  static constexpr int kScale = 3;  // fractional bits

  Blend(int width, int bit_depth) : max_(((1 << bit_depth) - 1) << kScale), errors_(2) {
    for (auto& row : errors_) row.resize(size_t(width) + kLeft + kRight);
  }

  void BeginRow() { std::swap(errors_[0], errors_[1]); }

  // `base`, `second`: colour channels that are known at x already, if there are such.
  int32_t Predict(const Surround& own, const Surround& base, const Surround& second, int x) {
    const int32_t *row = own.here, *n = own.above, *nn = own.above2;
    const int32_t w = row[x - 1], no = n[x], nw = n[x - 1], ne = n[x + 1];
    auto& p = predictions_;
    count_ = 0;
    const auto add = [&](int32_t value) { p[count_++] = value * (1 << kScale); };
    add(w);
    add(no);
    add(w + no - nw);
    add(no + (ne - nn[x + 1]));
    add(w + ((ne - no + nw - n[x - 2]) >> 1));
    add((w + ne) >> 1);
    for (const Surround* other : {&base, &second}) {
      if (!*other) continue;
      const int32_t b = other->here[x], bw = other->here[x - 1], bn = other->above[x],
                    bnw = other->above[x - 1];
      add(w + b - bw);
      add(no + b - bn);
      add(b + Median(w - bw, no - bn, nw - bnw));
      if (other == &base) add(Median(w, no, nw) + ((b - Median(bw, bn, bnw)) >> 1));
    }
    if (!base) {
      add(2 * w - row[x - 2]);
      add(2 * no - nn[x]);
    }
    p[count_++] = adaptive_.Predict(own, base, second, x);
    const PerPredictor errors = ErrorsNear(x);
    const uint64_t least = *std::min_element(errors.begin(), errors.begin() + count_);
    int64_t weights = 0, sum = 0;
    for (int k = 0; k < count_; ++k) {
      p[k] = std::clamp(p[k], 0, max_);
      const auto ratio = static_cast<int64_t>((least << 12) / errors[k]);
      const int64_t weight = ratio * ratio * ratio >> 16;
      weights += weight;
      sum += weight * p[k];
    }
    return static_cast<int32_t>(sum / weights);
  }

  void Learn(int32_t value, int x) {
    auto& errors = errors_[0][x + kLeft];
    for (int k = 0; k < count_; ++k) {
      errors[k] = static_cast<uint32_t>(std::abs(value * (1 << kScale) - predictions_[k]));
    }
    adaptive_.Learn(value);
  }
  // A sample known otherwise: nothing was missed.
  void Pass(int x) { errors_[0][x + kLeft].fill(0); }
  int32_t spread() const {
    const auto [lo, hi] = std::minmax_element(predictions_.begin(), predictions_.begin() + count_);
    return *hi - *lo;
  }

 private:
  using PerPredictor = std::array<uint32_t, kPredictors>;
  // What predictors missed by around column x; never 0, since one that was always right is not
  // sure.
  PerPredictor ErrorsNear(int x) const {
    PerPredictor sums;
    sums.fill(8);
    const auto add = [&sums](const PerPredictor& errors, uint32_t times) {
      for (size_t k = 0; k < kPredictors; ++k) sums[k] += times * errors[k];
    };
    const PerPredictor *above = &errors_[1][x + kLeft], *here = &errors_[0][x + kLeft];
    for (int step = -3; step <= 3; ++step) add(above[step], step == 0 ? 2 : 1);
    for (int step = -4; step <= -1; ++step) add(here[step], step == -1 ? 2 : 1);
    return sums;
  }
  static constexpr int kLeft = 4, kRight = 3;  // columns of errors beside the block: always 0
  int32_t max_;
  int count_ = 0;
  std::array<int32_t, kPredictors> predictions_{};
  // [0] this row, [1] the one above; column + kLeft
  std::vector<std::vector<PerPredictor>> errors_;
  Adaptive adaptive_;
};

}  // namespace flowzip
