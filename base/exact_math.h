// SPDX-License-Identifier: BSD-3-Clause
// Refuses compiler settings under which the same picture could give other bytes.
//
// Decoding is done in integers; the encoder's fit of the filters uses IEEE doubles in a fixed
// order, and its choices are part of the bytes. -ffast-math and its parts let a compiler
// reorder sums or use reciprocals, and x87 keeps more digits than a double has. Contraction to
// fused multiply-adds cannot be seen here: CMakeLists.txt turns it off, and golden_check shows
// it. -fassociative-math and -freciprocal-math, which clang does not tell, it takes back. Included
// by the units whose floating point can change bytes: the fit and the choice of filters, the choice
// of modes. (Elsewhere doubles only serve statistics.)
#pragma once

#include <cfloat>
#include <limits>

#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || \
    (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "flowzip must be compiled without -ffast-math: the encoder's bytes depend on it"
#endif
#if FLT_EVAL_METHOD != 0
#error "flowzip needs doubles that are computed as doubles (on x86: -mfpmath=sse -msse2)"
#endif

static_assert(std::numeric_limits<double>::is_iec559 && std::numeric_limits<double>::digits == 53,
              "flowzip needs IEEE 754 doubles");
static_assert((-3 >> 1) == -2, "flowzip needs arithmetic shifts");
