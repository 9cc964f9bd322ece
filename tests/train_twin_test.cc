// SPDX-License-Identifier: BSD-3-Clause
// The trainer's network beside the same one in LibTorch: loss and gradients.
#include <torch/torch.h>
#undef CHECK  // LibTorch's; Catch2's is meant

#include <catch2/catch.hpp>

#include "tools/train/pictures.h"
#include "tools/train/trainer.h"

namespace flowzip {
namespace {

using torch::indexing::Slice;

torch::Tensor FromArray(const float* values, int rows, int columns, int pitch) {
  return torch::from_blob(const_cast<float*>(values), {rows, columns}, {pitch, 1}).clone();
}

// A layer's weights and, in the last column, biases.
torch::Tensor WeightsOf(const Net& net, int layer) {
  const NetShape& shape = net.shape();
  const bool last = layer == shape.layers() - 1;
  return FromArray(net.weights[static_cast<size_t>(layer)].data(),
                   last ? shape.outputs() : shape.width, shape.inputs(layer) + 1,
                   shape.columns(layer))
      .requires_grad_();
}

// -log p of all sites, in nats.
torch::Tensor Loss(const NetShape& shape, const std::vector<torch::Tensor>& weights,
                   const torch::Tensor& features, const Sites& sites) {
  const auto layer = [&](size_t l, const torch::Tensor& input) {
    const int64_t inputs = input.size(0);
    return torch::matmul(weights[l].index({Slice(), Slice(0, inputs)}), input) +
           weights[l].index({Slice(), Slice(inputs, inputs + 1)});
  };
  const auto activation = [](const torch::Tensor& x) { return x.clamp(0, 31.9); };
  torch::Tensor h = activation(layer(0, features));
  for (int b = 0; b < shape.blocks; ++b) {
    const auto first = static_cast<size_t>(1 + 2 * b);
    h = activation(layer(first + 1, activation(layer(first, h))) + h);
  }
  const torch::Tensor out = layer(weights.size() - 1, h);
  const int64_t k = shape.components;
  const auto row = [](const float* values) { return FromArray(values, 1, kRun, kRun); };
  const torch::Tensor value = row(sites.value), scale = row(sites.scale);
  const torch::Tensor share = torch::softmax(out.index({Slice(0, k)}), 0);
  const torch::Tensor mean =
      (row(sites.prediction) + scale * out.index({Slice(k, 2 * k)})).clamp(sites.min, sites.max);
  const torch::Tensor spread =
      (scale * torch::exp2(out.index({Slice(2 * k, 3 * k)}).clamp(-16, 16))).clamp_min(0.03125);
  torch::Tensor upper = torch::sigmoid((value + 0.5 - mean) / spread);
  torch::Tensor lower = torch::sigmoid((value - 0.5 - mean) / spread);
  upper = torch::where(value >= sites.max, torch::ones_like(upper), upper);
  lower = torch::where(value <= sites.min, torch::zeros_like(lower), lower);
  const torch::Tensor mass = (share * (upper - lower)).sum(0);
  return -torch::log(mass + 1.6e-5).index({Slice(0, sites.count)}).sum();
}

TEST_CASE("loss and gradients are LibTorch's") {
  InitGemm();
  std::mt19937 rng(5);
  const std::vector<Image> photos = LoadFolder(FLOWZIP_SOURCE_DIR "/data/photos");
  const std::shared_ptr<Crop> crop = MakeCrop(photos[0], 0, rng);
  const ScaleWeights scale = FitScales({crop});
  for (const int channel : {0, 2}) {
    const NetShape shape{FeatureCount(channel), 32, 2, 3};
    Net net(shape, rng);
    net.Begin();
    std::vector<torch::Tensor> weights;
    for (int l = 0; l < shape.layers(); ++l) weights.push_back(WeightsOf(net, l));
    double bits = 0, nats = 0;
    for (const auto& [y, count] : {std::pair{40, kRun}, {41, kRun}, {200, 77}}) {
      Sites sites;
      Gather(*crop, channel, 100, y, count, scale, &sites, net.features());
      const torch::Tensor features = FromArray(net.features(), shape.features, kRun, kStride);
      torch::Tensor loss = Loss(shape, weights, features, sites);
      loss.backward();
      nats += loss.item<double>();
      bits += net.Run(sites, true);
    }
    // Weights and activations have 8 significant bits in the trainer's products.
    CAPTURE(channel, bits, nats / std::log(2.0));
    CHECK(bits == Approx(nats / std::log(2.0)).epsilon(0.005));
    for (int l = 0; l < shape.layers(); ++l) {
      const torch::Tensor& theirs = weights[static_cast<size_t>(l)].grad();
      const torch::Tensor ours =
          FromArray(net.gradient[static_cast<size_t>(l)].data(), shape.inputs(l) + 1,
                    static_cast<int>(theirs.size(0)), shape.rows(l))
              .t();
      const double difference = (ours - theirs).norm().item<double>();
      CAPTURE(l, difference, theirs.norm().item<double>());
      CHECK(theirs.norm().item<double>() > 0);
      CHECK(difference < 0.06 * theirs.norm().item<double>());  // activations of 8 bits
    }
  }
}

}  // namespace
}  // namespace flowzip
