// SPDX-License-Identifier: BSD-3-Clause
// The inner loops of linear models that learn as they go: what models of the same inputs say, and
// how their weights follow. The functions of online_scalar are the definition; the Highway kernels
// behind the plain names equal them exactly.
#pragma once

#include <cstdint>

namespace flowzip {

// Inputs and weights come in rows of whole groups; inputs beyond the last are 0.
inline constexpr int kRowGroup = 8;
constexpr int RowOf(int inputs) { return (inputs + kRowGroup - 1) / kRowGroup * kRowGroup; }

// sums[m] = sum of inputs[i] * weights[m][i].
void WeighInputs(const int32_t* inputs, int row, const int32_t* const* weights, int models,
                 int64_t* sums);

// A mixer's: weights[m][i] += (inputs[i] * steps[m] + 2^19) >> 20, within +-kMaxMixerWeight.
// |inputs[i]| < 2^12, |steps[m]| < 2^23.
inline constexpr int32_t kMaxMixerWeight = 1 << 20;  // 16.0
void StepMixers(const int32_t* inputs, int row, int32_t* const* weights, int models,
                const int32_t* steps);

// A filter's: weights[m][i] += inputs[i] * steps[m] / 2^16, towards zero, within
// +-kMaxFilterWeight. |inputs[i]| <= 2^12, |steps[m]| < 2^31.
inline constexpr int32_t kMaxFilterWeight = 1 << 18;  // 4.0
void StepFilters(const int32_t* inputs, int row, int32_t* const* weights, int models,
                 const int32_t* steps);

namespace online_scalar {
void WeighInputs(const int32_t* inputs, int row, const int32_t* const* weights, int models,
                 int64_t* sums);
void StepMixers(const int32_t* inputs, int row, int32_t* const* weights, int models,
                const int32_t* steps);
void StepFilters(const int32_t* inputs, int row, int32_t* const* weights, int models,
                 const int32_t* steps);
}  // namespace online_scalar

}  // namespace flowzip
