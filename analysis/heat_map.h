// SPDX-License-Identifier: BSD-3-Clause
// A map of bits as a picture: full resolution, with its scale printed below.
#pragma once

#include <array>
#include <cstdint>

#include "analysis/anomaly.h"
#include "codec/account/pixel_bits.h"
#include "codec/picture/image.h"

namespace flowzip {

struct HeatMapOptions {
  double max = 0;                         // bits per pixel of the brightest colour; 0: NiceMax()
  const AnomalyMap* anomalies = nullptr;  // if set, regions above the threshold are outlined
  float threshold = 0;
};

// A path through Oklab (Ottosson 2020) for u in [0, 1]: lightness grows linearly from 0.22 to
// 0.95, hue turns from violet over blue and green to yellow, chroma is as large as sRGB allows up
// to 0.14. So equal steps of the value look like equal steps, in gray and to the colour-blind too.
std::array<uint8_t, 3> HeatColour(double u);

// 1, 2 or 5 times a power of ten, or 1.5 or 3 times one, at or above 98 % of the pixels.
double NiceMax(const PixelBits& bits);

// RGB. The map has the picture's size; the strip below it makes it kScaleHeight higher, and at
// least kMinHeatMapWidth wide.
inline constexpr uint32_t kScaleHeight = 32, kMinHeatMapWidth = 200;
Image DrawHeatMap(const PixelBits& bits, const HeatMapOptions& options);

}  // namespace flowzip
