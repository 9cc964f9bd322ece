// SPDX-License-Identifier: BSD-3-Clause
// The alpha channel beside a coder that leaves it alone: before the coder's payload stand a varint
// length and a stream of the context coder, which has alpha as a picture of one channel. Length 0:
// alpha repeats the first channel, as where a mask was made of a gray picture; 8 bits only.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "codec/coders/coder.h"
#include "codec/picture/image.h"

namespace flowzip {

void PutAlpha(const TileSource& tile, ByteWriter& writer);

// The stream of a payload behind its mode; `reader` stands behind it. Throws kCorrupt.
ByteSpan GetAlpha(ByteReader& reader);

// Writes the tile's alpha. From an empty stream: once the colours are there.
void DecodeAlpha(ByteSpan stream, const Rect& rect, Image* image);

}  // namespace flowzip
