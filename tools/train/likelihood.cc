// SPDX-License-Identifier: BSD-3-Clause
#include "tools/train/likelihood.h"

#include <ATen/Parallel.h>

#include <atomic>
#include <vector>

#include "tools/train/likelihood_kernel.h"

namespace flowzip {
namespace {

class FusedMixtureBits : public torch::autograd::Function<FusedMixtureBits> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* ctx, const torch::Tensor& head,
                               const torch::Tensor& residual) {
    const torch::Tensor h = head.to(torch::kFloat).contiguous();
    const torch::Tensor r = residual.to(torch::kFloat).contiguous();
    torch::Tensor gradient = torch::empty_like(h);
    const int64_t batch = h.size(0), planes = h.size(1), sites = h.size(2) * h.size(3);
    const float scale = 1.0f / static_cast<float>(batch * sites);
    std::vector<double> bits(batch);
    at::parallel_for(0, batch, 1, [&](int64_t begin, int64_t end) {
      for (int64_t b = begin; b < end; ++b) {
        bits[b] = MixtureBitsKernel(h.data_ptr<float>() + b * planes * sites,
                                    r.data_ptr<float>() + b * sites,
                                    gradient.data_ptr<float>() + b * planes * sites,
                                    static_cast<int>(planes / 3), sites, sites, scale);
      }
    });
    double total = 0;
    for (const double b : bits) total += b;
    ctx->save_for_backward({gradient});
    ctx->saved_data["dtype"] = static_cast<int64_t>(head.scalar_type());
    ctx->saved_data["residual"] = residual.requires_grad();
    return torch::tensor(total * scale, torch::kFloat);
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* ctx,
                                               torch::autograd::tensor_list outputs) {
    const torch::Tensor gradient = ctx->get_saved_variables()[0];
    const auto dtype = static_cast<torch::ScalarType>(ctx->saved_data["dtype"].toInt());
    // The upstream factor is a scalar; folding it in keeps the tensor pass single.
    const double factor = outputs[0].item<double>();
    const torch::Tensor scaled = factor == 1.0 ? gradient : gradient * factor;
    torch::Tensor residual;
    if (ctx->saved_data["residual"].toBool()) {
      // Moving the residual is moving all means the other way; a mean's unit is 16 steps.
      const int64_t components = scaled.size(1) / 3;
      residual = scaled.slice(1, components, 2 * components).sum(1) * (-1.0 / 16);
    }
    return {
        scaled.to(dtype, /*non_blocking=*/false, /*copy=*/false, torch::MemoryFormat::ChannelsLast),
        residual};
  }
};

}  // namespace

torch::Tensor MixtureBitsReference(const torch::Tensor& head, const torch::Tensor& residual) {
  constexpr double kLn2 = 0.6931471805599453;
  const auto parts = head.chunk(3, 1);
  const torch::Tensor log_weight = torch::log_softmax(parts[0] * kLn2, 1);
  const torch::Tensor inv = torch::exp2(-(parts[2] + 1).clamp(-5, 6.9));
  const torch::Tensor z = -((residual.unsqueeze(1) - 16 * parts[1]) * inv).abs();
  const torch::Tensor a = z + 0.5 * inv, b = z - 0.5 * inv;
  const torch::Tensor log_mass =
      a + torch::log(-torch::expm1(-inv)) - torch::softplus(a) - torch::softplus(b);
  const torch::Tensor mass = torch::logsumexp(log_weight + log_mass, 1).exp();
  return -torch::log2(mass + 1.0 / 65536).mean();
}

torch::Tensor MixtureBits(const torch::Tensor& head, const torch::Tensor& residual) {
  if (head.device().is_cpu() && head.scalar_type() != torch::kDouble) {
    return FusedMixtureBits::apply(head, residual);
  }
  return MixtureBitsReference(head.scalar_type() == torch::kDouble ? head : head.to(torch::kFloat),
                              residual);
}

}  // namespace flowzip
