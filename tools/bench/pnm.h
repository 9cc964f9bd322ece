// SPDX-License-Identifier: BSD-3-Clause
// Pictures for the benchmarks, which most codecs exchange as PNM with next to no work.
#pragma once

#include <string>

#include "codec/picture/image.h"

namespace flowzip::bench {

// Pixels only: palettes are replaced by their colours, gray of fewer bits is stretched to 8, and
// no metadata are kept, as most rivals know none of these.
Image PlainPixels(const Image& image);
Image ReadPixels(const std::string& path);

// Where two pictures differ, for people; empty if nowhere. Gray equals RGB of the same
// three values: some rivals know no gray.
std::string Difference(const Image& wanted, const Image& got);

}  // namespace flowzip::bench
