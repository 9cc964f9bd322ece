// SPDX-License-Identifier: BSD-3-Clause
// The colours of a tile, and its pixels as indices into them: the encoder's side.
#pragma once

#include <cstdint>
#include <vector>

#include "codec/picture/sample_block.h"

namespace flowzip {

// The distinct pixels in ascending order, 16 bits a channel, the first lowest; empty if there are
// more than kMostColors.
std::vector<uint64_t> FindPalette(const SampleBlock& block);

// The colours as a row of pixels.
SampleBlock PaletteBlock(const std::vector<uint64_t>& palette, const SampleBlock& like);

// Numbers of the colours so that like ones are side by side: by alpha, then by what is about luma.
std::vector<uint16_t> LikeColours(const std::vector<uint64_t>& palette, int channels);

// The place of each number.
std::vector<uint16_t> Inverse(const std::vector<uint16_t>& order);

// The pixels' indices. `palette` ascends; `index_of`, if there is one, is each colour's index.
SampleBlock IndexBlock(const SampleBlock& block, const std::vector<uint64_t>& palette,
                       const std::vector<uint16_t>& index_of = {});

}  // namespace flowzip
