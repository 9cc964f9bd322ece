// SPDX-License-Identifier: BSD-3-Clause
// Bits of residuals behind an affine coupling: the change of variables, in floats.
//
// The float counterpart of model/affine_coupling.h: for z = x R / S the density of x is that of z
// times R / S, so bits(x) = bits(z) - log2(R / S), where log2(R / S) is the site's share of the
// coupling's log-determinant. Within the cell of one integer x the integers draw z's place from
// the stack; here it is drawn from `noise`, so that the loss is what coding will cost on average.
#pragma once

#include <torch/torch.h>

namespace flowzip {

struct AffineMap {
  torch::Tensor latent;    // relative to the prior's centre, in steps of z
  torch::Tensor log2_det;  // log2(R / S)
};

// residual: x - p, in sample steps of 1/16; octaves: the scale layer's output; noise: in [0, 1).
// With `classes` the values are the integers': R / S of the table, z whole, centres in 1/16 steps;
// gradients are those of the real map (residual + noise - 1/2) * 2^octaves, which is the result
// without.
AffineMap AffineForward(const torch::Tensor& residual, const torch::Tensor& octaves,
                        const torch::Tensor& noise, bool classes);

// The mean bits per site under the heads' mixtures (likelihood.h), with noise drawn anew.
torch::Tensor AffineBits(const torch::Tensor& head, const torch::Tensor& residual,
                         const torch::Tensor& octaves);

}  // namespace flowzip
