// SPDX-License-Identifier: BSD-3-Clause
// How the encoder chooses a raster channel's filters and weights.
//
// The same on every machine: sums in integers, the rest in IEEE doubles in a fixed order
// (model/filter_fit.h).
#pragma once

#include "codec/coders/raster/raster_channel.h"

namespace flowzip {

// Filters by clustering: least squares over the blocks that each filter fits best, again and
// again; then every block's label. Of `planes`, the channel and those before it are used.
void FitRasterFilters(const PlaneRefs& planes, int channel, RasterModel* model);

// About how many bits a sample's residual takes under filters fitted so, less a constant: to compare
// ways to convert colours. Looks at a few blocks only. The planes' borders must be set.
double EstimateRasterBits(const PlaneRefs& planes, int channel);

// The weights of energies, by least squares of a residual's magnitude.
void FitRasterEnergies(const RasterPlane* magnitudes, int channel, RasterModel* model);

}  // namespace flowzip
