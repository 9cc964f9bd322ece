// SPDX-License-Identifier: BSD-3-Clause
// The way through a channel that encoder, decoder and sampler share.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/error.h"
#include "codec/raster_channel.h"
#include "model/flow_model.h"
#include "model/levels.h"
#include "model/mixture_row.h"

namespace flowzip {

class ChannelWalk {
 public:
  // A lane that has a site in this step.
  struct Lane {
    int lane, x, y;
  };

  // `planes`: the channel's own, all of whose sites are unset, after those of the channels before.
  // The filters must outlive the walk.
  ChannelWalk(const FlowModel& model, SkewedPlane* planes, int channel, const SampleRange& range,
              const RasterModel& filters);

  // Calls code(lanes, mixtures, values) for each step that has sites; it must set values[lane] of
  // every lane to a sample in the channel's range. low_bits() and prediction() are then of the
  // step's lanes.
  template <class Fn>
  void Run(const Fn& code) {
    alignas(64) int32_t values[kNetSites] = {};
    MixtureRow mixtures;
    for (int step = 0; step < plane_.steps(); ++step) {
      FindLanes(step);
      if (lanes_.empty()) continue;
      step_.Run(step);
      mixtures.SetRows(step_.heads[0], kNetSites, step_.net->net.components, step_.center,
                       step_.min_high, step_.max_high, kNetSites);
      code(lanes_, mixtures, values);
      for (const Lane& site : lanes_) {
        const int32_t value = values[site.lane];
        plane_.Set(site.x, site.y, value, 8 * value - step_.prediction[site.lane]);
      }
    }
    plane_.Close();
  }

  int32_t low_bits(int lane) const { return step_.low_bits[lane]; }
  const SiteStep& step() const { return step_; }

 private:
  void FindLanes(int step);
  void SetFilter(int lane, const int16_t* filter);

  SkewedPlane& plane_;
  int channel_;
  const RasterModel& filters_;
  SiteStep step_;
  std::vector<Lane> lanes_;
  RasterWeights top_filters_[2] = {};  // of the first row, and of the next two
};

}  // namespace flowzip
