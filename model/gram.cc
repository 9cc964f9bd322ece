// SPDX-License-Identifier: BSD-3-Clause
#include "model/gram.h"

#include <algorithm>

namespace flowzip::gram_scalar {

void AddGram(const int16_t* rows, int count, int64_t* gram) {
  for (int i = 0; i < count; ++i) {
    const int16_t* a = rows + i * kGramBlock;
    for (int j = i; j < count; ++j) {
      const int16_t* b = rows + j * kGramBlock;
      int32_t sum = 0;
      for (int t = 0; t < kGramBlock; ++t) sum += int32_t{a[t]} * b[t];
      *gram++ += sum;
    }
  }
}

void BlockErrors(const double* const* grams, int blocks, const FormLanes* forms, int count,
                 FormLanes* errors) {
  for (int b = 0; b < blocks; ++b) {
    std::fill_n(errors[b], kFormLanes, 0.0);
    for (int i = 0; i < count; ++i) {
      for (int f = 0; f < kFormLanes; ++f) errors[b][f] += grams[b][i] * forms[i][f];
    }
  }
}

}  // namespace flowzip::gram_scalar
