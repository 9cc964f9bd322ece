// SPDX-License-Identifier: BSD-3-Clause
// Matrix products in bfloat16 for the training of small networks, summed in float.
#pragma once

#include <cstdint>

namespace flowzip {

using Bf16 = uint16_t;  // the upper half of a float

// C[m x n] (+)= A[m x k] * B[k x n]. A and C by rows; B in pairs of rows: word b[(i / 2) * ldb + j]
// holds B(i, j) in its lower and B(i + 1, j) in its upper half. m and n are multiples of 16, k of
// 32; strides in elements of A, words of B, floats of C.
void Gemm(const Bf16* a, int lda, const uint32_t* b, int ldb, float* c, int ldc, int m, int n,
          int k, bool add);

// to[j * ldt + i] = from[i * ldf + j], words, for 0 <= i < rows, 0 <= j < columns, both multiples
// of 16.
void TransposeWords(const uint32_t* from, int ldf, uint32_t* to, int ldt, int rows, int columns);

// Once per thread.
void InitGemm();

}  // namespace flowzip
