// SPDX-License-Identifier: BSD-3-Clause
#include "codec/tiles/tile_modes.h"

#include <algorithm>
#include <iterator>

#include "codec/account/tile_stats.h"
#include "codec/coders/contexts/context_tile.h"
#include "codec/coders/deflated/deflated_tile.h"
#include "codec/coders/network/network_tile.h"
#include "codec/coders/plain/plain_tile.h"
#include "codec/coders/raster/raster_tile.h"
#include "codec/tiles/differences.h"

namespace flowzip {
namespace {

constexpr ModeRow kModes[] = {
    {TileMode::kRaw, &kRawCoder, false, "raw"},
    {TileMode::kConstant, &kConstantCoder, false, "constant"},
    {TileMode::kContexts, &kContextsCoder, false, "contexts"},
    {TileMode::kRaster, &kRasterCoder, false, "raster"},
    {TileMode::kRasterAlpha, &kRasterCoder, true, "raster+alpha"},
    {TileMode::kNetwork, &kNetworkCoder, false, "network"},
    {TileMode::kNetworkAlpha, &kNetworkCoder, true, "network+alpha"},
    {TileMode::kDeflated, &kDeflatedCoder, false, "deflated"},
    {TileMode::kDifferences, &kDifferencesCoder, false, "differences"},
};

constexpr bool InOrder() {
  for (size_t i = 0; i < std::size(kModes); ++i) {
    if (static_cast<size_t>(kModes[i].mode) != i) return false;
  }
  return true;
}
static_assert(InOrder() && std::size(kModes) == kTileModes);

}  // namespace

std::span<const ModeRow> ModeTable() { return kModes; }

const ModeRow* FindMode(ByteSpan payload) {
  return payload.empty() || payload[0] >= std::size(kModes) ? nullptr : &kModes[payload[0]];
}

const ModeRow& ModeOf(const TileCoder& coder, const Image& kind) {
  const bool with_alpha = coder.colours_only && kind.has_alpha();
  for (const ModeRow& row : kModes) {
    if (row.coder == &coder && row.with_alpha == with_alpha) return row;
  }
  throw Error(ErrorCode::kInvalidArgument, "a coder without a mode");
}

ByteSpan Unwrapped(ByteSpan payload) {
  const ModeRow* row = FindMode(payload);
  return row != nullptr && row->mode == TileMode::kDifferences
             ? PayloadOfDifferences(payload.subspan(1))
             : payload;
}

bool NeedsModel(ByteSpan payload) {
  const ModeRow* row = FindMode(Unwrapped(payload));
  return row != nullptr && row->coder->needs_model;
}

bool IsDeflated(ByteSpan payload) {
  const ModeRow* row = FindMode(payload);
  return row != nullptr && row->mode == TileMode::kDeflated;
}

bool SomeModelTakes(const Image& kind) {
  return std::any_of(std::begin(kModes), std::end(kModes), [&](const ModeRow& row) {
    return row.coder->needs_model && row.coder->takes(kind);
  });
}

}  // namespace flowzip
