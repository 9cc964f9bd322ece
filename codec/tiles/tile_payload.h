// SPDX-License-Identifier: BSD-3-Clause
// A tile's payload: the mode, alpha where it is coded apart, and what the coder made.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "codec/coders/coder.h"

namespace flowzip {

// By that encoder, whose coder must take the picture. Empty once `tile.worth` has said no.
std::vector<uint8_t> EncodePayload(const TileEncoder& encoder, const TileSource& tile,
                                   Account& account);

// Throws kTruncated or kCorrupt; part of the tile may have been written by then.
void DecodePayload(ByteSpan payload, const TileTarget& tile, Account& account);

// Every 2^scale_log2-th column and row of a tile of `tile.rect`'s size, from its first on, into all
// of `tile.image`.
void DecodeReduced(ByteSpan payload, const TileTarget& tile, int scale_log2);

// Whether it was coded adaptively (TileCoder::adapts).
bool IsAdaptive(ByteSpan payload);

// Whether alpha takes so much of a payload where it is coded apart that a coder which sees colour
// and alpha together is worth a try.
bool AlphaIsLarge(ByteSpan payload);

}  // namespace flowzip
