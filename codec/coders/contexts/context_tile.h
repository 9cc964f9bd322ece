// SPDX-License-Identifier: BSD-3-Clause
// A tile in context mode: the context coder's parameters, a palette if it has few colours, and
// the stream (docs/FORMAT.md 3.8).
#pragma once

#include "codec/coders/contexts/context_coder.h"

namespace flowzip {

struct ContextTileOptions {
  int candidates = 0;   // how many the context coder tries
  bool quick = false;   // only what is as fast as a photograph's tile
  bool copies = false;  // there are many: before they are found, nothing is too large
};

// `bits`: of each pixel; may be null. `worth`: for samples of at most 8 bits only. If all that was
// tried came to a no or is no smaller than the samples, nothing is returned.
std::vector<uint8_t> EncodeContextTile(const SampleBlock& block, const ContextTileOptions& options,
                                       std::vector<float>* bits, const WorthFn& worth = {});

// Throws kTruncated, or kCorrupt also if a sample exceeds `largest`.
void DecodeContextTile(ByteSpan bytes, int largest, SampleBlock* block);

}  // namespace flowzip
