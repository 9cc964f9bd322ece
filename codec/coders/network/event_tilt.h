// SPDX-License-Identifier: BSD-3-Clause
// A plane's distributions, tilted towards values that are likely for reasons of their own.
//
// A mixture is smooth; pictures are not always. They repeat a neighbour's value or colour, their
// colours stay on the lattice of a JPEG decoder, and come again. Of eight values, counted from the
// prediction, those of such an event weigh more, or less (MixtureRow::Tilt). How much is learnt
// online, by context: each weight follows what the sites of its context have shown, as a
// coefficient of logistic regression. docs/FORMAT.md is the definition.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "codec/coders/network/channel_walk.h"
#include "codec/coders/network/network_plane.h"
#include "codec/planes/colour_lattice.h"
#include "model/mixture_row.h"
#include "model/site_events.h"

namespace flowzip {

class EventTilt {
 public:
  // `planes`: those that are looked at, then the plane itself, of the range given.
  EventTilt(const std::vector<NetworkPlane*>& planes, PlaneColours colours, SampleRange range);

  // Tilts a site of the step under way, or all its sites: the group of eight that `value` is in.
  // That may be what it is, what the mixture alone finds, or where its mean is.
  void Look(const ChannelWalk& walk, const MixtureRow& mixtures, int lane, int32_t value);
  void LookAll(const ChannelWalk& walk, const MixtureRow& mixtures, const int32_t* values);
  const MixtureRow::Tilt& tilt() const { return tilt_; }
  // At the end of each step, whose values are known: without low bits, and of escapes any.
  void Learn(const ChannelWalk& walk, const MixtureRow& mixtures, const int32_t* values);

 private:
  static constexpr int kEvents = MixtureRow::kEvents, kContexts = MixtureRow::kContexts;
  static constexpr int kLattice = kRepeatEvents[2],
                       kColourSeen = kLattice + 1;  // events of the third plane
  static constexpr int32_t kOne = 1 << 16;
  // What is known of a weight at first, and at most: the least that a miss moves it.
  static constexpr int32_t kFirstSeen = 12 * kOne, kMostSeen = 300 * kOne;

  struct Evidence {
    int32_t seen = kFirstSeen;      // sums of q (1 - q), q the probability that was given
    int32_t missed = 0, shown = 0;  // since the weight moved last: sums of bit - q, of q (1 - q)
  };
  void TakeRowAbove(const ChannelWalk& walk);
  void LookAtSite(const ChannelWalk& walk, const MixtureRow& mixtures, int lane, int32_t value);
  void DropIfLowBits(const ChannelWalk& walk, int lane);
  void MoveWeights(int event);
  SiteValues Values(const ChannelWalk& walk) const;
  uint32_t ColourPlace(const ChannelWalk& walk, int lane, int32_t value) const;

  const std::vector<NetworkPlane*>& planes_;
  const int channel_;
  const ColourLattice lattice_;
  const int32_t least_;
  MixtureRow::Tilt tilt_{};
  std::array<std::array<Evidence, kContexts>, kEvents> evidence_;
  int steps_ = 0;  // that were learnt from

  // Which events took place at sites, bit e: at each lane's last one, 0 at a row's beginning; in
  // the last steps, by lane + 1, with the last row of the band before, above_, as lane -1.
  static constexpr int kSteps = 2 * SkewedPlane::kLag;
  using Step = std::array<int32_t, kNetSites + 1>;
  Step& StepsAgo(const ChannelWalk& walk, int steps) {
    return took_place_[static_cast<size_t>(walk.now() - steps) % kSteps];
  }
  std::array<int32_t, kNetSites> west_{};
  std::array<Step, kSteps> took_place_{};
  std::vector<uint16_t> above_;

  // Colours of the plane and the two before it that there were: bits.
  std::vector<uint8_t> colours_;
};

}  // namespace flowzip
