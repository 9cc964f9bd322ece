// SPDX-License-Identifier: BSD-3-Clause
#include "tools/train/affine_likelihood.h"

#include <cmath>
#include <vector>

#include "model/affine_coupling.h"
#include "tools/train/likelihood.h"

namespace flowzip {
namespace {

// log2(R / S) by class.
torch::Tensor ClassTable(const torch::TensorOptions& options) {
  std::vector<double> table;
  for (int n = kMinHalfOctaves; n <= kMaxHalfOctaves; ++n) {
    const AffineScale scale = AffineClass(n);
    table.push_back(std::log2(scale.r) - std::log2(scale.s));
  }
  return torch::tensor(table, options);
}

}  // namespace

AffineMap AffineForward(const torch::Tensor& residual, const torch::Tensor& octaves,
                        const torch::Tensor& noise, bool classes) {
  const torch::Tensor real_log = octaves.clamp(kMinHalfOctaves / 2.0, kMaxHalfOctaves / 2.0);
  if (!classes) {
    return {(residual + noise - 0.5) * torch::exp2(real_log), real_log};
  }
  torch::Tensor table_log, whole;
  {
    torch::NoGradGuard no_grad;
    const torch::Tensor index =
        torch::floor(2 * octaves + 0.5).clamp(kMinHalfOctaves, kMaxHalfOctaves) - kMinHalfOctaves;
    table_log = ClassTable(octaves.options())
                    .index_select(0, index.to(torch::kLong).flatten())
                    .view_as(octaves);
    const torch::Tensor ratio = torch::exp2(table_log);
    // residual = e - fraction, both sides' rounding (AffineShift, AffineCenter); the small
    // numbers keep what is whole from falling below it.
    const torch::Tensor e = torch::floor(residual + 7.0 / 16 + 1e-3);
    const torch::Tensor fraction = e - residual;
    const torch::Tensor z = torch::floor((e + noise) * ratio);
    const torch::Tensor center =
        (torch::floor((16 * fraction + 8) * ratio + 1e-3) - 8) * (1.0 / 16);
    whole = z - center;
  }
  const torch::Tensor log2_det = real_log + (table_log - real_log).detach();
  const torch::Tensor real = (residual + noise - 0.5) * torch::exp2(log2_det);
  return {real + (whole - real).detach(), log2_det};
}

torch::Tensor AffineBits(const torch::Tensor& head, const torch::Tensor& residual,
                         const torch::Tensor& octaves) {
  const torch::ScalarType dtype =
      residual.scalar_type() == torch::kDouble ? torch::kDouble : torch::kFloat;
  const torch::Tensor r = residual.to(dtype);
  const AffineMap map = AffineForward(r, octaves.to(dtype), torch::rand_like(r), /*classes=*/true);
  return MixtureBits(head, map.latent) - map.log2_det.mean();
}

}  // namespace flowzip
