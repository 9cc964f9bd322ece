// SPDX-License-Identifier: BSD-3-Clause
#include "tools/train/optimiser.h"

#include <algorithm>
#include <cmath>

namespace flowzip {

Optimiser::Optimiser(std::vector<torch::Tensor> parameters, double beta2, double ema_decay)
    : parameters_(std::move(parameters)), beta2_(beta2), ema_decay_(ema_decay) {
  for (const torch::Tensor& p : parameters_) {
    mean_.push_back(torch::zeros_like(p));
    variance_.push_back(torch::zeros_like(p));
    ema_.push_back(p.detach().clone());
  }
}

double Optimiser::Step(double learning_rate) {
  torch::NoGradGuard no_grad;
  constexpr double kBeta1 = 0.9, kEpsilon = 1e-8;
  torch::Tensor square = torch::zeros({}, parameters_[0].options());
  for (const torch::Tensor& p : parameters_) {
    if (p.grad().defined()) square += p.grad().square().sum();
  }
  const double norm = std::sqrt(square.item<double>());
  ++steps_;
  if (!std::isfinite(norm)) {
    for (const torch::Tensor& p : parameters_) p.mutable_grad() = torch::Tensor();
    return norm;  // skip a step that went wrong rather than spoil the averages
  }
  const double limit = mean_norm_ > 0 ? 2 * mean_norm_ : norm;
  const double clip = norm > limit ? limit / norm : 1.0;
  mean_norm_ = mean_norm_ > 0 ? 0.98 * mean_norm_ + 0.02 * norm * clip : norm;
  const double correct1 = 1 - std::pow(kBeta1, steps_), correct2 = 1 - std::pow(beta2_, steps_);
  const double decay = std::min(ema_decay_, (1.0 + steps_) / (10.0 + steps_));
  for (size_t i = 0; i < parameters_.size(); ++i) {
    torch::Tensor& p = parameters_[i];
    if (p.grad().defined()) {
      const torch::Tensor g = p.grad() * clip;
      mean_[i].mul_(kBeta1).add_(g, 1 - kBeta1);
      variance_[i].mul_(beta2_).addcmul_(g, g, 1 - beta2_);
      const torch::Tensor scale = (variance_[i] / correct2).sqrt_().add_(kEpsilon);
      p.addcdiv_(mean_[i], scale, -learning_rate / correct1);
      p.mutable_grad() = torch::Tensor();
    }
    ema_[i].lerp_(p, 1 - decay);
  }
  return norm;
}

void Optimiser::SwapEma() {
  torch::NoGradGuard no_grad;
  for (size_t i = 0; i < parameters_.size(); ++i) {
    const torch::Tensor copy = parameters_[i].detach().clone();
    parameters_[i].copy_(ema_[i]);
    ema_[i].copy_(copy);
  }
}

void Optimiser::Snapshot() {
  snapshot_.clear();
  for (const auto* tensors : {&parameters_, &mean_, &variance_, &ema_}) {
    for (const torch::Tensor& t : *tensors) snapshot_.push_back(t.detach().clone());
  }
}

void Optimiser::Restore() {
  torch::NoGradGuard no_grad;
  size_t at = 0;
  for (auto* tensors : {&parameters_, &mean_, &variance_, &ema_}) {
    for (torch::Tensor& t : *tensors) t.copy_(snapshot_[at++]);
  }
}

void Optimiser::Save(torch::serialize::OutputArchive& archive, const std::string& prefix) const {
  const auto put = [&](const char* kind, const std::vector<torch::Tensor>& tensors) {
    for (size_t i = 0; i < tensors.size(); ++i) {
      archive.write(prefix + kind + std::to_string(i), tensors[i].detach().to(torch::kCPU), true);
    }
  };
  put("weight", parameters_);
  put("mean", mean_);
  put("variance", variance_);
  put("ema", ema_);
  archive.write(prefix + "steps", torch::tensor(steps_), true);
}

void Optimiser::Load(torch::serialize::InputArchive& archive, const std::string& prefix) {
  torch::NoGradGuard no_grad;
  const auto get = [&](const char* kind, std::vector<torch::Tensor>& tensors) {
    for (size_t i = 0; i < tensors.size(); ++i) {
      torch::Tensor value;
      archive.read(prefix + kind + std::to_string(i), value, true);
      tensors[i].copy_(value);
    }
  };
  get("weight", parameters_);
  get("mean", mean_);
  get("variance", variance_);
  get("ema", ema_);
  torch::Tensor steps;
  archive.read(prefix + "steps", steps, true);
  steps_ = steps.item<int64_t>();
}

}  // namespace flowzip
