// SPDX-License-Identifier: BSD-3-Clause
// All steps of a plane, each as soon as the planes before it allow that.
#pragma once

#include <algorithm>

#include "codec/coders/network/plane_coder.h"

namespace flowzip {

// `code` and `change` as in ChannelWalk::Run.
template <class Fn, class ChangeFn = AsTheyAre>
void WalkPlane(const PlaneContext& context, const LinearFilters& filters, const Fn& code,
               const ChangeFn& change = {}) {
  std::array<const SkewedPlane*, kChannels> earlier{};
  for (int c = 0; c < context.channel(); ++c) {
    earlier[static_cast<size_t>(c)] = &context.planes[static_cast<size_t>(c)]->sites;
  }
  ChannelWalk walk(context.model, earlier, context.channel(), &context.own().sites, context.range,
                   filters);
  constexpr int kSteps = 64;  // between looks at the others
  const int last = walk.steps();
  for (int step = 0; step < last; step += kSteps) {
    const int end = std::min(step + kSteps, last);
    for (int c = 0; c < context.channel(); ++c) {
      context.planes[static_cast<size_t>(c)]->progress.Wait(
          end == last ? INT32_MAX : end + context.own().sites.farthest());
    }
    walk.Run(end, code, change);
    if (end < last) context.own().progress.Reached(end);
  }
  context.own().progress.Finished();
}

}  // namespace flowzip
