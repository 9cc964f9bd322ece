// SPDX-License-Identifier: BSD-3-Clause
// Adam with an exponential moving average of the weights, and its checkpoint.
#pragma once

#include <torch/torch.h>

#include <string>
#include <vector>

namespace flowzip {

class Optimiser {
 public:
  Optimiser(std::vector<torch::Tensor> parameters, double beta2, double ema_decay);

  // One step (Kingma & Ba 2015), gradients clipped to `max_norm` together; returns their norm.
  double Step(double learning_rate, double max_norm);
  // Exchanges the weights and their average; call twice to come back.
  void SwapEma();

  void Save(torch::serialize::OutputArchive& archive, const std::string& prefix) const;
  void Load(torch::serialize::InputArchive& archive, const std::string& prefix);

 private:
  std::vector<torch::Tensor> parameters_, mean_, variance_, ema_;
  double beta2_, ema_decay_;
  int64_t steps_ = 0;
};

}  // namespace flowzip
