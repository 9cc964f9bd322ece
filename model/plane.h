// SPDX-License-Identifier: BSD-3-Clause
// A two-dimensional array of integers with a border that can be read.
//
// The border holds copies of the nearest edge sample, so that filters may look a
// few samples outside without a branch.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/unset_vector.h"

namespace flowzip {

template <class T>
class Plane {
 public:
  Plane() = default;
  Plane(int width, int height, int border = 0)
      : width_(width),
        height_(height),
        border_(border),
        stride_(width + 2 * border),
        data_(static_cast<size_t>(stride_) * (height + 2 * border), T{}) {}

  // As the constructor, but nothing is set.
  static Plane Unset(int width, int height, int border = 0) {
    Plane plane;
    plane.width_ = width;
    plane.height_ = height;
    plane.border_ = border;
    plane.stride_ = width + 2 * border;
    plane.data_.resize(static_cast<size_t>(plane.stride_) * (height + 2 * border));
    return plane;
  }

  int width() const { return width_; }
  int height() const { return height_; }
  int border() const { return border_; }
  ptrdiff_t stride() const { return stride_; }
  bool empty() const { return width_ == 0 || height_ == 0; }

  // Valid for y in [-border, height + border); the result may be indexed with x
  // in [-border, width + border).
  T* Row(int y) { return data_.data() + Offset(y); }
  const T* Row(int y) const { return data_.data() + Offset(y); }
  T& At(int x, int y) { return Row(y)[x]; }
  T At(int x, int y) const { return Row(y)[x]; }

  void Fill(T value) { std::fill(data_.begin(), data_.end(), value); }

 private:
  ptrdiff_t Offset(int y) const { return (y + border_) * stride_ + border_; }

  int width_ = 0, height_ = 0, border_ = 0;
  ptrdiff_t stride_ = 0;
  UnsetVector<T> data_;
};

using IntPlane = Plane<int32_t>;
// Half the memory to hold and to read.
using SamplePlane = Plane<int16_t>;

}  // namespace flowzip
