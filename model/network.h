// SPDX-License-Identifier: BSD-3-Clause
// The conditional prior's network: one residual stream per level, carried from group to group.
//
//   h = 0
//   for each group g:   h += conv3x3(trunk features of g)
//                       repeated:  h += conv3x3(relu(conv3x3(h)))
//     for each channel c:  u = relu(conv1x1(h) + conv3x3(head features of c))
//                          head = conv1x1(u)          3K values per site (mixture.h)
//     with affine couplings, scale = conv1x1(h)         1 value per site and channel
#pragma once

#include <array>
#include <functional>
#include <vector>

#include "base/thread_pool.h"
#include "model/conv2d.h"
#include "model/features.h"
#include "model/tensor.h"

namespace flowzip {

struct ResidualBlock {
  Conv2d first, second;
};

struct HeadNet {
  Conv2d hidden;  // 1x1, from h
  Conv2d extra;   // 3x3, from the head features; absent (in = 0) for channel 0
  Conv2d out;     // 1x1
};

struct GroupNet {
  Conv2d input;
  std::vector<ResidualBlock> blocks;
  std::array<HeadNet, kChannels> heads;
  Conv2d scale;  // 1x1, from h, an output per channel; absent (in = 0) without affine couplings
};

struct LevelNet {
  std::array<GroupNet, kGroups> groups;

  int width() const { return groups[0].input.out; }
  // Multiply-accumulates per site of the grid (a quarter of the level's pixels).
  int64_t MacsPerSite() const;

  void Write(ByteWriter& writer) const;
  // Reads, checks every shape against `components`, and prepares the layers.
  static LevelNet Read(ByteReader& reader, int components, bool affine = false);
};

// One thread's working memory for heads; empty until used.
struct HeadScratch {
  Tensor features, hidden, out, scale;
};

// Holds the residual stream of one level while its groups are coded. What lies between two
// layers is kept for a few rows only, so that it stays in the cache.
class NetworkState {
 public:
  // Writes features of rows [y0, y1) to `out`.
  using FillFn = std::function<void(Tensor& out, int y0, int y1)>;
  // HeadRows computes at most this many rows.
  static constexpr int kHeadRows = 6;

  NetworkState(const LevelNet& net, int width, int height);

  // Updates h; `fill` writes the group's trunk features. Groups in order, each once.
  void RunTrunk(int group, const FillFn& fill, ThreadPool& pool);
  // The head of a channel for rows [y0, y1), in scratch.out until the scratch is used again.
  // `fill` writes the head features (not called for channel 0).
  const Tensor& HeadRows(int group, int channel, const FillFn& fill, int y0, int y1,
                         HeadScratch& scratch) const;
  // The affine couplings' outputs, a channel each, for rows [y0, y1), in scratch.scale.
  const Tensor& ScaleRows(int group, int y0, int y1, HeadScratch& scratch) const;
  // The head of a channel for all rows.
  Tensor RunHead(int group, int channel, const FillFn& fill, ThreadPool& pool) const;

 private:
  const LevelNet& net_;
  int width_, height_;
  Tensor stream_;  // h
};

}  // namespace flowzip
