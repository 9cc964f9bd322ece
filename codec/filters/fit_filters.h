// SPDX-License-Identifier: BSD-3-Clause
// How the encoder chooses a channel's filters.
//
// The same on every machine: sums in integers, the rest in IEEE doubles in a fixed order
// (model/least_squares.h).
#pragma once

#include "codec/filters/linear_filters.h"

namespace flowzip {

// Filters by clustering: least squares over the blocks that each filter fits best, again and
// again; then every block's label. Of `planes`, whose borders must be set, the channel and those
// before it are used; samples are any of 16 bits. `model` says on which base.
void FitFilters(const PlaneRefs& planes, int channel, LinearFilters* model);

// The filters' biases: the mean of what is left under each.
void FitBiases(const PlaneRefs& planes, int channel, LinearFilters* model);

// About how many bits a sample's residual takes under filters fitted so, less a constant: to compare
// ways to convert colours. Looks at a few blocks only.
double EstimateFilterBits(const PlaneRefs& planes, int channel,
                          FilterBase base = FilterBase::kOwn);

}  // namespace flowzip
