// SPDX-License-Identifier: BSD-3-Clause
// The fused loop behind MixtureBits, apart from LibTorch so that it can be compiled with
// -ffast-math (vector exp and log); training only, never part of the codec.
#pragma once

#include <cstdint>

namespace flowzip {

inline constexpr int kMaxTrainComponents = 8;

// Planes of `sites` floats each: head has 3K planes `plane_stride` apart, gradient alike.
// Adds d(bits)/d(head) * scale into gradient and returns the sum of bits.
double MixtureBitsKernel(const float* head, const float* residual, float* gradient, int components,
                         int64_t plane_stride, int64_t sites, float scale);

}  // namespace flowzip
