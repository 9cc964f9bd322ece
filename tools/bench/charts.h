// SPDX-License-Identifier: BSD-3-Clause
// The charts of the page, as SVG.
#pragma once

#include <string>

#include "tools/bench/results.h"

namespace flowzip::bench {

// Density to the right of which is worse, against speed (logarithmic): the better codec is
// above and to the left. The line joins those that none beats in both.
std::string DensitySpeedChart(const Results& results, Operation operation);

// One bar for each image, hardest first: flowzip, with a mark where the reference is.
std::string ImageBars(const Results& results, size_t flowzip);
inline constexpr size_t kMaxBars = 48;

// Name of the class that colours a family in charts.
std::string FamilyClass(const std::string& family);

}  // namespace flowzip::bench
