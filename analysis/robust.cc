// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/robust.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace flowzip {
namespace {

constexpr int kFitSteps = 6, kBulkSteps = 5;
constexpr double kBiweightEnd = 3;  // in standard deviations
constexpr double kMaxScore = 50;    // a single wild value shall not ruin a covariance
constexpr double kRidge = 1e-3;     // relative to columns of unit spread

// A symmetric positive definite matrix, by rows, turned into its inverse (Gauss-Jordan).
void Invert(std::vector<double>& m, size_t n) {
  for (size_t k = 0; k < n; ++k) {
    const double pivot = 1 / m[k * n + k];
    m[k * n + k] = 1;
    for (size_t j = 0; j < n; ++j) m[k * n + j] *= pivot;
    for (size_t i = 0; i < n; ++i) {
      if (i == k) continue;
      const double factor = m[i * n + k];
      m[i * n + k] = 0;
      for (size_t j = 0; j < n; ++j) m[i * n + j] -= factor * m[k * n + j];
    }
  }
}

}  // namespace

double Quantile(Column values, double q) {
  if (values.empty()) return 0;
  const auto at = values.begin() + static_cast<ptrdiff_t>(q * (values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

Column RobustScores(const Column& values) {
  const double median = Quantile(values, 0.5);
  Column scores;
  double square = 0;
  for (const double v : values) {
    scores.push_back(std::abs(v - median));
    square += scores.back() * scores.back();
  }
  double spread = 1.4826 * Quantile(scores, 0.5);
  const double deviation = std::sqrt(square / std::max<size_t>(values.size(), 1));
  if (spread < 1e-3 * deviation) spread = deviation;
  for (size_t i = 0; i < values.size(); ++i) {
    scores[i] = spread > 0 ? (values[i] - median) / spread : 0;
  }
  return scores;
}

Column RobustResiduals(const Column& target, const std::vector<const Column*>& inputs) {
  const size_t rows = target.size(), n = inputs.size() + 1;
  Column weight(rows, 1), residual(rows), row(n), beta(n);
  for (int step = 0; step < kFitSteps; ++step) {
    std::vector<double> gram(n * n), right(n);
    for (size_t i = 0; i < rows; ++i) {
      row[0] = 1;
      for (size_t k = 1; k < n; ++k) row[k] = (*inputs[k - 1])[i];
      for (size_t a = 0; a < n; ++a) {
        right[a] += weight[i] * row[a] * target[i];
        for (size_t b = 0; b < n; ++b) gram[a * n + b] += weight[i] * row[a] * row[b];
      }
    }
    for (size_t a = 0; a < n; ++a) gram[a * n + a] += 1e-6 * rows;
    Invert(gram, n);
    for (size_t a = 0; a < n; ++a) {
      beta[a] = 0;
      for (size_t b = 0; b < n; ++b) beta[a] += gram[a * n + b] * right[b];
    }
    for (size_t i = 0; i < rows; ++i) {
      residual[i] = target[i] - beta[0];
      for (size_t k = 1; k < n; ++k) residual[i] -= beta[k] * (*inputs[k - 1])[i];
    }
    const Column scores = RobustScores(residual);
    for (size_t i = 0; i < rows; ++i) {
      const double u = scores[i] / kBiweightEnd;
      weight[i] = std::abs(u) < 1 ? (1 - u * u) * (1 - u * u) : 0;
    }
  }
  return residual;
}

Column BulkDistances(const std::vector<Column>& columns, double bulk) {
  const size_t n = columns.size(), rows = columns.empty() ? 0 : columns[0].size();
  std::vector<Column> z;
  Column distance(rows);
  for (const Column& column : columns) {
    z.push_back(RobustScores(column));
    for (size_t i = 0; i < rows; ++i) {
      z.back()[i] = std::clamp(z.back()[i], -kMaxScore, kMaxScore);
      distance[i] += z.back()[i] * z.back()[i];
    }
  }
  for (int step = 0; step < kBulkSteps; ++step) {
    const double limit = Quantile(distance, bulk);
    Column mean(n);
    std::vector<double> covariance(n * n);
    double count = 0;
    for (size_t i = 0; i < rows; ++i) {
      if (distance[i] > limit) continue;
      ++count;
      for (size_t a = 0; a < n; ++a) mean[a] += z[a][i];
    }
    for (double& m : mean) m /= std::max(count, 1.0);
    for (size_t i = 0; i < rows; ++i) {
      if (distance[i] > limit) continue;
      for (size_t a = 0; a < n; ++a) {
        for (size_t b = 0; b < n; ++b) {
          covariance[a * n + b] += (z[a][i] - mean[a]) * (z[b][i] - mean[b]) / count;
        }
      }
    }
    for (size_t a = 0; a < n; ++a) covariance[a * n + a] += kRidge;
    Invert(covariance, n);
    for (size_t i = 0; i < rows; ++i) {
      distance[i] = 0;
      for (size_t a = 0; a < n; ++a) {
        for (size_t b = 0; b < n; ++b) {
          distance[i] += (z[a][i] - mean[a]) * covariance[a * n + b] * (z[b][i] - mean[b]);
        }
      }
    }
  }
  return distance;
}

}  // namespace flowzip
