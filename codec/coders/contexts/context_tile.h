// SPDX-License-Identifier: BSD-3-Clause
// A tile in context mode: the context coder's parameters, a palette if it has few colours, and
// the stream (docs/FORMAT.md 3.2).
#pragma once

#include "codec/coders/coder.h"
#include "codec/coders/contexts/context_coder.h"

namespace flowzip {

// Takes pictures of all kinds, all their channels together.
extern const TileCoder kContextsCoder;
extern const TileEncoder kContextsEncoder;

inline constexpr int kTries = 4;  // candidates of the context coder, where it tries any

struct ContextTileOptions {
  int candidates = 0;  // how many the context coder tries
  bool quick = false;  // only what is as fast as a photograph's tile
  Copies copies = Copies::kFew;
  bool gives_up = false;  // returns nothing for noise
};

// `bits`: of each pixel; may be null. If all that was tried came to a no, nothing is returned.
std::vector<uint8_t> EncodeContextTile(const SampleBlock& block, const ContextTileOptions& options,
                                       std::vector<float>* bits, const WorthFn& worth = {});

// Throws kTruncated, or kCorrupt also if a sample exceeds `largest`.
void DecodeContextTile(ByteSpan bytes, int largest, SampleBlock* block);

}  // namespace flowzip
