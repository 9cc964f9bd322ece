// SPDX-License-Identifier: BSD-3-Clause
// The conditional prior's network: one residual stream per level, carried from group to group.
//
//   h = 0
//   for each group g:   h += conv3x3(trunk features of g)
//                       repeated:  h += conv3x3(relu(conv3x3(h)))
//     for each channel c:  u = relu(conv1x1(h) + conv3x3(head features of c))
//                          head = conv1x1(u)          3K values per site (mixture.h)
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
};

struct LevelNet {
  std::array<GroupNet, kGroups> groups;

  int width() const { return groups[0].input.out; }
  // Multiply-accumulates per site of the grid (a quarter of the level's pixels).
  int64_t MacsPerSite() const;

  void Write(ByteWriter& writer) const;
  // Reads, checks every shape against `components`, and prepares the layers.
  static LevelNet Read(ByteReader& reader, int components);
};

// Holds the activations of one level while its groups are coded.
class NetworkState {
 public:
  NetworkState(const LevelNet& net, int width, int height);

  // Calls fill(out, y0, y1) to write the group's trunk features, then updates h.
  using FillFn = std::function<void(Tensor& out, int y0, int y1)>;
  void RunTrunk(int group, const FillFn& fill, ThreadPool& pool);
  // The head of a channel; `fill` writes the head features (not called for channel 0).
  Tensor RunHead(int group, int channel, const FillFn& fill, ThreadPool& pool);

 private:
  void Run(const Conv2d& conv, const Tensor& in, const Tensor* addend, bool relu, Tensor& out,
           ThreadPool& pool);

  const LevelNet& net_;
  int width_, height_;
  Tensor stream_, hidden_;
};

}  // namespace flowzip
