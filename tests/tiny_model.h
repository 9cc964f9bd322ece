// SPDX-License-Identifier: BSD-3-Clause
// Small models of random weights and pictures from formulas and seeds, the same on every machine for
// ever: the tests' models differ in shape from the embedded ones, and never change with them.
//
// Random numbers are raw outputs of mt19937, which the C++ standard fixes; its distributions
// are left to the library.
#pragma once

#include <array>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "codec/picture/image.h"
#include "model/model.h"

namespace flowzip::testing {

class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}
  // Both ends included.
  int Between(int lo, int hi) {
    return lo + static_cast<int>(engine_() % (static_cast<uint32_t>(hi - lo) + 1));
  }
  uint8_t Byte() { return static_cast<uint8_t>(engine_() >> 24); }
  uint32_t Word() { return static_cast<uint32_t>(engine_()); }

 private:
  std::mt19937 engine_;
};

struct TinyShape {
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

inline CouplingNet RandomNet(Random& random, int features, const TinyShape& shape) {
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

inline FlowModel RandomFlow(uint32_t seed, const TinyShape& shape = {}) {
  Random random(seed);
  FlowModel flow;
  for (size_t i = 0; i < FlowModel::kNets; ++i) {
    ChannelNet& channel = flow.nets[i];
    const int c = FlowModel::kEarlier[i];
    for (int k = 0; k < ScaleWeightCount(c); ++k) {
      channel.scale_weights.push_back(
          static_cast<uint8_t>(k < kOwnScaleSites ? random.Between(5, 35) : random.Between(0, 6)));
    }
    channel.net = RandomNet(random, FeatureCount(c), shape);
  }
  return flow;
}

inline Model TinyModel(uint32_t seed, const TinyShape& shape = {}) {
  Model model;
  model.name = "tiny-" + std::to_string(seed);
  model.flow = RandomFlow(seed, shape);
  return Model::Parse(model.Serialize());
}

inline Image MakeImage(uint32_t width, uint32_t height, int channels) {
  Image image;
  image.width = width;
  image.height = height;
  image.channels = channels;
  image.samples.assign(image.row_bytes() * height, 0);
  return image;
}

inline Image Flat(uint32_t width, uint32_t height, int channels, uint8_t value) {
  Image image = MakeImage(width, height, channels);
  for (uint8_t& s : image.samples) s = value;
  return image;
}

inline Image Noise(uint32_t width, uint32_t height, int channels, uint32_t seed) {
  Image image = MakeImage(width, height, channels);
  Random random(seed);
  for (uint8_t& s : image.samples) s = random.Byte();
  return image;
}

// 0 and 255 by turns in both directions, the channels in opposite phase.
inline Image Checkerboard(uint32_t width, uint32_t height, int channels) {
  Image image = MakeImage(width, height, channels);
  uint8_t* to = image.samples.data();
  for (uint32_t y = 0; y < height; ++y) {
    for (uint32_t x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) *to++ = (x + y + c) % 2 ? 255 : 0;
    }
  }
  return image;
}

inline Image Gradient(uint32_t width, uint32_t height, int channels) {
  Image image = MakeImage(width, height, channels);
  uint8_t* to = image.samples.data();
  for (uint32_t y = 0; y < height; ++y) {
    for (uint32_t x = 0; x < width; ++x) {
      for (int c = 0; c < channels; ++c) *to++ = static_cast<uint8_t>((c + 1) * x / 2 + y);
    }
  }
  return image;
}

// Something like a photograph: smooth shapes with edges, texture that the adaptive filters can
// learn, correlated channels, and a little noise.
inline Image Scene(uint32_t width, uint32_t height, int channels, uint32_t seed) {
  Image image = MakeImage(width, height, channels);
  Random random(seed);
  const int period = random.Between(5, 9), slope = random.Between(2, 5);
  const int cx = random.Between(0, static_cast<int>(width)),
            cy = random.Between(0, static_cast<int>(height));
  const auto wave = [](int phase, int length) {  // a triangle of height 16
    const int at = phase % (2 * length);
    return 16 * (at < length ? at : 2 * length - at) / length;
  };
  uint8_t* to = image.samples.data();
  for (int y = 0; y < static_cast<int>(height); ++y) {
    for (int x = 0; x < static_cast<int>(width); ++x) {
      const int dx = x - cx, dy = y - cy;
      const bool inside = dx * dx + 2 * dy * dy < static_cast<int>(width * height) / 9;
      const int texture = wave(slope * x + 3 * y, period * slope);
      for (int c = 0; c < channels; ++c) {
        int v = inside ? 150 - 20 * c + texture : 60 + 15 * c + wave(x + 2 * y, 97) * 4;
        v += random.Between(-2, 2);
        *to++ = static_cast<uint8_t>(v < 0 ? 0 : v > 255 ? 255 : v);
      }
    }
  }
  return image;
}

}  // namespace flowzip::testing
