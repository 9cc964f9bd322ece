// SPDX-License-Identifier: BSD-3-Clause
// Pictures of where the bits of an image went.
#pragma once

#include <string>

#include "codec/account/pixel_bits.h"
#include "codec/picture/image.h"

namespace flowzip::bench {

// The sums over squares of as many pixels as make it at most `max_side` wide and high,
// divided by their number: bits per pixel.
PixelBits Shrink(const PixelBits& map, uint32_t max_side);
// The same for a picture; 8 bits, gray or RGB, whatever it was.
Image Shrink(const Image& image, uint32_t max_side);

// Dark to bright: 0 to `most` bits per pixel.
Image Coloured(const PixelBits& map, double most);

// The value that only the given part of the pixels exceed.
double Quantile(const PixelBits& map, double part_above);

// The colour of a value from 0 to 1, as "#rrggbb".
std::string ScaleColour(double value);

std::string PngDataUri(const Image& image);

}  // namespace flowzip::bench
