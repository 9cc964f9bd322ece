// SPDX-License-Identifier: BSD-3-Clause
// The inner loop of the filter fit. The function of gram_scalar is the definition; the Highway
// kernel behind the plain name equals it exactly.
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

namespace gram_scalar {
void AddGram(const int16_t* rows, int count, int64_t* gram);
}  // namespace gram_scalar

}  // namespace flowzip
