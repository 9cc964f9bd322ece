// SPDX-License-Identifier: BSD-3-Clause
// What predictors missed, and what follows from it: integers only.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec/bits/bit_slot.h"
#include "codec/bits/online_linear.h"

namespace flowzip {

// Linear predictors of a model's error whose weights follow every miss (normalised LMS), all of the
// same inputs, each at a rate of its own.
template <int kMostInputs, int kFilters>
class ErrorFilters {
 public:
  // Within +-2^12; 0 beyond the last.
  using Inputs = std::array<int32_t, RowOf(kMostInputs)>;
  using PerFilter = std::array<int32_t, kFilters>;

  // The first `count` inputs. Results within +-2^14.
  const PerFilter& Predict(const Inputs& inputs, int count) {
    std::array<const int32_t*, kFilters + 1> rows;
    for (size_t f = 0; f < kFilters; ++f) rows[f] = weights_[f].data();
    rows[kFilters] = inputs.data();
    std::array<int64_t, kFilters + 1> sums;
    WeighInputs(inputs.data(), RowOf(count), rows.data(), kFilters + 1, sums.data());
    for (size_t f = 0; f < kFilters; ++f) {
      predictions_[f] =
          static_cast<int32_t>(std::clamp<int64_t>(sums[f] >> 16, -(1 << 14), 1 << 14));
    }
    power_ = sums[kFilters];
    return predictions_;
  }
  // After Predict of the same inputs. Rates in 2^-16.
  void Learn(const Inputs& inputs, int count, int32_t actual, const PerFilter& rates) {
    std::array<int32_t*, kFilters> rows;
    PerFilter steps;
    for (size_t f = 0; f < kFilters; ++f) {
      rows[f] = weights_[f].data();
      const int64_t step =
          int64_t{actual - predictions_[f]} * rates[f] * 65536 / (power_ + int64_t{256} * count);
      steps[f] = static_cast<int32_t>(std::clamp<int64_t>(step, -INT32_MAX, INT32_MAX));
    }
    // Towards zero: small steps are dropped, which keeps weights of noise small.
    StepFilters(inputs.data(), RowOf(count), rows.data(), kFilters, steps.data());
  }

 private:
  std::array<std::array<int32_t, RowOf(kMostInputs)>, kFilters> weights_{};
  PerFilter predictions_{};
  int64_t power_ = 0;  // of the inputs
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
