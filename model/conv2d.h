// SPDX-License-Identifier: BSD-3-Clause
// The integer network's only layer: a 1x1 or 3x3 convolution with requantisation.
//
//   acc = bias[o] + sum over ky, kx, i of weight[o][ky][kx][i] * in(x+kx, y+ky)[i]
//   out(x, y)[o] = clamp(addend(x, y)[o] + ((acc + 2^(shift-1)) >> shift), lo, hi)
//
// all in int32 with an arithmetic shift. Zero padding, stride one. ConvRowsScalar is
// the definition; the Highway kernels behind ConvRows equal it bit for bit.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "model/tensor.h"

namespace flowzip {

struct Conv2d {
  int in = 0, out = 0, kernel = 1;  // channels, channels, 1 or 3
  int shift = 0;                    // 1..20
  std::vector<int16_t> weight;      // [out][kernel][kernel][in]
  std::vector<int32_t> bias;        // [out], in units of the accumulator

  // Weights in the order the kernels read them; derived, built by Prepare().
  std::vector<int16_t> packed;

  // Multiply-accumulates per pixel.
  int64_t Macs() const { return int64_t{in} * out * kernel * kernel; }

  // Throws kCorrupt unless for every output channel
  //   |bias| + sum |w| * kMaxActivation + 2^(shift-1) + kMaxActivation < 2^31,
  // so that no input whatever can overflow the accumulator.
  void CheckBounds() const;
  // Checks bounds, then packs. Must be called before ConvRows.
  void Prepare();

  void Write(ByteWriter& writer) const;
  static Conv2d Read(ByteReader& reader);
};

// Computes rows [y0, y1) of `out`. `addend` may be null, and may be `&out` itself
// (then the layer adds in place); `in` must be another tensor than `out`. All may be rings
// that hold the rows in question.
// lo >= -kMaxActivation, hi <= kMaxActivation.
void ConvRows(const Conv2d& conv, const Tensor& in, const Tensor* addend, int lo, int hi,
              Tensor& out, int y0, int y1);
void ConvRowsScalar(const Conv2d& conv, const Tensor& in, const Tensor* addend, int lo, int hi,
                    Tensor& out, int y0, int y1);

}  // namespace flowzip
