// SPDX-License-Identifier: BSD-3-Clause
// A model: the trained part of the flow, with a name and a hash.
//
// The model file (.flzm) is little-endian:
//   8 bytes  magic 8F 'F' 'L' 'M' 0D 0A 1A 0A
//   u8       version: 1
//   u8 + n   name (UTF-8, at most 64 bytes)
//   ...      FlowModel (flow_model.h)
//   u64      content hash: XXH3-64 of all bytes before it
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/flow_model.h"

namespace flowzip {

struct Model {
  std::string name;
  FlowModel flow;
  uint64_t content_hash = 0;  // set by Parse and Serialize

  uint64_t hash() const { return content_hash; }

  // Throws kCorrupt, kTruncated or kUnsupported; checks every layer (coupling_net.h).
  static Model Parse(ByteSpan bytes);
  // Also sets content_hash.
  std::vector<uint8_t> Serialize();
};

// Sixteen hexadecimal digits, the way a model's hash is shown to people.
std::string HashName(uint64_t hash);

}  // namespace flowzip
