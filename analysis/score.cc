// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/score.h"

#include "codec/tiles/tile_modes.h"
#include "model/site_step.h"
#include "rans/rans.h"

namespace flowzip {
namespace {

// Of a plane: the states of its lanes, and the length of its filters.
constexpr uint64_t kPlaneOverhead = uint64_t{RansStack::kStateBytes} * kNetSites + 5;
constexpr uint64_t kMostPlanes = 9;  // of a tile whose chroma is squeezed (plane_order.h)

uint64_t PlaneCount(const CodecStats& stats) {
  if (stats.info.channels == 1) return 1;
  uint64_t recovered = 0;
  for (int id = 1; id < kColourConversions; ++id) {
    recovered += stats.tiles.conversion_tiles[static_cast<size_t>(id)];
  }
  return recovered > 0 ? kMostPlanes : kChannels;
}

}  // namespace

Score ScoreImage(const Image& image, const EncodeOptions& options, const ProgressFn& progress) {
  Require(SomeModelTakes(image) && !image.has_alpha(), ErrorCode::kUnsupported,
          "only gray and RGB images of 8 bits or more have a likelihood");
  Score score;
  EncodeOptions by_model = options;
  by_model.coding = Coding::kNetwork;
  by_model.preview = false;
  Encode(image, by_model, &score.stats, progress);
  const TileStats& tiles = score.stats.tiles;
  score.bits = tiles.total_bits();
  score.bits_per_dimension = score.bits / static_cast<double>(image.sub_pixels());
  score.framing_bytes = score.stats.file_bytes - tiles.exception_bytes;
  for (const uint64_t bytes : tiles.channel_bytes) score.framing_bytes -= bytes;
  score.overhead_limit = score.framing_bytes + static_cast<uint64_t>(score.bits / 8 * 1e-4) +
                         score.stats.info.tile_count() *
                             (RansStack::kStateBytes + PlaneCount(score.stats) * kPlaneOverhead);
  return score;
}

}  // namespace flowzip
