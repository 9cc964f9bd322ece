// SPDX-License-Identifier: BSD-3-Clause
#include "codec/tile_encoder.h"

#include <utility>

#include "codec/refined_coder.h"
#include "codec/tile_plan.h"
#include "model/embedded.h"

namespace flowzip {
namespace {

constexpr uint64_t kRefinedSurely = 65536;  // pixels above which refined tiles are smaller

}  // namespace

TileResult EncodeOneTile(const Image& image, const Rect& rect, uint64_t tile,
                         const EncodeOptions& options, ThreadPool& pool, bool count) {
  TileResult result;
  result.pixel_checksum = PixelChecksum(image, rect, tile);
  TilePlan plan = PlanTile(image, rect, options.coding);
  const Model* model = nullptr;
  if (plan.flow) {
    model = options.model != nullptr ? options.model : &DefaultModel();
    SettlePlan(*model, image, rect, pool, &plan);
  }
  FlowOptions flow_options{options.recover_colour, plan.refined && plan.flow && CanRefine(*model)};
  // Only the winner books its pixels, in a second run where it is not known before.
  const auto without = [&](TileStats* stats, PixelBits* pixel_bits) {
    return EncodeWithoutFlow(image, rect, plan, stats, pixel_bits);
  };
  const auto with = [&](TileStats* stats, PixelBits* pixel_bits) {
    return EncodeWithFlow(*model, image, rect, pool, stats, pixel_bits, flow_options);
  };
  TileStats flow_stats;
  std::vector<uint8_t> flow;
  // What a small tile teaches may not be worth its being learnt.
  const bool try_plain = flow_options.refined && options.coding == Coding::kThorough &&
                         uint64_t{rect.width} * rect.height <= kRefinedSurely;
  const bool any_way = ChoosesSmallest(options.coding);
  const bool sure = !plan.contexts && !try_plain && !any_way;
  const auto run = [&](int64_t way) {
    if (way == 0) {
      result.payload =
          without(count ? &result.stats : nullptr, plan.flow ? nullptr : options.pixel_bits);
    } else {
      flow = with(count ? &flow_stats : nullptr, sure ? options.pixel_bits : nullptr);
    }
  };
  if (plan.flow && IsSmall(rect)) {
    pool.ParallelFor(2, run);
  } else {
    run(0);
    if (!plan.flow) return result;
    run(1);
  }
  if (try_plain) {
    flow_options.refined = false;
    TileStats plain_stats;
    std::vector<uint8_t> plain = with(count ? &plain_stats : nullptr, nullptr);
    if (plain.size() <= flow.size()) {
      flow = std::move(plain);
      flow_stats = std::move(plain_stats);
    } else {
      flow_options.refined = true;
    }
  }
  if (!plan.contexts && any_way && (AlphaIsLarge(flow) || IsAboveRaw(flow, image, rect))) {
    plan.contexts = true;
    result.payload = without(count ? &result.stats : nullptr, nullptr);
  }
  const bool smaller = result.payload.empty() || flow.size() < result.payload.size();
  if (options.pixel_bits != nullptr && !sure) {
    smaller ? void(with(nullptr, options.pixel_bits)) : void(without(nullptr, options.pixel_bits));
  }
  if (smaller) {
    result.payload = std::move(flow);
    result.stats = std::move(flow_stats);
    result.model_hash = model->hash();
  }
  return result;
}

}  // namespace flowzip
