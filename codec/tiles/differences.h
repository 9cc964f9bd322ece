// SPDX-License-Identifier: BSD-3-Clause
// Tiles of deep samples that change much and evenly, as elevations, depths and skies do: each
// sample less the plane through three neighbours, W + N - NW, modulo the depth, coded as a tile of
// its own. What steps from sample to sample would be in the hundreds becomes a few, of fewer bits;
// coders that see samples relative to local errors, or of 8 bits only, are at home there.
// docs/FORMAT.md 3.17 is the definition.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "codec/coders/coder.h"

namespace flowzip {

extern const TileCoder kDifferencesCoder;

struct Differences {
  Image image;                // of the tile's size, with fewer bits
  std::vector<uint8_t> head;  // what the payload has before that image's: the mode and more
};

// Nothing if the samples have up to 8 bits, or the differences are not smaller by far.
std::optional<Differences> TakeDifferences(const Image& image, const Rect& rect);

// The differences' own payload, of what follows the mode of a tile coded so; empty if there is
// none.
ByteSpan PayloadOfDifferences(ByteSpan bytes);

}  // namespace flowzip
