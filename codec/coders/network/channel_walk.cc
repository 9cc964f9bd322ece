// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/network/channel_walk.h"

namespace flowzip {
namespace {

// Rows that fitted filters would read above the tile: W in the first, W + N - NW in two more.
constexpr int kTopRows = 3;
constexpr int kWest = 0, kNorth = 2, kNorthWest = 3;  // in kOwnTaps

}  // namespace

ChannelWalk::ChannelWalk(const FlowModel& model,
                         const std::array<const SkewedPlane*, kChannels>& earlier, int channel,
                         SkewedPlane* plane, const SampleRange& range, const LinearFilters& filters)
    : plane_(*plane), filters_(filters) {
  step_.channel = channel;
  step_.net = &model.For(channel, filters.base == FilterBase::kFirst);
  step_.min = range.min;
  step_.max = range.max;
  step_.deep = range.max - range.min > kShallowSpan;
  for (int c = 0; c < channel; ++c) step_.planes[c] = earlier[static_cast<size_t>(c)];
  step_.planes[channel] = plane;
  for (const RasterTap& tap : kOwnTaps) {
    step_.tap_plane[step_.taps] = channel;
    step_.tap_distance[step_.taps++] = SkewedPlane::Distance(tap.dx, tap.dy);
  }
  for (int c = 0; c < channel; ++c) {
    for (const RasterTap& tap : kCrossTaps) {
      step_.tap_plane[step_.taps] = c;
      step_.tap_distance[step_.taps++] = SkewedPlane::Distance(tap.dx, tap.dy);
    }
  }
  for (int lane = 0; lane < kNetSites; ++lane) {
    next_[static_cast<size_t>(lane)] = {lane, -lane * SkewedPlane::kLag - 1, lane};
  }
  constexpr int16_t kOne = 1 << kRasterWeightBits;
  top_filters_[0][kWest] = kOne;
  top_filters_[1][kWest] = top_filters_[1][kNorth] = kOne;
  top_filters_[1][kNorthWest] = -kOne;
}

void ChannelWalk::SetFilter(int lane, const int16_t* filter, int32_t bias) {
  step_.bias[lane] = bias;
  for (int k = 0; k < step_.taps; ++k) step_.filter[k][lane] = filter[k];
}

void ChannelWalk::NextLanes() {
  lanes_.clear();
  const int across = RasterBlocks(plane_.width());
  for (Lane& next : next_) {
    // Not as a whole: that would wait for the part just written.
    const int lane = next.lane, x = next.x + 1 == plane_.period() ? 0 : next.x + 1;
    if (x == 0 && next.x > 0) next.y += SkewedPlane::kLanes;
    const int y = next.y;
    next.x = x;
    if (x < 0 || x >= plane_.width() || y >= plane_.height()) continue;
    lanes_.push_back({lane, x, y});
    if (y < kTopRows) {
      if (x == 0) SetFilter(lane, top_filters_[y == 0 ? 0 : 1], 0);
    } else if (x % kRasterBlock == 0) {
      const size_t filter =
          filters_.labels[static_cast<size_t>(y / kRasterBlock) * static_cast<size_t>(across) +
                          static_cast<size_t>(x / kRasterBlock)];
      SetFilter(lane, filters_.filters[filter], filters_.biases[filter]);
    }
  }
}

}  // namespace flowzip
