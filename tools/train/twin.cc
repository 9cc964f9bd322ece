// SPDX-License-Identifier: BSD-3-Clause
#include "tools/train/twin.h"

#include <cmath>
#include <string>

#include "tools/train/affine_likelihood.h"
#include "tools/train/clamp.h"
#include "tools/train/likelihood.h"
#include "tools/train/prepare.h"

namespace flowzip {
namespace {

constexpr double kScale = 1 << kActivationBits;
constexpr double kLimit = kMaxActivation / kScale;
constexpr double kDifference = kMaxDifference / kScale;
constexpr int kMaxShift = 14;

// round(x * steps) / steps with the gradient of x (straight-through).
torch::Tensor RoundSte(const torch::Tensor& x, double steps) {
  const torch::Tensor rounded = torch::floor(x * steps + 0.5) / steps;
  return x + (rounded - x).detach();
}

// Rounds exactly as the runtime does; the forward value is exactly `rounded`.
torch::Tensor OnGrid(const torch::Tensor& x, bool quantised) {
  if (!quantised) return x;
  const torch::Tensor rounded = torch::floor(x * kScale + 0.5) / kScale;
  if (!x.requires_grad()) return rounded;
  return x + (rounded - x).detach();
}

// The runtime's clamp, in every phase: a network trained without it comes to rely on rare
// activations beyond the limit (measured: 0.02 bit per sub-pixel lost when quantised).
torch::Tensor Clamp(const torch::Tensor& x, bool relu) {
  return FusedClamp(x, relu ? 0.0 : -kLimit, kLimit);
}

}  // namespace

TwinConv::TwinConv(int in, int out, int kernel, double gain, bool with_bias) {
  const double std = gain / std::sqrt(static_cast<double>(in) * kernel * kernel);
  weight = register_parameter("weight", torch::randn({out, in, kernel, kernel}) * std);
  bias = register_parameter("bias", torch::zeros({out}), with_bias);
  row_scale = register_buffer("row_scale", torch::ones({out, 1, 1, 1}));
}

torch::Tensor TwinConv::EffectiveWeight() const { return weight * row_scale; }
torch::Tensor TwinConv::EffectiveBias() const { return bias * row_scale.view({-1}); }

int TwinConv::ChooseShift() const {
  torch::NoGradGuard no_grad;
  const torch::Tensor w = EffectiveWeight().to(torch::kDouble).abs();
  const double max = w.max().item<double>();
  const double norm = w.sum({1, 2, 3}).max().item<double>();
  const double bias_max = EffectiveBias().abs().max().item<double>();
  for (int shift = kMaxShift; shift > 1; --shift) {
    const double scale = std::ldexp(1.0, shift);
    const double elements = static_cast<double>(w.numel() / w.size(0));
    const double bound = (norm * scale + elements) * kMaxActivation + bias_max * scale * kScale +
                         scale + kMaxActivation;
    if (max * scale < 32000 && bound < 2147000000.0) return shift;
  }
  return 1;
}

torch::Tensor TwinConv::Forward(const torch::Tensor& x, bool quantised) {
  torch::Tensor w = EffectiveWeight(), b = EffectiveBias();
  if (quantised) {
    const double scale = std::ldexp(1.0, ChooseShift());
    w = RoundSte(w, scale);
    b = RoundSte(b, scale * kScale);
  }
  w = w.to(x.scalar_type());
  if (x.scalar_type() == torch::kBFloat16) w = w.contiguous(torch::MemoryFormat::ChannelsLast);
  return torch::conv2d(x, w, b.to(x.scalar_type()), 1, (weight.size(2) - 1) / 2);
}

Conv2d TwinConv::Export() const {
  torch::NoGradGuard no_grad;
  Conv2d conv;
  conv.out = static_cast<int>(weight.size(0));
  conv.in = static_cast<int>(weight.size(1));
  conv.kernel = static_cast<int>(weight.size(2));
  conv.shift = ChooseShift();
  const double scale = std::ldexp(1.0, conv.shift);
  const torch::Tensor w =
      torch::floor(EffectiveWeight().to(torch::kCPU, torch::kDouble) * scale + 0.5)
          .permute({0, 2, 3, 1})
          .contiguous();
  const torch::Tensor b =
      torch::floor(EffectiveBias().to(torch::kCPU, torch::kDouble) * scale * kScale + 0.5)
          .contiguous();
  for (int64_t i = 0; i < w.numel(); ++i) {
    conv.weight.push_back(static_cast<int16_t>(w.data_ptr<double>()[i]));
  }
  for (int64_t i = 0; i < b.numel(); ++i) {
    conv.bias.push_back(static_cast<int32_t>(b.data_ptr<double>()[i]));
  }
  conv.CheckBounds();
  return conv;
}

TwinNetImpl::TwinNetImpl(const TwinShape& shape) : shape_(shape) {
  const auto make = [this](const std::string& name, int in, int out, int kernel, double gain) {
    return register_module(name, std::make_shared<TwinConv>(in, out, kernel, gain));
  };
  const int k = shape.components;
  for (int g = 0; g < kGroups; ++g) {
    const std::string prefix = "group" + std::to_string(g) + "_";
    Group& group = groups_[g];
    group.input = make(prefix + "input", kTrunkInputs[g], shape.width, 3, 1.0);
    for (int b = 0; b < shape.blocks[g]; ++b) {
      const std::string block = prefix + "block" + std::to_string(b) + "_";
      group.blocks.push_back({make(block + "first", shape.width, shape.inner, 3, 1.4),
                              make(block + "second", shape.inner, shape.width, 3, 0.3)});
    }
    for (int c = 0; c < kChannels; ++c) {
      const std::string head = prefix + "head" + std::to_string(c) + "_";
      group.heads[c].hidden = make(head + "hidden", shape.width, shape.head, 1, 1.0);
      if (c > 0) group.heads[c].extra = make(head + "extra", kHeadInputs[c], shape.head, 3, 1.0);
      const auto out = make(head + "out", shape.head, 3 * k, 1, 0.1);
      group.heads[c].out = out;
      torch::NoGradGuard no_grad;
      // Means are in units of 16 steps: a small factor gives them a fitting learning speed.
      out->row_scale.slice(0, k, 2 * k).fill_(1.0 / 16);
      for (int i = 0; i < k; ++i) {
        // Spread scales (in octaves) so that the components differ from the start.
        out->bias[2 * k + i] = 1.5 * (i - (k - 1) / 2.0);
      }
    }
  }
  // Last, so that the other layers start as they would without.
  for (int g = 0; g < kGroups && shape.affine; ++g) {
    groups_[g].scale = make("group" + std::to_string(g) + "_scale", shape.width, kChannels, 1, 0.1);
  }
}

std::array<std::array<torch::Tensor, kChannels>, kGroups> TwinNetImpl::Heads(
    const torch::Tensor& prepared, bool quantised, Scales* scales) {
  std::array<std::array<torch::Tensor, kChannels>, kGroups> heads;
  torch::Tensor h;
  for (int g = 0; g < kGroups; ++g) {
    Group& group = groups_[g];
    const torch::Tensor trunk = prepared.slice(1, TrunkStart(g), TrunkStart(g) + kTrunkInputs[g])
                                    .contiguous(torch::MemoryFormat::ChannelsLast);
    torch::Tensor update = OnGrid(group.input->Forward(trunk, quantised), quantised);
    h = Clamp(h.defined() ? h + update : update, false);
    for (auto& block : group.blocks) {
      const torch::Tensor inner = Clamp(OnGrid(block[0]->Forward(h, quantised), quantised), true);
      h = Clamp(h + OnGrid(block[1]->Forward(inner, quantised), quantised), false);
    }
    if (scales != nullptr && group.scale) {
      (*scales)[g] = Clamp(OnGrid(group.scale->Forward(h, quantised), quantised), false);
    }
    for (int c = 0; c < kChannels; ++c) {
      torch::Tensor u = OnGrid(group.heads[c].hidden->Forward(h, quantised), quantised);
      if (c > 0) {
        // Planes r_0, log|r_0|, p_1 - m_1 (r_1, log|r_1|, p_2 - m_2); the residuals are kept whole
        // in the data, being targets too, and clamped here.
        std::vector<torch::Tensor> parts;
        for (int k = 0; k < c; ++k) {
          const int at = HeadStart(g) + kResidualPlane[k];
          parts.push_back(prepared.slice(1, at, at + 1).clamp(-kDifference, kDifference));
          parts.push_back(prepared.slice(1, at + 1, at + 2));
        }
        const int p_minus_m = HeadStart(g) + kResidualPlane[c] - 1;
        parts.push_back(prepared.slice(1, p_minus_m, p_minus_m + 1));
        torch::Tensor extra = torch::cat(parts, 1);
        extra = extra.contiguous(torch::MemoryFormat::ChannelsLast);
        u = u + Clamp(OnGrid(group.heads[c].extra->Forward(extra, quantised), quantised), false);
      }
      u = Clamp(u, true);
      heads[g][c] = Clamp(OnGrid(group.heads[c].out->Forward(u, quantised), quantised), false);
    }
  }
  return heads;
}

TwinNetImpl::Bits TwinNetImpl::Forward(const torch::Tensor& prepared, torch::ScalarType dtype,
                                       bool quantised) {
  Scales scales;
  const auto heads = Heads(prepared.to(dtype), quantised, &scales);
  Bits bits;
  for (int g = 0; g < kGroups; ++g) {
    for (int c = 0; c < kChannels; ++c) {
      // Features are in units of 16 steps.
      const torch::Tensor residual = prepared.select(1, HeadStart(g) + kResidualPlane[c]) * 16.0;
      bits[g][c] = shape_.affine ? AffineBits(heads[g][c], residual, scales[g].select(1, c))
                                 : MixtureBits(heads[g][c], residual);
    }
  }
  return bits;
}

TwinShape TwinShape::Of(const LevelNet& net, int components) {
  TwinShape shape;
  shape.width = net.width();
  shape.components = components;
  shape.head = net.groups[0].heads[0].hidden.out;
  shape.affine = net.groups[0].scale.in > 0;
  for (int g = 0; g < kGroups; ++g) {
    shape.blocks[g] = static_cast<int>(net.groups[g].blocks.size());
    for (const ResidualBlock& block : net.groups[g].blocks) shape.inner = block.first.out;
  }
  return shape;
}

void TwinNetImpl::GrowFrom(const TwinNetImpl& smaller) {
  TwinShape widths = smaller.shape_;
  widths.blocks = shape_.blocks;
  widths.affine = shape_.affine;
  bool fits = widths == shape_ && smaller.shape_.affine <= shape_.affine;
  for (int g = 0; g < kGroups; ++g) fits = fits && smaller.shape_.blocks[g] <= shape_.blocks[g];
  Require(fits, ErrorCode::kInvalidArgument,
          "the checkpoint's network does not fit into this shape");
  torch::NoGradGuard no_grad;
  const auto from = smaller.named_parameters();
  for (auto& parameter : named_parameters()) {
    if (const torch::Tensor* value = from.find(parameter.key())) {
      parameter.value().copy_(*value);
    } else if (parameter.key().find("_second.") != std::string::npos ||
               parameter.key().find("_scale.") != std::string::npos) {
      parameter.value().zero_();
    }
  }
}

LevelNet TwinNetImpl::Export() const {
  LevelNet net;
  for (int g = 0; g < kGroups; ++g) {
    const Group& group = groups_[g];
    net.groups[g].input = group.input->Export();
    for (const auto& block : group.blocks) {
      net.groups[g].blocks.push_back({block[0]->Export(), block[1]->Export()});
    }
    for (int c = 0; c < kChannels; ++c) {
      HeadNet& head = net.groups[g].heads[c];
      head.hidden = group.heads[c].hidden->Export();
      if (c > 0) head.extra = group.heads[c].extra->Export();
      head.out = group.heads[c].out->Export();
    }
    if (group.scale) net.groups[g].scale = group.scale->Export();
  }
  return net;
}

}  // namespace flowzip
