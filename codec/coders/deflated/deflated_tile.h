// SPDX-License-Identifier: BSD-3-Clause
// A picture as the zlib stream of the PNG file that it came from (docs/FORMAT.md 3.16).
//
// A floor: whatever a PNG encoder found that the other coders do not, the file is hardly larger
// than the PNG file. One tile is the whole picture.
#pragma once

#include "codec/coders/coder.h"

namespace flowzip {

// Without an encoder: there is a stream, or there is not.
extern const TileCoder kDeflatedCoder;

// Bytes of a PNG file's filtered rows of such a picture, of all passes.
uint64_t FilteredBytes(const Image& kind, uint32_t width, uint32_t height);

}  // namespace flowzip
