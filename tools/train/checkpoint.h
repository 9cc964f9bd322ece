// SPDX-License-Identifier: BSD-3-Clause
// Networks in training, as a file; and from trained weights to the codec's integers.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "model/flow_model.h"
#include "tools/train/crop.h"
#include "tools/train/net.h"

namespace flowzip {

// Which network learns from a crop's plane (FlowModel::For).
inline size_t NetFor(const Crop& crop, int place) {
  return static_cast<size_t>(crop.squeezed && place > 0 ? place + 2 : place);
}

struct TrainingState {
  ScaleWeights scale;
  std::vector<Net> nets;  // in FlowModel's order
  double pixels = 0;      // learnt from so far

  // Throws kIo. The file is replaced when all of it is written.
  void Save(const std::string& path) const;
  // Throws kIo or kCorrupt.
  static TrainingState Load(const std::string& path);
};

// The averaged weights of the networks that a model has, quantised. Throws kUnsupported for weights
// too large for the integers.
FlowModel Export(const TrainingState& state);

}  // namespace flowzip
