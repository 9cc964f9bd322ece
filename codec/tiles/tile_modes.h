// SPDX-License-Identifier: BSD-3-Clause
// How a tile is coded: its payload's first byte, the mode. A mode is a coder and, where that leaves
// alpha alone, whether an alpha channel comes beside it (alpha.h). docs/FORMAT.md 3 is the
// definition.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "codec/coders/coder.h"

namespace flowzip {

enum class TileMode : uint8_t {
  kRaw,
  kConstant,
  kContexts,
  kRaster,
  kRasterAlpha,
  kNetwork,
  kNetworkAlpha,
  kDeflated,
  kDifferences
};

struct ModeRow {
  TileMode mode;
  const TileCoder* coder;
  bool with_alpha;   // the alpha channel apart
  const char* name;  // as people are told
};

// By mode.
std::span<const ModeRow> ModeTable();

// The row of a payload; null if its first byte is no mode or is missing.
const ModeRow* FindMode(ByteSpan payload);
// The mode in which `coder` codes pictures of that kind.
const ModeRow& ModeOf(const TileCoder& coder, const Image& kind);

// What the coder of a payload's samples made: of differences (differences.h), the payload within.
ByteSpan Unwrapped(ByteSpan payload);
// Whether a payload needs a model to be decoded.
bool NeedsModel(ByteSpan payload);
// Whether it is all of a picture, as its PNG file has it.
bool IsDeflated(ByteSpan payload);

// Whether a coder that needs a model takes pictures of that kind.
bool SomeModelTakes(const Image& kind);

}  // namespace flowzip
