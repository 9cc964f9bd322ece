// SPDX-License-Identifier: BSD-3-Clause
// The differentiable twin of model/network.h, one for each class of levels.
//
// Works on prepared levels (prepare.h): [B, kPreparedChannels, H, W], integer features divided
// by 256. In quantised mode every weight, bias and activation lies on the integers' grid, with
// straight-through gradients; in double precision the result then equals the integer runtime's
// exactly.
#pragma once

#include <torch/torch.h>

#include <array>
#include <vector>

#include "model/network.h"

namespace flowzip {

struct TwinShape {
  int width = 32;                            // channels of the residual stream
  int inner = 32;                            // channels inside a block
  int head = 32;                             // hidden channels of a head
  int components = 3;                        // K
  std::array<int, kGroups> blocks{2, 1, 1};  // residual blocks per group
  bool affine = false;                       // affine couplings

  bool operator==(const TwinShape&) const = default;
  static TwinShape Of(const LevelNet& net, int components);
};

class TwinConv : public torch::nn::Module {
 public:
  TwinConv(int in, int out, int kernel, double gain, bool with_bias = true);
  torch::Tensor Forward(const torch::Tensor& x, bool quantised);
  // Weights as the runtime sees them (row scale applied).
  torch::Tensor EffectiveWeight() const;
  torch::Tensor EffectiveBias() const;
  // Largest shift whose integers fit int16 and pass Conv2d::CheckBounds.
  int ChooseShift() const;
  Conv2d Export() const;

  torch::Tensor weight, bias;
  torch::Tensor row_scale;  // [out, 1, 1, 1]: constant factor per output, for learning speed
};

class TwinNetImpl : public torch::nn::Module {
 public:
  explicit TwinNetImpl(const TwinShape& shape);

  // Mean bits per site of every (group, channel), as scalars: [kGroups][kChannels].
  using Bits = std::array<std::array<torch::Tensor, kChannels>, kGroups>;
  Bits Forward(const torch::Tensor& prepared, torch::ScalarType dtype, bool quantised);
  // The heads alone, [group][channel] of [B, 3K, H, W]; with affine couplings also their
  // outputs, [group] of [B, kChannels, H, W].
  using Scales = std::array<torch::Tensor, kGroups>;
  std::array<std::array<torch::Tensor, kChannels>, kGroups> Heads(const torch::Tensor& prepared,
                                                                  bool quantised,
                                                                  Scales* scales = nullptr);
  LevelNet Export() const;
  // Takes over a network of the same widths and at most as many blocks; further blocks start as
  // the identity, so that this network computes the same. Throws kInvalidArgument otherwise.
  void GrowFrom(const TwinNetImpl& smaller);

 private:
  struct Head {
    std::shared_ptr<TwinConv> hidden, extra, out;
  };
  struct Group {
    std::shared_ptr<TwinConv> input;
    std::vector<std::array<std::shared_ptr<TwinConv>, 2>> blocks;
    std::array<Head, kChannels> heads;
    std::shared_ptr<TwinConv> scale;
  };
  TwinShape shape_;
  std::array<Group, kGroups> groups_;
};
TORCH_MODULE(TwinNet);

}  // namespace flowzip
