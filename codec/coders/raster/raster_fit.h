// SPDX-License-Identifier: BSD-3-Clause
// How the encoder chooses the weights of a raster channel's energies. The same on every machine, as
// in codec/filters/fit_filters.h.
#pragma once

#include "codec/coders/raster/raster_channel.h"

namespace flowzip {

// By least squares of a residual's magnitude.
void FitRasterEnergies(const RasterPlane* magnitudes, int channel, RasterModel* model);

}  // namespace flowzip
