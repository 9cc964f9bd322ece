// SPDX-License-Identifier: BSD-3-Clause
// A group's trunk over consecutive rows of a level, by one thread, until others can help.
#pragma once

#include <memory>
#include <vector>

#include "base/thread_pool.h"
#include "model/network.h"
#include "model/tensor.h"

namespace flowzip {

// All layers advance together, a row at a time, each one row behind what it reads:
//
//   features -> input -> h0 -> first -> u1 -> second -> h1 -> ... -> stream
//
// A layer's output for row y needs rows y - 1 .. y + 1 of its input; a residual sum needs h a
// row behind that. So rings of four rows hold all that is still needed: after a layer has
// advanced to row n, those who read it are at n - 1 (or n - 2, the sum) and look one row up.
//
// The stream of the group before is read by the first layer and overwritten by the last, which
// is never ahead; outside the range others overwrite it, and copies are read.
class TrunkRange {
 public:
  // All rows. `stream` is h; of the first group nothing is read. `fill` writes the features.
  TrunkRange(const GroupNet& net, bool first_group, const NetworkState::FillFn& fill,
             Tensor& stream);
  TrunkRange(const TrunkRange&) = delete;
  TrunkRange& operator=(const TrunkRange&) = delete;

  // Gives half of what is left to whoever is free, as long as that is worth it.
  void Run(ThreadPool& pool);

 private:
  struct Stage {
    const Conv2d* conv;    // null: the features
    const Tensor* addend;  // or null
    Tensor* out;
    int next, end;  // rows
    bool relu;
  };
  using Edge = std::shared_ptr<const Tensor>;  // old rows of h around an end; null: not needed

  // The rows of `whole` from `y0` on.
  TrunkRange(const TrunkRange& whole, int y0, Edge above);

  void AddStages();
  void AddStage(const Conv2d* conv, const Tensor* addend, int channels, bool relu);
  // Rows beyond the range's ends that a stage computes, since those behind it read them.
  int Beyond(size_t stage) const;
  int EndOf(size_t stage) const;
  void Advance(size_t stage);
  void Split(int y, ThreadPool& pool);
  Edge RowsAround(int y) const;

  const GroupNet& net_;
  const bool first_group_;
  const NetworkState::FillFn& fill_;
  Tensor& stream_;
  const int height_;
  int y0_, y1_;
  Edge above_, below_;
  std::vector<Tensor> rings_;
  std::vector<Stage> stages_;
};

}  // namespace flowzip
