// SPDX-License-Identifier: BSD-3-Clause
// Training pictures as a recovered colour conversion shows them (model/colour_conversion.h):
// integer luma and chroma, often with chroma stored at half size, often out of a JPEG.
#pragma once

#include <array>

#include "model/plane.h"
#include "model/sample_range.h"
#include "tools/train/floats.h"

namespace flowzip {

// Y in 0..255 and two signed chroma planes, scaled as JFIF or PhotoCD scales them.
std::array<IntPlane, kChannels> SimulateYcc(const Floats& rgb, Rng& rng);

}  // namespace flowzip
