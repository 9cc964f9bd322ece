// SPDX-License-Identifier: BSD-3-Clause
#include "tools/flow/checkpoint.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <vector>

#include "tools/flow/net.h"

namespace flowzip {
namespace {

// Units: features 2^-7, hidden activations 2^-9, outputs 2^-8.
constexpr int kFeatureBits = 7, kHiddenBits = 9, kOutputBits = 8;

DenseLayer Quantise(const std::vector<float>& w, int stride, int inputs, int outputs, int in_bits,
                    int out_bits, int32_t largest, const std::vector<float>& row_scale) {
  for (int bits = 14;; --bits) {
    DenseLayer layer;
    layer.inputs = inputs;
    layer.outputs = outputs;
    layer.shift = bits + in_bits - out_bits;
    if (layer.shift < 1) std::fprintf(stderr, "weights too large\n"), std::exit(1);
    const double one = std::ldexp(1.0, bits);
    bool fits = layer.shift <= 20;
    for (int o = 0; o < outputs && fits; ++o) {
      double sum = 0;
      for (int i = 0; i < inputs; ++i) {
        const double v = std::round(w[size_t(o) * stride + i] * row_scale[size_t(o)] * one);
        fits = fits && std::fabs(v) <= 32767;
        sum += std::fabs(v) * largest;
        layer.weight.push_back(int16_t(std::clamp(v, -32767.0, 32767.0)));
      }
      const double b =
          std::round(w[size_t(o) * stride + inputs] * row_scale[size_t(o)] * std::ldexp(one, in_bits));
      sum += std::fabs(b) + std::ldexp(1.0, layer.shift - 1) + kMaxHidden;
      fits = fits && sum < 2147483648.0;
      layer.bias.push_back(int32_t(std::clamp(b, -2147483647.0, 2147483647.0)));
    }
    if (!fits) continue;
    layer.Prepare(largest);
    return layer;
  }
}

}  // namespace

FlowModel ImportCheckpoint(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  char magic[8];
  in.read(magic, 8);
  int32_t head[4];
  in.read(reinterpret_cast<char*>(head), sizeof(head));
  double done;
  in.read(reinterpret_cast<char*>(&done), 8);
  FlowModel model;
  for (int c = 0; c < kChannels; ++c) {
    for (int k = 0; k < ScaleWeightCount(c); ++k) {
      float w;
      in.read(reinterpret_cast<char*>(&w), 4);
      model.channels[size_t(c)].scale_weights.push_back(uint8_t(std::lround(w * 256)));
    }
  }
  for (int c = 0; c < kChannels; ++c) {
    double steps;
    in.read(reinterpret_cast<char*>(&steps), 8);
    const NetShape shape{FeatureCount(c), head[0], head[1], head[2]};
    CouplingNet& net = model.channels[size_t(c)].net;
    net.features = shape.features;
    net.width = shape.width;
    net.blocks = shape.blocks;
    net.components = shape.components;
    for (int l = 0; l < shape.layers(); ++l) {
      const size_t size = size_t(shape.rows(l)) * shape.columns(l);
      std::vector<float> w(size);
      in.read(reinterpret_cast<char*>(w.data()), std::streamsize(size * 4));
      in.seekg(std::streamoff(size * (magic[7] == '1' ? 8 : 12)), std::ios::cur);  // the optimiser's
      const bool first = l == 0, last = l == shape.layers() - 1;
      std::vector<float> scale(size_t(shape.rows(l)), 1.0f);
      if (last) std::fill_n(scale.begin(), shape.components, 1.44269504f);  // logits in octaves
      net.layers.push_back(Quantise(w, shape.columns(l), shape.inputs(l),
                                    last ? shape.outputs() : shape.width,
                                    first ? kFeatureBits : kHiddenBits,
                                    last ? kOutputBits : kHiddenBits,
                                    first ? kMaxFeature : kMaxHidden, scale));
    }
  }
  if (!in) std::fprintf(stderr, "cannot read %s\n", path.c_str()), std::exit(1);
  return model;
}

}  // namespace flowzip
