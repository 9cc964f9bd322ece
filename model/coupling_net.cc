// SPDX-License-Identifier: BSD-3-Clause
#include "model/coupling_net.h"

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "model/mixture.h"

namespace flowzip {
namespace {

int32_t Half(int32_t pair, int which) {
  return which == 0 ? static_cast<int16_t>(pair & 0xFFFF) : pair >> 16;
}

constexpr int kMaxBlocks = 4;

}  // namespace

void DenseLayer::Prepare(int32_t largest) {
  const int rows = (outputs + kOutputGroup - 1) / kOutputGroup * kOutputGroup;
  packed.assign(static_cast<size_t>(rows) * pairs(), 0);
  start.assign(static_cast<size_t>(rows), int32_t{1} << (shift - 1));
  for (int o = 0; o < outputs; ++o) {
    const int16_t* row = weight.data() + static_cast<size_t>(o) * inputs;
    int64_t sum = std::llabs(bias[o]) + (int64_t{1} << (shift - 1)) + kMaxHidden;
    for (int i = 0; i < inputs; ++i) {
      sum += int64_t{std::abs(row[i])} * largest;
      packed[(static_cast<size_t>(o / kOutputGroup) * pairs() + i / 2) * kOutputGroup +
             o % kOutputGroup] |=
          static_cast<int32_t>(static_cast<uint32_t>(static_cast<uint16_t>(row[i])) << i % 2 * 16);
    }
    Require(sum < int64_t{1} << 31, ErrorCode::kCorrupt, "network layer could overflow");
    start[o] += bias[o];
  }
}

void DenseLayer::Write(ByteWriter& writer) const {
  writer.Put(static_cast<uint8_t>(shift));
  for (const int16_t w : weight) writer.Put(w);
  for (const int32_t b : bias) writer.Put(b);
}

DenseLayer DenseLayer::Read(ByteReader& reader, int inputs, int outputs, int32_t largest) {
  DenseLayer layer;
  layer.inputs = inputs;
  layer.outputs = outputs;
  layer.shift = reader.Get<uint8_t>();
  Require(layer.shift >= 1 && layer.shift <= 20, ErrorCode::kCorrupt, "bad shift of a layer");
  layer.weight.resize(static_cast<size_t>(inputs) * outputs);
  for (int16_t& w : layer.weight) w = reader.Get<int16_t>();
  layer.bias.resize(static_cast<size_t>(outputs));
  for (int32_t& b : layer.bias) b = reader.Get<int32_t>();
  layer.Prepare(largest);
  return layer;
}

int64_t CouplingNet::Macs() const {
  int64_t macs = 0;
  for (const DenseLayer& layer : layers) macs += int64_t{layer.inputs} * layer.outputs;
  return macs;
}

void CouplingNet::EvaluateScalar(const int32_t* feature_pairs, int32_t* out) const {
  int32_t a[kMaxFeatures], b[kMaxNetWidth], skip[kMaxNetWidth];
  for (int s = 0; s < kNetSites; ++s) {
    for (int i = 0; i < features; ++i) a[i] = Half(feature_pairs[i / 2 * kNetSites + s], i % 2);
    for (size_t l = 0; l < layers.size(); ++l) {
      const DenseLayer& layer = layers[l];
      const bool last = l + 1 == layers.size(), closes = !last && l > 0 && l % 2 == 0;
      if (l % 2 == 1) std::copy_n(a, width, skip);
      for (int o = 0; o < layer.outputs; ++o) {
        const int16_t* row = layer.weight.data() + static_cast<size_t>(o) * layer.inputs;
        int32_t sum = layer.start[o];
        for (int i = 0; i < layer.inputs; ++i) sum += row[i] * a[i];
        sum >>= layer.shift;
        if (last) {
          out[o * kNetSites + s] = std::clamp(sum, -kMaxOutput, kMaxOutput);
        } else {
          b[o] = std::clamp(sum + (closes ? skip[o] : 0), 0, kMaxHidden);
        }
      }
      if (!last) std::copy_n(b, width, a);
    }
  }
}

void CouplingNet::Write(ByteWriter& writer) const {
  writer.Put(static_cast<uint16_t>(features));
  writer.Put(static_cast<uint16_t>(width));
  writer.Put(static_cast<uint8_t>(blocks));
  writer.Put(static_cast<uint8_t>(components));
  for (const DenseLayer& layer : layers) layer.Write(writer);
}

CouplingNet CouplingNet::Read(ByteReader& reader) {
  CouplingNet net;
  net.features = reader.Get<uint16_t>();
  net.width = reader.Get<uint16_t>();
  net.blocks = reader.Get<uint8_t>();
  net.components = reader.Get<uint8_t>();
  Require(net.features >= 1 && net.features <= kMaxFeatures && net.width >= 1 &&
              net.width <= kMaxNetWidth && net.blocks <= kMaxBlocks && net.components >= 1 &&
              net.components <= Mixture::kMaxComponents,
          ErrorCode::kCorrupt, "bad shape of a network");
  net.layers.push_back(DenseLayer::Read(reader, net.features, net.width, kMaxFeature));
  for (int l = 0; l < 2 * net.blocks; ++l) {
    net.layers.push_back(DenseLayer::Read(reader, net.width, net.width, kMaxHidden));
  }
  net.layers.push_back(DenseLayer::Read(reader, net.width, net.outputs(), kMaxHidden));
  return net;
}

}  // namespace flowzip
