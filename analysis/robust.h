// SPDX-License-Identifier: BSD-3-Clause
// Small statistics that a minority of strange values does not sway. For scores and pictures
// only: nothing here touches a coded byte.
#pragma once

#include <vector>

namespace flowzip {

using Column = std::vector<double>;

// The value below which a share `q` of the values lies.
double Quantile(Column values, double q);

// (x - median) / spread; the spread is the median absolute deviation scaled to the standard
// deviation of a normal law, or the standard deviation itself where over half the values agree.
Column RobustScores(const Column& values);

// What a linear function of `inputs` (and a constant) leaves of `target`, fitted by iteratively
// reweighted least squares with Tukey's biweight: strange targets do no harm, strange inputs may.
Column RobustResiduals(const Column& target, const std::vector<const Column*>& inputs);

// Squared Mahalanobis distance of every row of the table from the bulk: mean and covariance are
// those of the share `bulk` of rows nearest to them (concentration steps of the minimum
// covariance determinant, Rousseeuw & Van Driessen 1999, from a coordinate-wise start).
Column BulkDistances(const std::vector<Column>& columns, double bulk);

}  // namespace flowzip
