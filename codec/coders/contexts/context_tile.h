// SPDX-License-Identifier: BSD-3-Clause
// A tile in context mode: the context coder's parameters, a palette if it has few colours, and
// the stream (docs/FORMAT.md 3.5).
#pragma once

#include "codec/coders/coder.h"
#include "codec/coders/contexts/context_coder.h"

namespace flowzip {

// Takes pictures of all kinds, all their channels together.
extern const TileCoder kContextsCoder;

inline constexpr int kTries = 4;  // candidates of the context coder, where it tries any

// `candidates`: how many the context coder tries. `bits`: of each pixel; may be null. `worth`: for
// samples of at most 8 bits only; if all that was tried came to a no, nothing is returned.
std::vector<uint8_t> EncodeContextTile(const SampleBlock& block, int candidates,
                                       std::vector<float>* bits, const WorthFn& worth = {});

// Throws kTruncated, or kCorrupt also if a sample exceeds `largest`.
void DecodeContextTile(ByteSpan bytes, int largest, SampleBlock* block);

}  // namespace flowzip
