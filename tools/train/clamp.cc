// SPDX-License-Identifier: BSD-3-Clause
#include "tools/train/clamp.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <bit>
#include <cstdint>

namespace flowzip {
namespace {

constexpr int64_t kGrain = 1 << 15;

float Widen(uint16_t bf16) { return std::bit_cast<float>(static_cast<uint32_t>(bf16) << 16); }

// Towards zero, limits included: a limit that is no bfloat16 (31.996) moves inside.
uint16_t Narrow(float v) { return static_cast<uint16_t>(std::bit_cast<uint32_t>(v) >> 16); }

template <class T>
struct Traits;
template <>
struct Traits<float> {
  using Raw = float;
  static float Get(float v) { return v; }
  static float Put(float v) { return v; }
};
template <>
struct Traits<at::BFloat16> {
  using Raw = uint16_t;
  static float Get(uint16_t v) { return Widen(v); }
  static uint16_t Put(float v) { return Narrow(v); }
};

// A limit as the type has it, so that what was clamped to it is known again.
template <class T>
float Limit(float limit) {
  return Traits<T>::Get(Traits<T>::Put(limit));
}

template <class T>
void ForwardLoop(const torch::Tensor& x, torch::Tensor& y, float lo, float hi) {
  using Raw = typename Traits<T>::Raw;
  const auto* from = static_cast<const Raw*>(x.data_ptr());
  auto* to = static_cast<Raw*>(y.data_ptr());
  lo = Limit<T>(lo);
  hi = Limit<T>(hi);
  at::parallel_for(0, x.numel(), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      to[i] = Traits<T>::Put(std::min(std::max(Traits<T>::Get(from[i]), lo), hi));
    }
  });
}

template <class T>
void BackwardLoop(const torch::Tensor& y, const torch::Tensor& dy, torch::Tensor& dx, float lo,
                  float hi) {
  using Raw = typename Traits<T>::Raw;
  const auto* out = static_cast<const Raw*>(y.data_ptr());
  const auto* up = static_cast<const Raw*>(dy.data_ptr());
  auto* down = static_cast<Raw*>(dx.data_ptr());
  lo = Limit<T>(lo);
  hi = Limit<T>(hi);
  at::parallel_for(0, y.numel(), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const float v = Traits<T>::Get(out[i]), slope = Traits<T>::Get(up[i]);
      const bool inward = (v >= hi && slope > 0) || (lo < 0 && v <= lo && slope < 0);
      down[i] = (v > lo && v < hi) || inward ? up[i] : Raw{0};
    }
  });
}

class ClampFunction : public torch::autograd::Function<ClampFunction> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* ctx, const torch::Tensor& input,
                               double lo, double hi) {
    const torch::Tensor x = input.contiguous(torch::MemoryFormat::ChannelsLast);
    torch::Tensor y = torch::empty_like(x, torch::MemoryFormat::ChannelsLast);
    if (x.scalar_type() == torch::kFloat) {
      ForwardLoop<float>(x, y, static_cast<float>(lo), static_cast<float>(hi));
    } else {
      ForwardLoop<at::BFloat16>(x, y, static_cast<float>(lo), static_cast<float>(hi));
    }
    ctx->save_for_backward({y});
    ctx->saved_data["lo"] = lo;
    ctx->saved_data["hi"] = hi;
    return y;
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* ctx,
                                               torch::autograd::tensor_list upstream) {
    const torch::Tensor y = ctx->get_saved_variables()[0];
    const torch::Tensor dy =
        upstream[0].to(y.scalar_type()).contiguous(torch::MemoryFormat::ChannelsLast);
    torch::Tensor dx = torch::empty_like(y, torch::MemoryFormat::ChannelsLast);
    const auto lo = static_cast<float>(ctx->saved_data["lo"].toDouble());
    const auto hi = static_cast<float>(ctx->saved_data["hi"].toDouble());
    if (y.scalar_type() == torch::kFloat) {
      BackwardLoop<float>(y, dy, dx, lo, hi);
    } else {
      BackwardLoop<at::BFloat16>(y, dy, dx, lo, hi);
    }
    return {dx, torch::Tensor(), torch::Tensor()};
  }
};

}  // namespace

torch::Tensor FusedClamp(const torch::Tensor& x, double lo, double hi) {
  const bool fast = x.device().is_cpu() && x.dim() == 4 &&
                    (x.scalar_type() == torch::kFloat || x.scalar_type() == torch::kBFloat16);
  return fast ? ClampFunction::apply(x, lo, hi) : x.clamp(lo, hi);
}

}  // namespace flowzip
