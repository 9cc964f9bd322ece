// SPDX-License-Identifier: BSD-3-Clause
// Bits of residuals under mixtures of discretised logistics, with their gradient.
//
// The float counterpart of model/mixture.h: outputs in network units (weights 2^logit, means
// 16 steps per unit, scale 2^(1 + output) steps).
#pragma once

#include <torch/torch.h>

namespace flowzip {

// head: [B, 3K, H, W] (logits, means, scales); residual: [B, H, W], in sample steps relative to
// the prediction. Returns the mean bits per site as a scalar that can be differentiated by both.
// The CPU path computes value and gradient in one pass; other devices use tensor operations.
torch::Tensor MixtureBits(const torch::Tensor& head, const torch::Tensor& residual);

// The same in plain tensor operations (any device, any dtype); the fused path's reference.
torch::Tensor MixtureBitsReference(const torch::Tensor& head, const torch::Tensor& residual);

}  // namespace flowzip
