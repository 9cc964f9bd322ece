// SPDX-License-Identifier: BSD-3-Clause
// Least squares for the fitted filters (encoder only).
//
// The encoder must write the same bytes on every machine: the normal equations are
// accumulated exactly in int64 and solved in IEEE doubles in a fixed order (built with
// -ffp-contract=off; + - * / and sqrt are correctly rounded everywhere).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/exact_math.h"

namespace flowzip {

// Normal equations of one filter: the products of all pairs of taps and target, (taps + 1)
// rows, upper triangle by rows, the target last.
struct NormalEquations {
  int taps = 0;
  std::vector<int64_t> gram;  // (taps + 1) * (taps + 2) / 2

  explicit NormalEquations(int tap_count)
      : taps(tap_count), gram(static_cast<size_t>(tap_count + 1) * (tap_count + 2) / 2) {}
};

// Minimises the squared error + ridge * |w - start|^2. `ridge` is relative to the mean diagonal.
std::vector<double> Solve(const NormalEquations& equations, const std::vector<double>& start,
                          double ridge);

}  // namespace flowzip
