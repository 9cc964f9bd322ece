// SPDX-License-Identifier: BSD-3-Clause
#include "codec/options/region.h"

#include <utility>

namespace flowzip {
namespace {

constexpr int kMaxScaleLog2 = 3;

// Multiples of 2^scale_log2 in [start, start + length): the first one divided by it, and how many.
std::pair<uint32_t, uint32_t> ReducedSpan(uint32_t start, uint32_t length, int scale_log2) {
  const uint64_t round = (uint64_t{1} << scale_log2) - 1;
  const uint64_t first = (start + round) >> scale_log2,
                 end = (uint64_t{start} + length + round) >> scale_log2;
  return {static_cast<uint32_t>(first), static_cast<uint32_t>(end - first)};
}

}  // namespace

Rect WantedRegion(const FileInfo& info, const DecodeOptions& options) {
  Require(options.scale_log2 >= 0 && options.scale_log2 <= kMaxScaleLog2,
          ErrorCode::kInvalidArgument, "the scale is 1, 1/2, 1/4 or 1/8");
  if (options.region.width == 0) return {0, 0, info.width, info.height};
  const Rect& region = options.region;
  Require(region.height > 0 && region.x < info.width && region.width <= info.width - region.x &&
              region.y < info.height && region.height <= info.height - region.y,
          ErrorCode::kInvalidArgument, "the region is not inside the image");
  return region;
}

Rect Reduced(const Rect& rect, int scale_log2) {
  const auto [x, width] = ReducedSpan(rect.x, rect.width, scale_log2);
  const auto [y, height] = ReducedSpan(rect.y, rect.height, scale_log2);
  return {x, y, width, height};
}

Rect DecodedRect(const FileInfo& info, const DecodeOptions& options) {
  const Rect rect = Reduced(WantedRegion(info, options), options.scale_log2);
  Require(rect.width > 0 && rect.height > 0, ErrorCode::kInvalidArgument,
          "the region has no pixel at that scale");
  return rect;
}

}  // namespace flowzip
