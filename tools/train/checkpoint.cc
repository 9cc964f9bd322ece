// SPDX-License-Identifier: BSD-3-Clause
#include "tools/train/checkpoint.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace flowzip {
namespace {

constexpr char kMagic[] = "FLZNET04";
// Units: features 2^-7, hidden activations 2^-9, outputs 2^-8.
constexpr int kFeatureBits = 7, kHiddenBits = 9, kOutputBits = 8;
constexpr float kOctaves = 1.44269504f;  // of the logits, which are nats in training

// Checkpoints are of this machine's byte order.
template <class T>
void Put(std::ofstream& out, const T* values, size_t count) {
  out.write(reinterpret_cast<const char*>(values), static_cast<std::streamsize>(count * sizeof(T)));
}
template <class T>
void Get(std::ifstream& in, T* values, size_t count) {
  in.read(reinterpret_cast<char*>(values), static_cast<std::streamsize>(count * sizeof(T)));
}

// Visits a network's arrays in the order of the file.
template <class NetType, class Fn>
void ForEachArray(NetType& net, const Fn& fn) {
  for (size_t l = 0; l < net.weights.size(); ++l) {
    for (auto* array :
         {&net.average[l], &net.weights[l], &net.first_moment[l], &net.second_moment[l]}) {
      fn(*array);
    }
  }
}

// With as many fractional bits as the accumulators allow.
DenseLayer Quantise(const std::vector<float>& w, int stride, int inputs, int outputs, int in_bits,
                    int out_bits, int32_t largest, const std::vector<float>& row_scale) {
  for (int bits = 14;; --bits) {
    DenseLayer layer;
    layer.inputs = inputs;
    layer.outputs = outputs;
    layer.shift = bits + in_bits - out_bits;
    Require(layer.shift >= 1, ErrorCode::kUnsupported, "weights are too large for the integers");
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
      const double b = std::round(w[size_t(o) * stride + inputs] * row_scale[size_t(o)] *
                                  std::ldexp(one, in_bits));
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

void TrainingState::Save(const std::string& path) const {
  std::ofstream out(path + ".part", std::ios::binary);
  Put(out, kMagic, 8);
  for (const Net& net : nets) {
    const int32_t shape[3] = {net.shape().width, net.shape().blocks, net.shape().components};
    Put(out, shape, 3);
  }
  Put(out, &pixels, 1);
  for (const auto& weights : scale.weight) Put(out, weights.data(), weights.size());
  for (const Net& net : nets) {
    const double steps = static_cast<double>(net.steps);
    Put(out, &steps, 1);
    ForEachArray(net, [&](const auto& array) { Put(out, array.data(), array.size()); });
  }
  out.close();
  Require(out.good(), ErrorCode::kIo, "cannot write the checkpoint");
  std::filesystem::rename(path + ".part", path);
}

TrainingState TrainingState::Load(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  Require(in.good(), ErrorCode::kIo, "cannot open the checkpoint");
  TrainingState state;
  char magic[8] = {};
  Get(in, magic, 8);
  Require(in.good() && std::memcmp(magic, kMagic, 8) == 0, ErrorCode::kCorrupt, "not a checkpoint");
  int32_t shapes[FlowModel::kNets][3] = {};
  for (auto& shape : shapes) {
    Get(in, shape, 3);
    Require(in.good() && shape[0] >= 16 && shape[0] <= kMaxNetWidth && shape[0] % 16 == 0 &&
                shape[1] >= 0 && shape[1] <= 16 && shape[2] >= 1 && shape[2] <= 8,
            ErrorCode::kCorrupt, "bad shape of a network");
  }
  Get(in, &state.pixels, 1);
  for (int c = 0; c < kChannels; ++c) {
    state.scale.weight[c].resize(static_cast<size_t>(ScaleWeightCount(c)));
    Get(in, state.scale.weight[c].data(), state.scale.weight[c].size());
  }
  std::mt19937 rng;
  for (size_t i = 0; i < FlowModel::kNets; ++i) {
    const int32_t* shape = shapes[i];
    Net& net = state.nets.emplace_back(
        NetShape{FeatureCount(FlowModel::kEarlier[i]), shape[0], shape[1], shape[2]}, rng);
    double steps = 0;
    Get(in, &steps, 1);
    net.steps = static_cast<int64_t>(steps);
    ForEachArray(net, [&](auto& array) { Get(in, array.data(), array.size()); });
  }
  Require(in.good(), ErrorCode::kCorrupt, "the checkpoint is cut short");
  return state;
}

FlowModel Export(const TrainingState& state) {
  FlowModel model;
  for (size_t i = 0; i < FlowModel::kNets; ++i) {
    ChannelNet& channel = model.nets[i];
    for (const float w : state.scale.weight[FlowModel::kEarlier[i]]) {
      channel.scale_weights.push_back(
          static_cast<uint8_t>(std::clamp(std::lround(w * 256), 0L, 255L)));
    }
    const Net& trained = state.nets[i];
    const NetShape& shape = trained.shape();
    CouplingNet& net = channel.net;
    net.features = shape.features;
    net.width = shape.width;
    net.blocks = shape.blocks;
    net.components = shape.components;
    for (int l = 0; l < shape.layers(); ++l) {
      const bool first = l == 0, last = l == shape.layers() - 1;
      std::vector<float> row_scale(static_cast<size_t>(shape.rows(l)), 1.0f);
      if (last) std::fill_n(row_scale.begin(), shape.components, kOctaves);
      net.layers.push_back(
          Quantise(trained.average[static_cast<size_t>(l)], shape.columns(l), shape.inputs(l),
                   last ? shape.outputs() : shape.width, first ? kFeatureBits : kHiddenBits,
                   last ? kOutputBits : kHiddenBits, first ? kMaxFeature : kMaxHidden, row_scale));
    }
  }
  return model;
}

}  // namespace flowzip
