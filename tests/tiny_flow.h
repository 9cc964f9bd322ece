// SPDX-License-Identifier: BSD-3-Clause
// Small models of the autoregressive flow, of random weights: the same on every machine for ever.
#pragma once

#include "model/flow_model.h"
#include "tests/tiny_model.h"

namespace flowzip::testing {

struct TinyFlowShape {
  int width = 10, blocks = 1, components = 3;
};

// Weights of up to 2 gain / sqrt(inputs), where 1 keeps the size of what goes in.
inline DenseLayer RandomLayer(Random& random, int inputs, int outputs, double gain) {
  DenseLayer layer;
  layer.inputs = inputs;
  layer.outputs = outputs;
  layer.shift = 10;
  int root = 1;
  while ((root + 1) * (root + 1) <= inputs) ++root;
  const int most = static_cast<int>(gain * 2 * 1024) / root;
  for (int i = 0; i < inputs * outputs; ++i) {
    layer.weight.push_back(static_cast<int16_t>(random.Between(-most, most)));
  }
  for (int o = 0; o < outputs; ++o) layer.bias.push_back(random.Between(-100'000, 100'000));
  return layer;
}

inline CouplingNet RandomNet(Random& random, int features, const TinyFlowShape& shape) {
  CouplingNet net;
  net.features = features;
  net.width = shape.width;
  net.blocks = shape.blocks;
  net.components = shape.components;
  net.layers.push_back(RandomLayer(random, features, shape.width, 0.6));
  for (int l = 0; l < 2 * shape.blocks; ++l) {
    net.layers.push_back(RandomLayer(random, shape.width, shape.width, 0.6));
  }
  net.layers.push_back(RandomLayer(random, shape.width, net.outputs(), 0.3));
  // Scales of one local error and less, an octave apart.
  for (int k = 0; k < shape.components; ++k) {
    net.layers.back().bias[static_cast<size_t>(2 * shape.components + k)] = -k * 256 * 1024;
  }
  net.layers.front().Prepare(kMaxFeature);
  for (size_t l = 1; l < net.layers.size(); ++l) net.layers[l].Prepare(kMaxHidden);
  return net;
}

inline FlowModel RandomFlow(uint32_t seed, const TinyFlowShape& shape = {}) {
  Random random(seed);
  FlowModel flow;
  for (int c = 0; c < kChannels; ++c) {
    ChannelNet& channel = flow.channels[static_cast<size_t>(c)];
    for (int i = 0; i < ScaleWeightCount(c); ++i) {
      channel.scale_weights.push_back(
          static_cast<uint8_t>(i < kOwnScaleSites ? random.Between(5, 35) : random.Between(0, 6)));
    }
    channel.net = RandomNet(random, FeatureCount(c), shape);
  }
  return flow;
}

inline Model TinyFlowModel(uint32_t seed, const TinyFlowShape& shape = {}) {
  Model model;
  model.name = "tiny-flow-" + std::to_string(seed);
  model.flow = RandomFlow(seed, shape);
  return Model::Parse(model.Serialize());
}

}  // namespace flowzip::testing
