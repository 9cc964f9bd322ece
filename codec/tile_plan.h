// SPDX-License-Identifier: BSD-3-Clause
// What the encoder tries on a tile, by how often its pixels repeat each other.
#pragma once

#include "codec/tile_modes.h"

namespace flowzip {

TilePlan PlanTile(const Image& image, const Rect& rect, Coding coding);

// Codes two samples of the tile both ways if the plan asks for that. `model` may be null unless
// the plan has the flow.
void SettlePlan(const Model* model, const Image& image, const Rect& rect, ThreadPool& pool,
                TilePlan* plan);

}  // namespace flowzip
