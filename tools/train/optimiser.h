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

  // One step (Kingma & Ba 2015); returns the norm of all gradients together. The norm is
  // clipped to twice its running mean: a single odd batch once threw a whole run off course.
  double Step(double learning_rate);
  // Exchanges the weights and their average; call twice to come back.
  void SwapEma();

  // Remembers the whole state, and goes back to it.
  void Snapshot();
  void Restore();

  void Save(torch::serialize::OutputArchive& archive, const std::string& prefix) const;
  void Load(torch::serialize::InputArchive& archive, const std::string& prefix);

 private:
  std::vector<torch::Tensor> parameters_, mean_, variance_, ema_;
  std::vector<torch::Tensor> snapshot_;
  double mean_norm_ = 0;
  double beta2_, ema_decay_;
  int64_t steps_ = 0;
};

}  // namespace flowzip
