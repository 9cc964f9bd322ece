// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/score.h"

#include <functional>
#include <numeric>

#include "codec/coders/flow/level_coder.h"
#include "codec/tiles/tile_modes.h"

namespace flowzip {
namespace {

constexpr int kStateBytes = 5, kLengthBytes = 4;

uint64_t StreamOverhead(const Rect& tile) {
  LevelSize size{static_cast<int>(tile.width), static_cast<int>(tile.height)};
  uint64_t bytes = 2 * kStateBytes;  // one lane each of the base and of colour exceptions
  for (int l = LevelCount(size.width, size.height); l > 0; --l, size = size.next()) {
    bytes += uint64_t(BandCount(size)) * (kLengthBytes + kStateBytes * LaneCount(size));
  }
  return bytes;
}

}  // namespace

Score ScoreImage(const Image& image, const EncodeOptions& options, const ProgressFn& progress) {
  Require(FlowTakes(image) && !image.has_alpha(), ErrorCode::kUnsupported,
          "only 8-bit gray and RGB images have a likelihood");
  Score score;
  EncodeOptions by_model = options;
  by_model.coding = Coding::kFlow;
  Encode(image, by_model, &score.stats, progress);
  const auto& streams = score.stats.tiles.level_bytes;
  score.bits = score.stats.tiles.total_bits();
  score.bits_per_dimension = score.bits / static_cast<double>(image.sub_pixels());
  score.framing_bytes = std::accumulate(streams.begin(), streams.end(), score.stats.file_bytes,
                                        std::minus<uint64_t>());
  score.framing_bytes -= score.stats.tiles.exception_bytes;
  score.overhead_limit = score.framing_bytes + static_cast<uint64_t>(score.bits / 8 * 1e-4);
  for (uint64_t tile = 0; tile < score.stats.info.tile_count(); ++tile) {
    score.overhead_limit += StreamOverhead(score.stats.info.TileRect(tile));
  }
  return score;
}

}  // namespace flowzip
