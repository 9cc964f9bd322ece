// SPDX-License-Identifier: BSD-3-Clause
#include "model/affine_coupling.h"

#include <algorithm>
#include <cassert>

namespace flowzip {
namespace {

template <class T>
constexpr T FloorDiv(T a, T b) {  // b > 0
  return a >= 0 ? a / b : -((-a - 1) / b) - 1;
}

}  // namespace

AffineScale AffineClass(int half_octaves) {
  assert(half_octaves >= kMinHalfOctaves && half_octaves <= kMaxHalfOctaves);
  const bool odd = (half_octaves & 1) != 0;
  const int octaves = half_octaves >> 1;  // floor
  int32_t r = odd ? 17 : 1, s = odd ? 12 : 1;
  for (int i = 0; i < octaves; ++i) (s % 2 == 0 ? s /= 2 : r *= 2);
  for (int i = 0; i > octaves; --i) s *= 2;
  return {r, s, half_octaves};
}

AffineScale AffineScaleOf(int16_t output) {
  return AffineClass(std::clamp((output + 64) >> 7, kMinHalfOctaves, kMaxHalfOctaves));
}

AffineLatent AffineForward(const AffineScale& scale, int32_t e, int32_t r) {
  const int32_t y = e * scale.r + r;
  const int32_t z = FloorDiv(y, scale.s);
  return {z, y - z * scale.s};
}

AffineResidual AffineInverse(const AffineScale& scale, int64_t z, int32_t s) {
  const int64_t y = z * scale.s + s;
  const int64_t e = FloorDiv(y, int64_t{scale.r});
  return {e, static_cast<int32_t>(y - e * scale.r)};
}

int32_t AffineCenter(const AffineScale& scale, int32_t prediction_q4) {
  const int32_t fraction = prediction_q4 - 16 * AffineShift(prediction_q4) + 8;  // 0..15
  return fraction * scale.r / scale.s - 8;
}

void AffineHead(const AffineScale& scale, const int16_t* head, int components, int16_t* out) {
  for (int k = 0; k < components; ++k) {
    out[k] = head[k];
    const int32_t mean = head[components + k];
    out[components + k] = static_cast<int16_t>(
        std::clamp(FloorDiv(mean * scale.s + scale.r / 2, scale.r), -32767, 32767));
    out[2 * components + k] = static_cast<int16_t>(
        std::clamp(head[2 * components + k] - 128 * scale.half_octaves, -32767, 32767));
  }
}

}  // namespace flowzip
