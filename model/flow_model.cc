// SPDX-License-Identifier: BSD-3-Clause
#include "model/flow_model.h"

#include <numeric>

#include "base/error.h"

namespace flowzip {

double FlowModel::MacsPerPixel() const {
  double macs = 0;
  for (const ChannelNet& channel : channels) macs += static_cast<double>(channel.net.Macs());
  return macs;
}

void FlowModel::Write(ByteWriter& writer) const {
  for (const ChannelNet& channel : channels) {
    writer.PutBytes(channel.scale_weights);
    channel.net.Write(writer);
  }
}

FlowModel FlowModel::Read(ByteReader& reader) {
  FlowModel model;
  for (int c = 0; c < kChannels; ++c) {
    ChannelNet& channel = model.channels[static_cast<size_t>(c)];
    const ByteSpan weights = reader.GetBytes(static_cast<size_t>(ScaleWeightCount(c)));
    channel.scale_weights.assign(weights.begin(), weights.end());
    Require(std::accumulate(weights.begin(), weights.end(), 0) <= kMaxScaleWeight,
            ErrorCode::kCorrupt, "weights of a scale could overflow");
    channel.net = CouplingNet::Read(reader);
    Require(channel.net.features == FeatureCount(c), ErrorCode::kCorrupt,
            "a network of other features");
  }
  return model;
}

}  // namespace flowzip
