// SPDX-License-Identifier: BSD-3-Clause
// Side information, coded by adaptive bits: numbers, and a channel's filters and their places
// (docs/FORMAT.md 3.10).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

#include "base/error.h"
#include "codec/bits/number_model.h"
#include "codec/filters/linear_filters.h"
#include "rans/escape.h"

namespace flowzip {

// One set of functions for both directions: `Coder` is a BinaryEncoder or -Decoder, and values are
// what was given or what was read.
template <class Coder>
class SideNumbers {
 public:
  explicit SideNumbers(Coder& coder) : coder_(coder) {}

  static constexpr uint32_t kMargin = 128;
  using Set = NumberModel<16, kMargin>;  // of slots: one for each kind of number

  int Bit(int bit, BitSlot& slot) { return CodeBySlot<kMargin>(coder_, bit, slot); }
  uint32_t Plain(uint32_t value, int bits) {
    uint32_t result = 0;
    for (int i = bits - 1; i >= 0; --i) {
      result =
          result << 1 | static_cast<uint32_t>(coder_.Code(static_cast<int>(value >> i & 1), 32768));
    }
    return result;
  }
  // |value| at most 2^15 - 1.
  int32_t Signed(int32_t value, Set& set) { return UnZigZag(set.Code(coder_, ZigZag(value))); }

 private:
  Coder& coder_;
};

template <class Coder>
class FilterSide {
 public:
  FilterSide(Coder& coder, int channel, int width, int height)
      : numbers_(coder),
        channel_(channel),
        across_(RasterBlocks(width)),
        down_(RasterBlocks(height)) {}

  // Throws kCorrupt for values that cannot be.
  void Code(LinearFilters& model) {
    model.filter_count =
        static_cast<int>(numbers_.Plain(static_cast<uint32_t>(model.filter_count - 1), 4)) + 1;
    if (!Coder::kEncodes) model.labels.assign(static_cast<size_t>(across_) * down_, 0);
    if (model.filter_count > 1) CodeLabels(model);
    CodeFilters(model);
  }

  void CodeBiases(LinearFilters& model) {
    Set set;
    for (int f = 0; f < model.filter_count; ++f) {
      int32_t& bias = model.biases[static_cast<size_t>(f)];
      bias = numbers_.Signed(bias, set);
      Require(bias >= -kMaxFilterBias && bias <= kMaxFilterBias, ErrorCode::kCorrupt,
              "filter bias out of range");
    }
  }

 private:
  using Set = typename SideNumbers<Coder>::Set;

  // By rows: whether the block has its left neighbour's filter, else that of the one above, else
  // which.
  void CodeLabels(LinearFilters& model) {
    std::array<BitSlot, 2> as_left;
    BitSlot as_above;
    std::array<BitSlot, kMaxRasterFilters> tree;
    for (int y = 0; y < down_; ++y) {
      for (int x = 0; x < across_; ++x) {
        uint8_t* label = model.labels.data() + static_cast<size_t>(y) * across_ + x;
        const int above = y > 0 ? label[-across_] : x > 0 ? label[-1] : 0;
        const int left = x > 0 ? label[-1] : above;
        if (numbers_.Bit(*label == left ? 1 : 0, as_left[left == above ? 1 : 0]) != 0) {
          *label = static_cast<uint8_t>(left);
        } else if (left != above && numbers_.Bit(*label == above ? 1 : 0, as_above) != 0) {
          *label = static_cast<uint8_t>(above);
        } else {
          uint32_t node = 1;
          for (int i = 3; i >= 0; --i) {
            node = node << 1 | static_cast<uint32_t>(numbers_.Bit(*label >> i & 1, tree[node]));
          }
          *label = static_cast<uint8_t>(node & 15);
          Require(*label < model.filter_count, ErrorCode::kCorrupt, "no such filter");
        }
      }
    }
  }

  // The free weights, each as its difference from the filter before.
  void CodeFilters(LinearFilters& model) {
    std::array<Set, kMaxRasterTaps> sets;
    for (int f = 0; f < model.filter_count; ++f) {
      for (int k = 0; k < RasterTaps(channel_); ++k) {
        if (IsDerived(k)) continue;
        int16_t& weight = model.filters[f][k];
        const int32_t before = f > 0 ? model.filters[f - 1][k] : 0;
        const int32_t value = before + numbers_.Signed(weight - before, sets[static_cast<size_t>(k)]);
        Require(value >= -kMaxRasterWeight && value <= kMaxRasterWeight, ErrorCode::kCorrupt,
                "filter weight out of range");
        weight = static_cast<int16_t>(value);
      }
    }
    model.CompleteFilters(channel_);
  }
  bool IsDerived(int k) const {
    for (int c = 0; c < channel_; ++c) {
      if (k == RasterTaps(c)) return true;
    }
    return k == 0;
  }

  SideNumbers<Coder> numbers_;
  int channel_, across_, down_;
};

}  // namespace flowzip
