// SPDX-License-Identifier: BSD-3-Clause
#include "model/flow_model.h"

#include <numeric>

#include "base/error.h"

namespace flowzip {

double FlowModel::MacsPerPixel() const {
  double macs = 0;
  for (size_t i = 0; i < kChannels; ++i) macs += static_cast<double>(nets[i].net.Macs());
  return macs;
}

void FlowModel::Write(ByteWriter& writer) const {
  for (const ChannelNet& channel : nets) {
    writer.PutBytes(channel.scale_weights);
    channel.net.Write(writer);
  }
}

FlowModel FlowModel::Read(ByteReader& reader) {
  FlowModel model;
  for (size_t i = 0; i < kNets; ++i) {
    ChannelNet& channel = model.nets[i];
    const int earlier = kEarlier[i];
    const ByteSpan weights = reader.GetBytes(static_cast<size_t>(ScaleWeightCount(earlier)));
    channel.scale_weights.assign(weights.begin(), weights.end());
    Require(std::accumulate(weights.begin(), weights.end(), 0) <= kMaxScaleWeight,
            ErrorCode::kCorrupt, "weights of a scale could overflow");
    channel.net = CouplingNet::Read(reader);
    Require(channel.net.features == FeatureCount(earlier), ErrorCode::kCorrupt,
            "a network of other features");
  }
  return model;
}

}  // namespace flowzip
