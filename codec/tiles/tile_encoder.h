// SPDX-License-Identifier: BSD-3-Clause
// One tile of a picture in the encoder: tried in the ways that its plan says, the smallest kept.
#pragma once

#include <cstdint>

#include "base/thread_pool.h"
#include "base/unset_vector.h"
#include "codec/account/tile_stats.h"
#include "codec/options/options.h"

namespace flowzip {

struct TileResult {
  KeptBytes payload;  // until all tiles are done
  TileStats stats;
  uint32_t pixel_checksum = 0;
  uint64_t model_hash = 0;  // of the model that the payload needs, or 0
};

// `tile`: its number. `count`: whether the statistics are wanted.
TileResult EncodeOneTile(const Image& image, const Rect& rect, uint64_t tile,
                         const EncodeOptions& options, ThreadPool& pool, bool count);

}  // namespace flowzip
