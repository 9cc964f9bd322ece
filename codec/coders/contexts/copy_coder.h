// SPDX-License-Identifier: BSD-3-Clause
// Copies: runs of pixels that equal earlier ones of the same block, coded before its other pixels
// (docs/FORMAT.md 3.4).
//
// Pixels have numbers in raster order, and a run may go on in the next row. What it is copied from
// lies `distance` pixels before. Things that repeat have two dimensions: each row of them is a
// copy with the distance, and often the end, of the one above.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "codec/bits/number_model.h"

namespace flowzip {

struct Copy {
  uint32_t at = 0, length = 0, distance = 0;
  uint32_t end() const { return at + length; }
};

// The distances used last, the latest first.
class RecentDistances {
 public:
  static constexpr int kKept = 8;
  explicit RecentDistances(uint32_t width)
      : distances_{1,         width,     width + 1,     width + 2,
                   2 * width, 3 * width, 2 * width + 1, 3 * width + 1} {}
  uint32_t operator[](int i) const { return distances_[static_cast<size_t>(i)]; }
  // kKept if it is none of them.
  int Find(uint32_t distance) const {
    return static_cast<int>(std::find(distances_.begin(), distances_.end(), distance) -
                            distances_.begin());
  }
  void Use(uint32_t distance) {
    for (size_t i = 0; i < distances_.size(); ++i) {
      const bool found = distances_[i] == distance;
      std::swap(distances_[0], distances_[i]);
      if (found) return;
    }
    distances_[0] = distance;
  }

 private:
  std::array<uint32_t, kKept> distances_;
};

// Copies on their way: asked at every pixel of the block, in order.
template <class Coder>
class CopyCoder {
 public:
  // `copies`: to be encoded.
  CopyCoder(Coder& coder, int width, size_t pixels, const std::vector<Copy>& copies)
      : coder_(coder),
        next_(copies.begin()),
        end_(copies.end()),
        width_(static_cast<uint32_t>(width)),
        pixels_(static_cast<uint32_t>(pixels)),
        columns_(size_t(width) + 1),
        recent_(width_) {}

  // How far before pixel `at`, in column x, that is which it is a copy of; 0: it is none. Throws
  // kCorrupt.
  uint32_t Distance(uint32_t at, int x) {
    if (at >= copy_.end()) {
      const bool begins = next_ != end_ && next_->at == at;
      copy_ = Begin(at, x, begins ? *next_++ : Copy{});
      if (copy_.length == 0) return 0;
    }
    columns_[static_cast<size_t>(x)] = {at == copy_.at ? kBegin : kInside, copy_.distance,
                                        copy_.end() - at};
    return copy_.distance;
  }

 private:
  enum State : uint8_t { kLiteral, kInside, kBegin };
  struct Column {  // of the row above, or of this one where it has been coded
    State state = kLiteral;
    uint32_t distance = 0, left = 0;
  };

  // Length 0: none begins here. `wanted` is what is encoded.
  Copy Begin(uint32_t at, int x, const Copy& wanted) {
    Column& column = columns_[static_cast<size_t>(x)];
    const auto context = static_cast<size_t>(
        column.state + 3 * columns_[static_cast<size_t>(x) + 1].state + 9 * literals_);
    if (CodeBySlot(coder_, wanted.length > 0, begins_[context]) == 0) {
      literals_ = std::min(literals_ + 1, 3);
      column = {};
      return {};
    }
    Copy copy{at, 0, 0};
    int kind = 0;
    if (column.state != kLiteral && CodeBySlot(coder_, wanted.distance == column.distance,
                                               above_[static_cast<size_t>(column.state)]) != 0) {
      copy.distance = column.distance;
    } else {
      copy.distance = CodeDistance(wanted.distance, &kind);
    }
    Require(copy.distance >= 1 && copy.distance <= at, ErrorCode::kCorrupt,
            "copy from outside the tile");
    recent_.Use(copy.distance);
    if (kind == 0 && CodeBySlot(coder_, wanted.length == column.left, whole_) != 0) {
      copy.length = column.left;
    } else {
      copy.length = lengths_[static_cast<size_t>(kind)].Code(coder_, wanted.length - 1) + 1;
    }
    Require(copy.length <= pixels_ - at, ErrorCode::kCorrupt, "copy beyond the tile");
    literals_ = 0;
    return copy;
  }

  uint32_t CodeDistance(uint32_t wanted, int* kind) {
    const int place = recent_.Find(wanted);
    *kind = 1;
    for (int i = 0; i < RecentDistances::kKept; ++i) {
      if (CodeBySlot(coder_, i == place, recents_[static_cast<size_t>(i)]) != 0) {
        return recent_[i];
      }
    }
    *kind = 2;
    // As steps up and to the left, or right.
    const auto w = static_cast<int64_t>(width_);
    const int64_t half = w / 2;
    const int64_t dy = rows_.Code(coder_, static_cast<uint32_t>((wanted + half) / w));
    int64_t dx = wanted - static_cast<int64_t>((wanted + half) / w) * w;
    if (dy == 0) return columns_back_[0].Code(coder_, static_cast<uint32_t>(dx - 1)) + 1;
    const bool negative = CodeBySlot(coder_, dx < 0, negative_) != 0;
    dx = columns_back_[1].Code(coder_, static_cast<uint32_t>(std::abs(dx)));
    const int64_t distance = dy * w + (negative ? -dx : dx);
    Require(distance >= 1 && distance < int64_t{1} << 32, ErrorCode::kCorrupt,
            "copy from outside the tile");
    return static_cast<uint32_t>(distance);
  }

  Coder& coder_;
  std::vector<Copy>::const_iterator next_, end_;
  Copy copy_;
  uint32_t width_, pixels_;
  std::vector<Column> columns_;
  RecentDistances recent_;
  int literals_ = 0;  // since the last copy, up to 3
  std::array<BitSlot, 36> begins_;
  std::array<BitSlot, 3> above_;
  BitSlot whole_, negative_;
  std::array<BitSlot, RecentDistances::kKept> recents_;
  using Number = NumberModel<28>;
  std::array<Number, 3> lengths_;
  Number rows_;
  std::array<Number, 2> columns_back_;
};

}  // namespace flowzip
