// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/network/event_tilt.h"

#include <algorithm>

namespace flowzip {
namespace {

// Smaller planes hold too few colours for one to come again.
constexpr int64_t kFewSites = 16384;
constexpr int kEventCount[kChannels] = {kRepeatEvents[0], kRepeatEvents[1], MixtureRow::kEvents};

}  // namespace

EventTilt::EventTilt(const std::vector<NetworkPlane*>& planes, PlaneColours colours,
                     SampleRange range)
    : planes_(planes),
      channel_(static_cast<int>(planes.size()) - 1),
      lattice_(colours),
      least_(range.min),
      above_(static_cast<size_t>(planes.back()->sites.width())) {
  tilt_.events = kEventCount[channel_];
  const SkewedPlane& sites = planes.back()->sites;
  if (channel_ == 2 && range.max - range.min < 256 &&
      int64_t{sites.width()} * sites.height() >= kFewSites) {
    colours_.resize((size_t{1} << 21) + 3);
  }
}

// Of the third plane: the bit of the colour with `value`, and of those with the next seven.
uint32_t EventTilt::ColourPlace(const ChannelWalk& walk, int lane, int32_t value) const {
  const auto at = [&](size_t c) {
    return static_cast<uint32_t>(planes_[c]->sites.Values(walk.now())[lane] & 255);
  };
  // Groups may begin before the range.
  constexpr int32_t kBefore = MixtureRow::kGroup;
  return (at(0) << 16 | at(1) << 8) + static_cast<uint32_t>(value - least_ + kBefore);
}

// The group and all that only the site itself has to do with.
void EventTilt::LookAtSite(const ChannelWalk& walk, const MixtureRow& mixtures, int lane,
                           int32_t value) {
  // Groups are counted from one in whose middle the prediction is.
  const int32_t origin = ((walk.center(lane) + 8) >> 4) - MixtureRow::kGroup / 2;
  const int32_t inside = std::clamp(value, mixtures.lo[lane], mixtures.hi[lane]);
  const int32_t first = origin + ((inside - origin) & -MixtureRow::kGroup);
  tilt_.first[lane] = first;
  tilt_.west[lane] = west_[static_cast<size_t>(lane)];
  tilt_.north[lane] = StepsAgo(walk, SkewedPlane::kLag)[static_cast<size_t>(lane)];
  if (lattice_.Knows(channel_)) {
    const auto at = [&](size_t c) { return planes_[c]->sites.Values(walk.now())[lane]; };
    tilt_.mask[kLattice][lane] =
        static_cast<int32_t>(lattice_.Mask(at(0), at(1), first, MixtureRow::kGroup));
  }
  if (!colours_.empty()) {
    const uint32_t place = ColourPlace(walk, lane, first);
    const uint8_t* from = colours_.data() + (place >> 3);
    tilt_.mask[kColourSeen][lane] = (from[0] | from[1] << 8) >> (place & 7) & 255;
  }
}

// Values without their low bits repeat nothing.
void EventTilt::DropIfLowBits(const ChannelWalk& walk, int lane) {
  if (walk.low_bits(lane) == 0) return;
  for (auto& mask : tilt_.mask) mask[lane] = 0;
}

SiteValues EventTilt::Values(const ChannelWalk& walk) const {
  SiteValues values;
  values.channel = channel_;
  for (size_t c = 0; c < planes_.size(); ++c) {
    values.planes[c] = planes_[c]->sites.Values(walk.now());
  }
  return values;
}

void EventTilt::Look(const ChannelWalk& walk, const MixtureRow& mixtures, int lane, int32_t value) {
  TakeRowAbove(walk);
  LookAtSite(walk, mixtures, lane, value);
  RepeatMask(Values(walk), lane, &tilt_);
  DropIfLowBits(walk, lane);
  mixtures.TiltSite(lane, &tilt_);
}

void EventTilt::LookAll(const ChannelWalk& walk, const MixtureRow& mixtures,
                        const int32_t* values) {
  TakeRowAbove(walk);
  for (const ChannelWalk::Lane& site : walk.lanes()) {
    LookAtSite(walk, mixtures, site.lane, values[site.lane]);
  }
  RepeatMasks(Values(walk), &tilt_);
  for (const ChannelWalk::Lane& site : walk.lanes()) DropIfLowBits(walk, site.lane);
  mixtures.TiltAll(&tilt_);
}

// What took place above the band.
void EventTilt::TakeRowAbove(const ChannelWalk& walk) {
  const ChannelWalk::Lane& top = walk.lanes().front();
  if (top.lane == 0) StepsAgo(walk, SkewedPlane::kLag)[0] = above_[static_cast<size_t>(top.x)];
}

void EventTilt::Learn(const ChannelWalk& walk, const MixtureRow& mixtures, const int32_t* values) {
  Step& step = StepsAgo(walk, 0);
  for (const auto& [lane, x, y] : walk.lanes()) {
    const auto at = static_cast<size_t>(lane);
    const int32_t place = values[lane] - tilt_.first[lane];
    int32_t here = 0;
    if (mixtures.Inside(lane, values[lane]) && place >= 0 && place < MixtureRow::kGroup) {
      for (int e = 0; e < tilt_.events; ++e) {
        const int32_t bit = tilt_.mask[e][lane] >> place & 1;
        Evidence& evidence =
            evidence_[static_cast<size_t>(e)][static_cast<size_t>(tilt_.context[e][lane])];
        evidence.missed += bit * kOne - tilt_.chance[e][lane];
        evidence.shown += tilt_.shown[e][lane];
        here |= bit << e;
      }
      if (!colours_.empty()) {
        const uint32_t colour = ColourPlace(walk, lane, values[lane]);
        colours_[colour >> 3] = static_cast<uint8_t>(colours_[colour >> 3] | 1 << (colour & 7));
      }
    }
    step[at + 1] = here;
    west_[at] = x == planes_.back()->sites.width() - 1 ? 0 : here;
    if (lane == kNetSites - 1) above_[static_cast<size_t>(x)] = static_cast<uint16_t>(here);
  }
  // One event's weights every second step: divisions take their time.
  if (++steps_ % 2 == 0) MoveWeights(steps_ / 2 % tilt_.events);
}

void EventTilt::MoveWeights(int event) {
  for (size_t i = 0; i < kContexts; ++i) {
    Evidence& evidence = evidence_[static_cast<size_t>(event)][i];
    if (evidence.missed == 0 && evidence.shown == 0) continue;
    int32_t& weight = tilt_.weight[event][i];
    evidence.seen = std::min(evidence.seen + evidence.shown, kMostSeen);
    // missed / seen / ln 2, in 1/65536: at most 26 steps of 16 sites are under way.
    const int32_t step = evidence.missed / 4 * 185 / (evidence.seen >> 11);
    weight = std::clamp(weight + std::clamp(step, -kOne / 2, kOne / 2), -MixtureRow::kMaxTilt,
                        MixtureRow::kMaxTilt);
    evidence.missed = evidence.shown = 0;
  }
}

}  // namespace flowzip
