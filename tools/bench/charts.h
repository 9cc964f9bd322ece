// SPDX-License-Identifier: BSD-3-Clause
// The charts of the page, as SVG.
#pragma once

#include <string>

#include "tools/bench/results.h"

namespace flowzip::bench {

// Density to the right of which is worse, against speed (logarithmic): the better codec is
// above and to the left. The line joins those that none beats in both.
std::string DensitySpeedChart(const Results& results, Operation operation);

// One bar for each of the images: flowzip, with a mark where the reference is.
std::string ImageBars(const Results& results, size_t flowzip, const std::vector<size_t>& images);

// Name of the class that colours a family in charts.
std::string FamilyClass(const std::string& family);

}  // namespace flowzip::bench
