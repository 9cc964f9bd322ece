// SPDX-License-Identifier: BSD-3-Clause
// Lifting1x1: Glow's invertible 1x1 convolution (Kingma & Dhariwal 2018, §3.2) on integers.
//
// A matrix of determinant +-1 is factored (LU) into shears, each a lifting step
//
//   x[target] += floor((sum_c coefficient[c] * x[c]) / 2^shift),  coefficient[target] = 0
//
// followed by a permutation; the sum is exact, the addition modulo 2^32. A shear with a
// stated rounding is a bijection on integers whatever its coefficients, so the whole is
// exactly invertible and preserves volume.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model/plane.h"
#include "model/sample_range.h"

namespace flowzip {

struct LiftingStep {
  int target = 0;
  std::array<int32_t, kChannels> coefficient{};  // |c| <= 2^14
  int shift = 0;                                 // 0..14
};

class Lifting1x1 {
 public:
  // The reversible YCoCg-R transform (Malvar & Sullivan 2003): R, G, B -> Y, Co, Cg.
  // From n-bit samples: Y in [0, 2^n - 1], Co and Cg in [-(2^n - 1), 2^n - 1].
  static Lifting1x1 YCoCgR();

  Lifting1x1(std::vector<LiftingStep> steps, std::array<int, kChannels> order);

  // In place on three planes of one size. Inverse(Forward(x)) == x for every x.
  void Forward(std::array<IntPlane, kChannels>& planes) const;
  void Inverse(std::array<IntPlane, kChannels>& planes) const;
  // The same on one row of each, of `width` samples; the pointers are put in order.
  void Forward(std::array<int32_t*, kChannels>& rows, int width) const;
  void Inverse(std::array<int32_t*, kChannels>& rows, int width) const;

 private:
  std::vector<LiftingStep> steps_;
  std::array<int, kChannels> order_;  // output channel c is lifted channel order_[c]
};

}  // namespace flowzip
