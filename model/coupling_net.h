// SPDX-License-Identifier: BSD-3-Clause
// A coupling network: a few fully connected layers of integers, which turn the features of a site
// into a mixture's parameters (model/site_step.h). Sites are computed 16 at a time.
//
//   a_0 = features                                   |a_0| <= kMaxFeature
//   y_l = (bias_l + W_l a_l + 2^(shift-1)) >> shift   int32, arithmetic shift
//   a_1 = clamp(y_0, 0, kMaxHidden)
//   residual blocks (He et al. 2016) of two layers:
//         a_l+1 = clamp(y_l, 0, kMaxHidden), a_l+2 = clamp(y_l+1 + a_l, 0, kMaxHidden)
//   out = clamp(y_last, -kMaxOutput, kMaxOutput)      3K values: logits, means, scales
//
// Every layer keeps |bias| + sum |w| * max |a| + 2^(shift-1) + kMaxHidden below 2^31: no input
// whatever can overflow.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace flowzip {

inline constexpr int kNetSites = 16;  // computed together: the rows of a band
inline constexpr int32_t kMaxFeature = 2048, kMaxHidden = 16383, kMaxOutput = 32767;
inline constexpr int kMaxNetWidth = 256, kMaxFeatures = 256;

struct DenseLayer {
  int inputs = 0, outputs = 0;
  int shift = 1;                // 1..20
  std::vector<int16_t> weight;  // [outputs][inputs]
  std::vector<int32_t> bias;    // [outputs], in units of the accumulator

  // Derived by Prepare: [groups of kOutputGroup outputs][pairs of inputs][kOutputGroup], the first
  // of a pair in the lower half, missing outputs 0; and bias + 2^(shift-1).
  static constexpr int kOutputGroup = 16;
  std::vector<int32_t> packed, start;

  int pairs() const { return (inputs + 1) / 2; }
  // Throws kCorrupt if an accumulator could overflow for |inputs| <= `largest`.
  void Prepare(int32_t largest);
  void Write(ByteWriter& writer) const;
  static DenseLayer Read(ByteReader& reader, int inputs, int outputs, int32_t largest);
};

struct CouplingNet {
  int features = 0, width = 0, blocks = 0, components = 0;
  std::vector<DenseLayer> layers;  // 2 + 2 * blocks

  int outputs() const { return 3 * components; }
  int pairs() const { return (features + 1) / 2; }
  // Multiply-accumulates per site.
  int64_t Macs() const;

  // Words [pairs()][kNetSites]: feature 2i of a site in the lower half, 2i + 1 in the upper; a
  // missing last one is 0. `out`: [outputs()][kNetSites]. Both aligned to 64 bytes.
  void Evaluate(const int32_t* feature_pairs, int32_t* out) const;
  // The definition.
  void EvaluateScalar(const int32_t* feature_pairs, int32_t* out) const;

  void Write(ByteWriter& writer) const;
  // Throws kCorrupt for shapes out of range or layers that could overflow.
  static CouplingNet Read(ByteReader& reader);
};

}  // namespace flowzip
