// SPDX-License-Identifier: BSD-3-Clause
// The way through a plane that encoder, decoder and sampler share.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "codec/filters/linear_filters.h"
#include "model/flow_model.h"
#include "model/mixture_row.h"
#include "model/sample_range.h"

namespace flowzip {

// Leaves the network's outputs as they are.
struct AsTheyAre {
  void operator()(int32_t (*)[kNetSites], int) const {}
};

class ChannelWalk {
 public:
  // A lane that has a site in this step.
  struct Lane {
    int lane, x, y;
  };

  // `earlier`: the `channel` planes that are looked at, of the same size as `plane`, none of whose
  // sites is set. The filters must outlive the walk.
  ChannelWalk(const FlowModel& model, const std::array<const SkewedPlane*, kChannels>& earlier,
              int channel, SkewedPlane* plane, const SampleRange& range,
              const LinearFilters& filters);

  int steps() const { return plane_.steps(); }

  // The steps from where the last call ended, first from 0, up to `end`. Calls code(*this,
  // mixtures, values) for each that has sites; it must set values[lane] of every lane in lanes() to
  // a sample in range. Before that, change(heads, components) may change the network's outputs,
  // which a codec may not.
  template <class Fn, class ChangeFn = AsTheyAre>
  void Run(int end, const Fn& code, const ChangeFn& change = {}) {
    alignas(64) int32_t values[kNetSites] = {};
    MixtureRow mixtures;
    for (; now_ < end; ++now_) {
      NextLanes();
      if (lanes_.empty()) continue;
      step_.Run(now_);
      change(step_.heads, step_.net->net.components);
      mixtures.SetRows(step_.heads[0], kNetSites, step_.net->net.components, step_.center,
                       step_.min_high, step_.max_high, kNetSites);
      code(*this, mixtures, values);
      for (const Lane& site : lanes_) {
        const int32_t value = values[site.lane];
        plane_.Set(site.x, site.y, value, 8 * value - step_.prediction[site.lane]);
      }
    }
  }

  // Of the step under way.
  const std::vector<Lane>& lanes() const { return lanes_; }
  int now() const { return now_; }
  int low_bits(int lane) const { return step_.low_bits[lane]; }
  // The filters' prediction in the mixtures' units, 1/16.
  int32_t center(int lane) const { return step_.center[lane]; }

 private:
  void NextLanes();  // those of the step after the last one
  void SetFilter(int lane, const int16_t* filter, int32_t bias);

  SkewedPlane& plane_;
  const LinearFilters& filters_;
  SiteStep step_;
  int now_ = 0;  // the step under way, or the next one
  std::vector<Lane> lanes_;
  std::array<Lane, kNetSites> next_;   // each lane's place in the last step; x < 0 before its first
  RasterWeights top_filters_[2] = {};  // of the first row, and of the next two
};

}  // namespace flowzip
