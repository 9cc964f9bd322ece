// SPDX-License-Identifier: BSD-3-Clause
// FactorOut (RealNVP, Dinh et al. 2017, §3.6): the odd sub-lattices of a level leave the flow,
// group after group, each channel under a prior conditioned on all that is known.
//
// Encoder, decoder and scorer run this same code; they differ only in what `code` does with
// a channel, so they cannot disagree about the prior.
#pragma once

#include <array>
#include <functional>

#include "base/thread_pool.h"
#include "model/adaptive_coupling.h"
#include "model/model.h"
#include "model/network.h"
#include "model/tensor.h"

namespace flowzip {

// One channel of one group, ready to be coded: predictions are in level.prediction, the
// samples to read or to write in level.x.
struct ChannelPass {
  LevelPlanes& level;
  const NetworkState& network;
  int group, channel;
  int components;
  SampleRange range;
  bool latent_components = false, affine = false;  // model.h

  static constexpr int kHeadRows = NetworkState::kHeadRows;
  Lattice lattice() const { return kGroupLattice[group]; }
  // The prior's parameters, 3K values per site (mixture.h), of rows [y0, y1), at most
  // kHeadRows. They are computed when asked for; threads may ask at the same time, each with
  // its own scratch, which keeps them until it is used again.
  const Tensor& HeadRows(int y0, int y1, HeadScratch& scratch) const;
  // Likewise the affine couplings' outputs, of all channels.
  const Tensor& ScaleRows(int y0, int y1, HeadScratch& scratch) const {
    return network.ScaleRows(group, y0, y1, scratch);
  }
};

// Codes all groups and channels of a level in order. On entry the level's A sub-lattice is
// complete (border extended) and, for an encoder, all others; on return everything is.
// `coarse`: AssembleResiduals of the next coarser level, empty planes at the coarsest.
// Channels with a constant range are known and skipped.
void FactorOut(const Model& model, int level_index, LevelPlanes& level,
               const std::array<SitePlane, kChannels>& coarse, const FilterSet& filters,
               const TapSet& taps, const std::array<SampleRange, kChannels>& ranges,
               ThreadPool& pool, const std::function<void(const ChannelPass&)>& code);

}  // namespace flowzip
