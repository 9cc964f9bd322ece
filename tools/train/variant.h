// SPDX-License-Identifier: BSD-3-Clause
// Random members of a training picture's family: other sizes, orientations, cameras, histories.
#pragma once

#include <random>
#include <vector>

#include "codec/picture/image.h"
#include "model/plane.h"

namespace flowzip {

struct Variant {
  Image rgb;
  std::vector<IntPlane> ycc;  // three, in the place of rgb, of a recovered colour conversion
};
Variant MakeVariant(const Image& image, double strength, std::mt19937& rng);

}  // namespace flowzip
