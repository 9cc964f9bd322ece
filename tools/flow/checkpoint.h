// SPDX-License-Identifier: BSD-3-Clause
// From trained weights to the codec's integers.
#pragma once

#include <string>

#include "model/flow_model.h"

namespace flowzip {

// Reads a checkpoint of main.cc and quantises it. Exits with a message if it cannot be read.
FlowModel ImportCheckpoint(const std::string& path);

}  // namespace flowzip
