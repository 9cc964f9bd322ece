// SPDX-License-Identifier: BSD-3-Clause
// The inner loops of the filter fit. The functions of gram_scalar are the definitions; the
// Highway kernels behind the plain names equal them exactly.
#pragma once

#include <cstdint>

namespace flowzip {

// Sites are gathered in blocks of kGramBlock, one row of int16 per tap. |value| <= kGramClip
// keeps a block's dot products inside int32: 2^22 * 256 = 2^30.
inline constexpr int kGramBlock = 256;
inline constexpr int kGramClip = 2047;

// Adds the dot products of all pairs of rows i <= j to gram, upper triangle by rows.
// rows: count * kGramBlock values.
void AddGram(const int16_t* rows, int count, int64_t* gram);

// out[t] = clamp(((x[t] - m[t]) * weight[t]) >> 8, +-kGramClip); the product must fit int32.
void WeightRow(const int16_t* x, const int16_t* m, const int32_t* weight, int count, int16_t* out);

// error[t] -= w * row[t] over a block, in int32.
void SubtractScaled(const int16_t* row, int32_t w, int32_t* error);
// out[t] = (row[t] * factor[t]) >> 8 over a block; 0 <= factor <= 256.
void ScaleRow(const int32_t* factor, const int16_t* row, int16_t* out);

namespace gram_scalar {
void AddGram(const int16_t* rows, int count, int64_t* gram);
void WeightRow(const int16_t* x, const int16_t* m, const int32_t* weight, int count, int16_t* out);
void SubtractScaled(const int16_t* row, int32_t w, int32_t* error);
void ScaleRow(const int32_t* factor, const int16_t* row, int16_t* out);
}  // namespace gram_scalar

}  // namespace flowzip
