// SPDX-License-Identifier: BSD-3-Clause
// The affine coupling's twin: its integers, its gradient, and its log-determinant against a
// Jacobian by finite differences.
#include <algorithm>
#include <cmath>

#include "model/affine_coupling.h"
#include "tests/tiny_model.h"
#include "tools/train/affine_likelihood.h"
#include "tools/train/likelihood.h"
#include "tools/train/prepare.h"
#include "tools/train/twin.h"

// LibTorch brings a CHECK of its own, which ends the program.
#undef CHECK
#include <catch2/catch.hpp>

namespace flowzip {
namespace {

using testing::Random;

TEST_CASE("with classes the map is the integers'") {
  Random random(1);
  const int count = 20000;
  torch::Tensor residual = torch::empty({1, 1, count}, torch::kDouble), octaves = residual.clone(),
                noise = residual.clone();
  std::vector<double> latent, log2_det;
  for (int i = 0; i < count; ++i) {
    const int32_t prediction = random.Between(-4000, 4000);
    const int32_t x = AffineShift(prediction) + random.Between(-60, 60);
    const auto output = static_cast<int16_t>(random.Between(-2000, 2200));
    const AffineScale scale = AffineScaleOf(output);
    const int32_t r = random.Between(0, scale.r - 1);
    const AffineLatent z = AffineForward(scale, x - AffineShift(prediction), r);
    latent.push_back(z.z - AffineCenter(scale, prediction) / 16.0);
    log2_det.push_back(std::log2(scale.r) - std::log2(scale.s));
    residual[0][0][i] = x - prediction / 16.0;
    octaves[0][0][i] = output / 256.0;
    noise[0][0][i] = (r + 0.5) / scale.r;
  }
  const AffineMap map = AffineForward(residual, octaves, noise, /*classes=*/true);
  int64_t wrong = 0;
  for (int i = 0; i < count; ++i) {
    wrong += std::abs(map.latent[0][0][i].item<double>() - latent[i]) > 1e-9;
    wrong += std::abs(map.log2_det[0][0][i].item<double>() - log2_det[i]) > 1e-9;
  }
  CHECK(wrong == 0);
}

// A twin of affine couplings with scales that depend on what they see, and random features.
struct Example {
  TwinNet twin;
  torch::Tensor prepared;

