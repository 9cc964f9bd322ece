// SPDX-License-Identifier: BSD-3-Clause
// AffineCoupling: RealNVP's x_b = exp(s(x_a)) z_b + t(x_a) (Dinh et al. 2017, 3.2) on integers.
//
// t is the additive step that is there already (adaptive_coupling.h): e = x - round(p). The scale
// is a ratio R / S of integers that the network picks from a table, half an octave apart. A scale
// is no bijection on integers, but with numbers from and for a stack it is (the modular scale
// transform of iFlow; iVPF and local bits-back coding are its kin):
//
//   forward:   0 <= r < R from the stack,  y = e R + r,  z = floor(y / S),  y mod S to the stack
//   inverse:   0 <= s < S from the stack,  y = z S + s,  e = floor(y / R),  y mod R to the stack
//
// Each undoes the other exactly, and the stack gains log2 S - log2 R bits: minus the
// log-determinant, which the density of z makes up for. z is coded under the prior, whose
// outputs are in steps of z; the prior's centre is where the prediction p falls:
//
//   center = floor(((p - 16 round(p) + 8) * R) / S) - 8          in 1/16 steps of z
//
// since the cell of x, [x - 1/2, x + 1/2), is spread over [e R / S, (e + 1) R / S) and the
// prior gives a value v the interval [v - 1/2, v + 1/2).
#pragma once

#include <cstdint>

namespace flowzip {

struct AffineScale {
  int32_t r, s;          // R, S
  int32_t half_octaves;  // about 2 log2(R / S)
};

// The network's output, in 1/256 octaves, picks the class
//   n = clamp((output + 64) >> 7, kMinHalfOctaves, kMaxHalfOctaves).
inline constexpr int kMinHalfOctaves = -10, kMaxHalfOctaves = 12;
// R / S = 2^(n/2) for even n, 2^((n-1)/2) * 17 / 12 in lowest terms for odd ones.
AffineScale AffineClass(int half_octaves);
AffineScale AffineScaleOf(int16_t output);

// The largest |z| that a sample of up to 11 bits can lead to is below this.
inline constexpr int32_t kMaxAffineLatent = 1 << 18;

struct AffineLatent {
  int32_t z, remainder;  // 0 <= remainder < S
};
struct AffineResidual {
  int64_t e;          // far out if z is
  int32_t remainder;  // 0 <= remainder < R
};
AffineLatent AffineForward(const AffineScale& scale, int32_t e, int32_t r);
AffineResidual AffineInverse(const AffineScale& scale, int64_t z, int32_t s);

// round(p), and the prior's centre.
constexpr int32_t AffineShift(int32_t prediction_q4) { return (prediction_q4 + 8) >> 4; }
int32_t AffineCenter(const AffineScale& scale, int32_t prediction_q4);

// The 3K outputs of a head (mixture.h) for x itself in the place of z: for sites that cannot
// borrow. Logits stay, means become floor((mean * S + floor(R / 2)) / R), scales lose 128 n.
void AffineHead(const AffineScale& scale, const int16_t* head, int components, int16_t* out);

}  // namespace flowzip
