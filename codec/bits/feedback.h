// SPDX-License-Identifier: BSD-3-Clause
// What predictors missed, and what follows from it: integers only.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec/bits/bit_slot.h"

namespace flowzip {

// A linear predictor of a model's error whose weights follow every miss (normalised LMS).
class ErrorFilter {
 public:
  static constexpr int kMaxInputs = 48;
  // Inputs within +-2^12; so is, times 4, the result.
  int32_t Predict(const int32_t* inputs, int count) {
    int64_t sum = 0;
    for (int i = 0; i < count; ++i) sum += int64_t{weights_[i]} * inputs[i];
    prediction_ = static_cast<int32_t>(std::clamp<int64_t>(sum >> 16, -(1 << 14), 1 << 14));
    return prediction_;
  }
  void Learn(const int32_t* inputs, int count, int32_t actual, int32_t rate) {
    int64_t power = int64_t{256} * count;
    for (int i = 0; i < count; ++i) power += int64_t{inputs[i]} * inputs[i];
    const int64_t step = int64_t{actual - prediction_} * rate * 65536 / power;
    for (int i = 0; i < count; ++i) {
      // Toward zero: small steps are dropped, which keeps weights of noise small.
      const int64_t weight = weights_[i] + step * inputs[i] / 65536;
      weights_[i] = static_cast<int32_t>(std::clamp<int64_t>(weight, -(1 << 18), 1 << 18));
    }
  }

 private:
  std::array<int32_t, kMaxInputs> weights_{};
  int32_t prediction_ = 0;
};

// The mean of what predictions missed in a context: in 1/256 of their unit.
struct Drift {
  int32_t mean = 0, seen = 0;
  void Learn(int32_t miss) {
    mean += (256 * std::clamp(miss, -2048, 2048) - mean) / (seen + 4);
    if (seen < 60) ++seen;
  }
};

// Corrects probabilities by what came of them in a context: linear between 33 log-odds.
class ProbabilityMap {
 public:
  explicit ProbabilityMap(size_t contexts) : knots_(contexts * kKnots) {
    for (size_t i = 0; i < knots_.size(); ++i) {
      const int32_t log_odds = (static_cast<int32_t>(i % kKnots) - 16) * kStep;
      knots_[i] = kBitTables.squash[std::clamp(log_odds, -kMaxStretch, kMaxStretch) + kMaxStretch];
    }
  }
  // Of a 1, in 2^-16.
  int32_t Correct(size_t context, int32_t log_odds) {
    const int32_t from_first = log_odds + 16 * kStep;
    const int32_t knot = from_first / kStep, rest = from_first % kStep;
    const uint16_t* at = &knots_[context * kKnots + static_cast<size_t>(knot)];
    nearest_ = context * kKnots + static_cast<size_t>(knot) + (rest > kStep / 2 ? 1 : 0);
    return (at[0] * (kStep - rest) + at[1] * rest) / kStep;
  }
  void Learn(int bit) {
    const int32_t target = bit != 0 ? 65535 : 0;
    const int32_t p = knots_[nearest_];
    knots_[nearest_] = static_cast<uint16_t>(p + (target - p) / 64);
  }

 private:
  static constexpr int32_t kKnots = 33, kStep = 192;
  std::vector<uint16_t> knots_;
  size_t nearest_ = 0;
};

}  // namespace flowzip
