// SPDX-License-Identifier: BSD-3-Clause
// The inner loops of the filter fit. The functions of gram_scalar are the definition; the Highway
// kernels behind the plain names equal them exactly.
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

// What kFormLanes quadratic forms make of each block's products: errors[b][f] is the sum over i of
// grams[b][i] * forms[i][f], i rising. IEEE doubles, no product and sum in one.
inline constexpr int kFormLanes = 16;
using FormLanes = double[kFormLanes];
void BlockErrors(const double* const* grams, int blocks, const FormLanes* forms, int count,
                 FormLanes* errors);

namespace gram_scalar {
void AddGram(const int16_t* rows, int count, int64_t* gram);
void BlockErrors(const double* const* grams, int blocks, const FormLanes* forms, int count,
                 FormLanes* errors);
}  // namespace gram_scalar

}  // namespace flowzip
