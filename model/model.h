// SPDX-License-Identifier: BSD-3-Clause
// A whole model: colour lifting, filters, and the network of every level.
//
// The model file (.flzm) is little-endian and self-describing:
//   8 bytes  magic 8F 'F' 'L' 'M' 0D 0A 1A 0A
//   u8       version: 1, or 2 if there are options; or 3: an autoregressive flow
//   u8 + n   name (UTF-8, at most 64 bytes)
//   u8       K, mixture components, 1..8
//   u8       adaptive levels: the finest n levels may bring their own filters
//   u8       version 2 only, options: bit 0 latent components, bit 1 affine couplings; not 0
//   9 x u8   ContextRadii: own, earlier, later, per group; each at most 36
//   ...      Lifting1x1
//   u8       classes of levels, 1..4: level l uses class min(l, classes - 1)
//   per class: default filters (group, channel, i16 per tap), then the LevelNet
//   u64      content hash: XXH3-64 of all bytes before it
// In version 3 the name is followed by the FlowModel (flow_model.h) and the hash.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/filter_set.h"
#include "model/flow_model.h"
#include "model/lifting1x1.h"
#include "model/network.h"

namespace flowzip {

struct LevelClass {
  FilterSet filters;
  LevelNet net;
};

struct Model {
  std::string name;
  int components = 3;
  int adaptive_levels = 3;
  // Options, which borrow bits from the coder's stack: the mixture's component as a latent
  // variable (mixture_component.h), and affine couplings (affine_coupling.h).
  bool latent_components = false, affine = false;
  ContextRadii radii;
  Lifting1x1 lifting = Lifting1x1::YCoCgR();
  std::vector<LevelClass> classes;
  // In the place of all that: an autoregressive flow.
  std::optional<FlowModel> flow;

  // Derived by Parse and Serialize.
  uint64_t content_hash = 0;

  uint64_t hash() const { return content_hash; }
  const LevelClass& ForLevel(int level) const {
    return classes[std::min<size_t>(level, classes.size() - 1)];
  }
  // Multiply-accumulates per pixel of a large picture, all levels, filters included.
  double MacsPerPixel() const;

  // Throws kCorrupt, kTruncated or kUnsupported; checks every layer (conv2d.h, network.h).
  static Model Parse(ByteSpan bytes);
  // Also sets content_hash.
  std::vector<uint8_t> Serialize();
};

// Sixteen hexadecimal digits, the way a model's hash is shown to people.
std::string HashName(uint64_t hash);

}  // namespace flowzip
