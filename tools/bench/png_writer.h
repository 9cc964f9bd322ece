// SPDX-License-Identifier: BSD-3-Clause
// PNG files in memory, at a level of zlib's: libpng as a rival, and pictures in reports.
#pragma once

#include <cstdint>
#include <vector>

#include "codec/picture/image.h"

namespace flowzip::bench {

// All filters are tried. Throws kInvalidArgument if libpng cannot write it.
std::vector<uint8_t> PngBytes(const Image& image, int level);

}  // namespace flowzip::bench
