// SPDX-License-Identifier: BSD-3-Clause
#include "codec/tiles/tile_encoder.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <utility>

#include "codec/coders/refined/refined_coder.h"
#include "codec/tiles/tile_plan.h"

namespace flowzip {
namespace {

constexpr uint64_t kRefinedSurely = 65536;  // pixels above which refined tiles are smaller

// One of the ways to code a tile, and what came of it.
struct Way {
  std::function<std::vector<uint8_t>(TileStats*, PixelBits*)> code;
  std::vector<uint8_t> payload = {};
  TileStats stats = {};
};

}  // namespace

TileResult EncodeOneTile(const Image& image, const Rect& rect, uint64_t tile,
                         const EncodeOptions& options, ThreadPool& pool, bool count) {
  TilePlan plan = PlanTile(image, rect, options.coding);
  SettlePlan(options, image, rect, pool, &plan);

  // The smallest payload so far. The contexts take longest where they come out largest, and are
  // given up as soon as they are above it: that never changes what is smallest.
  std::atomic<size_t> least = SIZE_MAX;
  const auto contexts = [&](TileStats* stats, PixelBits* pixel_bits) {
    const auto worth = [&least](size_t bytes) { return bytes <= least.load(); };
    return EncodeByContexts(image, rect, plan, stats, pixel_bits,
                            FlowTakes(image) ? WorthFn(worth) : WorthFn());
  };
  const auto raster = [&](TileStats* stats, PixelBits* pixel_bits) {
    return EncodeWithRaster(image, rect, pool, stats, pixel_bits, options.recover_colour,
                            options.coding == Coding::kFast);
  };
  const auto flow = [&](bool refined) {
    return [&, refined](TileStats* stats, PixelBits* pixel_bits) {
      return EncodeWithFlow(ModelOf(options), image, rect, pool, stats, pixel_bits,
                            options.recover_colour, refined);
    };
  };
  std::vector<Way> ways;
  if (plan.by_contexts()) ways.push_back({contexts});
  if (plan.raster) ways.push_back({raster});
  const bool refined = plan.flow && plan.refined && CanRefine(ModelOf(options));
  if (refined) ways.push_back({flow(true)});
  // What a small tile teaches may not be worth its being learnt.
  const bool maybe_plain =
      options.coding == Coding::kThorough && uint64_t{rect.width} * rect.height <= kRefinedSurely;
  if (plan.flow && (!refined || maybe_plain)) ways.push_back({flow(false)});

  // Only the winner books its pixels, in a second run if there are several.
  const bool sure = ways.size() == 1 && !ChoosesSmallest(options.coding);
  PixelBits* const single = sure ? options.pixel_bits : nullptr;
  const auto run = [&](Way& way) {
    way.payload = way.code(count ? &way.stats : nullptr, single);
    const size_t bytes = way.payload.size();
    for (size_t before = least; bytes < before && !least.compare_exchange_weak(before, bytes);) {
    }
  };
  // Side by side what takes longest first, one after another the contexts last.
  const bool together = IsSmall(rect) && pool.threads() > 1;
  const size_t first = together ? 0 : 1;
  const auto run_nth = [&](int64_t i) {
    run(ways[(static_cast<size_t>(i) + first) % ways.size()]);
  };
  const auto number = static_cast<int64_t>(ways.size());
  if (together) {
    pool.ParallelFor(number, run_nth);
  } else {
    for (int64_t i = 0; i < number; ++i) run_nth(i);
  }
  const auto smallest = [&] {
    return std::min_element(ways.begin(), ways.end(), [](const Way& a, const Way& b) {
      return a.payload.size() < b.payload.size();
    });
  };
  auto best = smallest();
  if (!plan.by_contexts() && ChoosesSmallest(options.coding) &&
      (AlphaIsLarge(best->payload) || IsAboveRaw(best->payload, image, rect))) {
    plan.contexts = true;
    ways.push_back({contexts});
    run(ways.back());
    best = smallest();
  }
  if (options.pixel_bits != nullptr && !sure) best->code(nullptr, options.pixel_bits);
  TileResult result;
  result.pixel_checksum = PixelChecksum(image, rect, tile);
  if (NeedsFlow(best->payload)) result.model_hash = ModelOf(options).hash();
  result.payload.assign(best->payload.begin(), best->payload.end());
  result.stats = std::move(best->stats);
  return result;
}

}  // namespace flowzip
