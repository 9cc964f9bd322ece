// SPDX-License-Identifier: BSD-3-Clause
#include "codec/bits/online_linear.h"

#include <algorithm>

namespace flowzip::online_scalar {

void WeighInputs(const int32_t* inputs, int row, const int32_t* const* weights, int models,
                 int64_t* sums) {
  for (int m = 0; m < models; ++m) {
    int64_t sum = 0;
    for (int i = 0; i < row; ++i) sum += int64_t{inputs[i]} * weights[m][i];
    sums[m] = sum;
  }
}

void StepMixers(const int32_t* inputs, int row, int32_t* const* weights, int models,
                const int32_t* steps) {
  for (int m = 0; m < models; ++m) {
    for (int i = 0; i < row; ++i) {
      const auto change = static_cast<int32_t>((int64_t{inputs[i]} * steps[m] + (1 << 19)) >> 20);
      weights[m][i] = std::clamp(weights[m][i] + change, -kMaxMixerWeight, kMaxMixerWeight);
    }
  }
}

void StepFilters(const int32_t* inputs, int row, int32_t* const* weights, int models,
                 const int32_t* steps) {
  for (int m = 0; m < models; ++m) {
    for (int i = 0; i < row; ++i) {
      const auto change = static_cast<int32_t>(int64_t{inputs[i]} * steps[m] / 65536);
      weights[m][i] = std::clamp(weights[m][i] + change, -kMaxFilterWeight, kMaxFilterWeight);
    }
  }
}

}  // namespace flowzip::online_scalar