  Example(int height, int width) : twin(Shape()) {
    torch::NoGradGuard no_grad;
    for (auto& parameter : twin->named_parameters()) {
      if (parameter.key().find("_scale.") != std::string::npos) {
        parameter.value().normal_(0, 1);
      } else if (parameter.value().dim() == 1) {
        parameter.value().add_(torch::randn_like(parameter.value()) * 0.2);
      }
    }
    twin->to(torch::kDouble);
    prepared = torch::rand({1, kPreparedChannels, height, width}, torch::kDouble) * 2 - 1;
  }
  static TwinShape Shape() {
    TwinShape shape;
    shape.width = 6;
    shape.inner = 5;
    shape.head = 4;
    shape.components = 2;
    shape.blocks = {1, 1, 0};
    shape.affine = true;
    return shape;
  }
};

// Planes of the previous group's residuals and their logarithms among a group's trunk features
// (features.cc): behind the differences of the lattices known.
int ResidualFeature(int group) { return TrunkStart(group) + 3 * (group + 1); }

// The level's residuals, [groups * channels * sites], to its latents and the log-determinant: as
// the flow does, the scales of a group seeing the groups before it.
std::pair<torch::Tensor, double> Flow(Example& example, const torch::Tensor& residuals) {
  torch::NoGradGuard no_grad;
  torch::Tensor prepared = example.prepared.clone();
  const int64_t height = prepared.size(2), width = prepared.size(3);
  const torch::Tensor planes = residuals.view({kGroups, kChannels, height, width});
  for (int g = 0; g + 1 < kGroups; ++g) {
    for (int c = 0; c < kChannels; ++c) {
      const torch::Tensor r = planes[g][c];  // in units of 16 steps
      prepared[0][ResidualFeature(g + 1) + c] = r;
      prepared[0][ResidualFeature(g + 1) + kChannels + c] = torch::log2(r * r + 0.01);
    }
  }
  TwinNetImpl::Scales scales;
  example.twin->Heads(prepared, /*quantised=*/false, &scales);
  std::vector<torch::Tensor> latents;
  double log2_det = 0;
  for (int g = 0; g < kGroups; ++g) {
    for (int c = 0; c < kChannels; ++c) {
      const torch::Tensor r = planes[g][c] * 16;
      const AffineMap map = AffineForward(r, scales[g][0][c], torch::full_like(r, 0.5), false);
      latents.push_back(map.latent.flatten() / 16);
      log2_det += map.log2_det.sum().item<double>();
    }
  }
  return {torch::cat(latents), log2_det};
}

TEST_CASE("the log-determinant is that of the Jacobian by finite differences") {
  torch::manual_seed(2);
  for (int trial = 0; trial < 3; ++trial) {
    Example example(2, 3);
    const int64_t size = kGroups * kChannels * 2 * 3;
    const torch::Tensor x = torch::randn({size}, torch::kDouble) * 0.5;
    const double log2_det = Flow(example, x).second;
    torch::Tensor jacobian = torch::empty({size, size}, torch::kDouble);
    constexpr double kStep = 1e-5;
    for (int64_t i = 0; i < size; ++i) {
      torch::Tensor up = x.clone(), down = x.clone();
      up[i] += kStep;
      down[i] -= kStep;
      jacobian.select(1, i).copy_((Flow(example, up).first - Flow(example, down).first) /
                                  (2 * kStep));
    }
    // Not a diagonal one: later groups' scales move with the earlier groups.
    const torch::Tensor below = jacobian.tril(-1);
    CHECK(below.abs().max().item<double>() > 1e-3);
    const double numeric = std::get<1>(torch::slogdet(jacobian)).item<double>() / std::log(2.0);
    CAPTURE(trial, numeric, log2_det);
    CHECK(std::abs(log2_det) > 1);
    CHECK(numeric == Approx(log2_det).epsilon(1e-6).margin(1e-5));
  }
}

TEST_CASE("the likelihood's gradient by the residual, fused and plain") {
  torch::manual_seed(3);
  for (const int components : {1, 3}) {
    const torch::Tensor head = torch::randn({2, 3 * components, 5, 7});
    const torch::Tensor residual = torch::randn({2, 5, 7}) * 6;
    torch::Tensor gradients[2];
    for (const bool fused : {false, true}) {
      const torch::Tensor leaf = residual.clone().set_requires_grad(true);
      const torch::Tensor bits = fused ? MixtureBits(head, leaf) : MixtureBitsReference(head, leaf);
      (bits * 2).backward();
      gradients[fused] = leaf.grad();
    }
    const double norm = gradients[0].norm().item<double>();
    CHECK((gradients[0] - gradients[1]).norm().item<double>() < 2e-3 * norm);
  }
}

TEST_CASE("the loss tells the scale which way to go") {
  torch::manual_seed(4);
  // A prior of a fixed width of two steps (K = 1); residuals three octaves wider or narrower.
  for (const double spread : {16.0, 0.5}) {
    const torch::Tensor head = torch::zeros({1, 3, 40, 40});
    const torch::Tensor uniform = torch::rand({1, 40, 40}).clamp(1e-4, 1 - 1e-4);
    const torch::Tensor residual =
        torch::round(torch::log(uniform / (1 - uniform)) * spread);  // a logistic
    const torch::Tensor octaves = torch::zeros({1, 40, 40}).set_requires_grad(true);
    AffineBits(head, residual, octaves).backward();
    const double slope = octaves.grad().sum().item<double>();
    CAPTURE(spread, slope);
    CHECK((spread > 2) == (slope > 0));
    CHECK(std::abs(slope) > 0.05);
  }
}

}  // namespace
}  // namespace flowzip
