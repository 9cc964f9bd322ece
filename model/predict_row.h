// SPDX-License-Identifier: BSD-3-Clause
// The inner loop of Predict (adaptive_coupling.h): one row of a filter. PredictRowScalar is the
// definition; the Highway kernels behind PredictRow equal it bit for bit.
#pragma once

#include <cstdint>

#include "model/lattice.h"

namespace flowzip {

inline constexpr int kFilterBits = 10;     // fractional bits of a coefficient
inline constexpr int kPredictionBits = 4;  // fractional bits of a prediction

// out[j] = clamp(16 m[channel][j] + ((sum_k weight[k] x[k][j] - sum_c norm[c] m[c][j] + 32) >> 6),
//                lo, hi) for 0 <= j < width, where norm[c] is the sum of channel c's weights.
struct RowFilter {
  int taps = 0;
  const int16_t* const* x = nullptr;  // rows of samples
  const int32_t* weight = nullptr;
  const int16_t* m[kChannels] = {};
  int32_t norm[kChannels] = {};
  int channel = 0;
  int32_t lo = 0, hi = 0;
};

void PredictRow(const RowFilter& filter, int width, int16_t* out);
void PredictRowScalar(const RowFilter& filter, int begin, int end, int16_t* out);

}  // namespace flowzip
