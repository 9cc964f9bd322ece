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

void WeightRow(const int16_t* x, const int16_t* m, const int32_t* weight, int count, int16_t* out) {
  for (int t = 0; t < count; ++t) {
    out[t] =
        static_cast<int16_t>(std::clamp(((x[t] - m[t]) * weight[t]) >> 8, -kGramClip, kGramClip));
  }
}

void SubtractScaled(const int16_t* row, int32_t w, int32_t* error) {
  for (int t = 0; t < kGramBlock; ++t) error[t] -= w * row[t];
}

void ScaleRow(const int32_t* factor, const int16_t* row, int16_t* out) {
  for (int t = 0; t < kGramBlock; ++t) out[t] = static_cast<int16_t>((row[t] * factor[t]) >> 8);
}

}  // namespace flowzip::gram_scalar
