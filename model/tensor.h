// SPDX-License-Identifier: BSD-3-Clause
// Activations of the integer network: height x width x channels, int16.
//
// One pixel's channels are contiguous; around the picture lies a border of one
// pixel that is always zero, which gives 3x3 convolutions their zero padding.
// The number of stored channels is rounded up to an even number (kernels work on
// pairs); the surplus channel is always zero.
//
// A ring holds only the last few rows of a picture that is computed row by row. The trap:
// its rows outside the picture are not zero by themselves, see ZeroRow.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include "base/unset_vector.h"

namespace flowzip {

// Every activation is clamped to +-kMaxActivation. Unit: 1/256 of "one", where one
// is 16 pixel steps of an 8-bit image, so an integer step is 1/16 pixel step.
inline constexpr int kMaxActivation = 8191;
inline constexpr int kActivationBits = 8;

class Tensor {
 public:
  Tensor() = default;
  Tensor(int width, int height, int channels)
      : width_(width),
        height_(height),
        channels_(channels),
        depth_((channels + 1) & ~1),
        data_(Size(height + 2), 0) {}

  // As the constructor, but the pixels are not set; the padding is zero as always.
  static Tensor Unset(int width, int height, int channels) {
    Tensor tensor;
    tensor.width_ = width;
    tensor.height_ = height;
    tensor.channels_ = channels;
    tensor.depth_ = (channels + 1) & ~1;
    tensor.data_.resize(tensor.Size(height + 2));
    tensor.ZeroRow(-1);
    tensor.ZeroRow(height);
    for (int y = 0; y < height; ++y) {
      std::fill_n(tensor.At(-1, y), tensor.depth_, int16_t{0});
      std::fill_n(tensor.At(width, y), tensor.depth_, int16_t{0});
    }
    std::fill(tensor.At(width, height), tensor.data_.data() + tensor.data_.size(), int16_t{0});
    return tensor;
  }

  // `rows` of a picture `height` rows high, a power of two; row y is kept until row y + rows
  // is written.
  static Tensor Ring(int width, int height, int channels, int rows) {
    assert(rows >= 1 && (rows & (rows - 1)) == 0);
    Tensor ring;
    ring.width_ = width;
    ring.height_ = height;
    ring.channels_ = channels;
    ring.depth_ = (channels + 1) & ~1;
    ring.mask_ = rows - 1;
    ring.data_.assign(ring.Size(rows), 0);
    return ring;
  }

  int width() const { return width_; }
  int height() const { return height_; }
  int channels() const { return channels_; }
  int depth() const { return depth_; }  // stored channels
  ptrdiff_t row_stride() const { return static_cast<ptrdiff_t>(width_ + 2) * depth_; }
  size_t bytes() const { return data_.size() * sizeof(int16_t); }

  // Pointer to channel 0 of a pixel; x in [-1, width], y in [-1, height].
  int16_t* At(int x, int y) { return data_.data() + Offset(x, y); }
  const int16_t* At(int x, int y) const { return data_.data() + Offset(x, y); }

  // Of a ring: makes row y, which lies outside the picture, its zero padding.
  void ZeroRow(int y) { std::fill_n(At(-1, y), row_stride(), int16_t{0}); }

 private:
  // Kernels may read (never use) up to one vector past the last pixel.
  size_t Size(int rows) const { return static_cast<size_t>(row_stride()) * rows + 64; }
  ptrdiff_t Offset(int x, int y) const {
    return ((y + 1) & mask_) * row_stride() + (x + 1) * depth_;
  }

  int width_ = 0, height_ = 0, channels_ = 0, depth_ = 0;
  int mask_ = -1;  // of row numbers
  UnsetVector<int16_t> data_;
};

}  // namespace flowzip
