// SPDX-License-Identifier: BSD-3-Clause
// What the encoder tries on a tile, by how often its pixels repeat each other.
#pragma once

#include "codec/options/options.h"
#include "codec/tiles/tile_modes.h"

namespace flowzip {

TilePlan PlanTile(const EncodeOptions& options, const Image& image, const Rect& rect);

// Codes two samples of the tile both ways if the plan asks for that.
void SettlePlan(const EncodeOptions& options, const Image& image, const Rect& rect,
                ThreadPool& pool, TilePlan* plan);

}  // namespace flowzip
