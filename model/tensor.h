// SPDX-License-Identifier: BSD-3-Clause
// Activations of the integer network: height x width x channels, int16.
//
// One pixel's channels are contiguous; around the picture lies a border of one
// pixel that is always zero, which gives 3x3 convolutions their zero padding.
// The number of stored channels is rounded up to an even number (kernels work on
// pairs); the surplus channel is always zero.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

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
        // Kernels may read (never use) up to one vector past the last pixel.
        data_(static_cast<size_t>(width + 2) * (height + 2) * depth_ + 64) {}

  int width() const { return width_; }
  int height() const { return height_; }
  int channels() const { return channels_; }
  int depth() const { return depth_; }  // stored channels
  ptrdiff_t row_stride() const { return static_cast<ptrdiff_t>(width_ + 2) * depth_; }

  // Pointer to channel 0 of a pixel; x in [-1, width], y in [-1, height].
  int16_t* At(int x, int y) { return data_.data() + Offset(x, y); }
  const int16_t* At(int x, int y) const { return data_.data() + Offset(x, y); }

 private:
  ptrdiff_t Offset(int x, int y) const { return (y + 1) * row_stride() + (x + 1) * depth_; }

  int width_ = 0, height_ = 0, channels_ = 0, depth_ = 0;
  std::vector<int16_t> data_;
};

}  // namespace flowzip
