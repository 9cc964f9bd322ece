// SPDX-License-Identifier: BSD-3-Clause
#include "model/least_squares.h"

#include <algorithm>
#include <cmath>

namespace flowzip {

std::vector<double> Solve(const NormalEquations& equations, const std::vector<double>& start,
                          double ridge) {
  const int n = equations.taps;
  std::vector<double> a(static_cast<size_t>(n) * n), b(n);
  double trace = 0;
  size_t at = 0;
  for (int i = 0; i < n; ++i) {
    for (int j = i; j < n; ++j) {
      a[i * n + j] = a[j * n + i] = static_cast<double>(equations.gram[at++]);
    }
    b[i] = static_cast<double>(equations.gram[at++]);
    trace += a[i * n + i];
  }
  // Solve for the step away from `start`. The constant keeps an all-zero system solvable.
  const double lambda = ridge * trace / n + 1.0;
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) b[i] -= a[i * n + j] * start[j];
  }
  for (int i = 0; i < n; ++i) a[i * n + i] += lambda;
  // Cholesky in place: a = L L^T, then two triangular solves.
  for (int j = 0; j < n; ++j) {
    for (int k = 0; k < j; ++k) {
      const double f = a[j * n + k];
      for (int i = j; i < n; ++i) a[i * n + j] -= a[i * n + k] * f;
    }
    const double pivot = std::sqrt(std::max(a[j * n + j], lambda));
    for (int i = j; i < n; ++i) a[i * n + j] /= pivot;
  }
  for (int i = 0; i < n; ++i) {
    for (int k = 0; k < i; ++k) b[i] -= a[i * n + k] * b[k];
    b[i] /= a[i * n + i];
  }
  for (int i = n - 1; i >= 0; --i) {
    for (int k = i + 1; k < n; ++k) b[i] -= a[k * n + i] * b[k];
    b[i] /= a[i * n + i];
  }
  for (int i = 0; i < n; ++i) b[i] += start[i];
  return b;
}

}  // namespace flowzip
