// SPDX-License-Identifier: BSD-3-Clause
// First half of the context coder: is the pixel one of the candidates?
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "codec/bits/bit_model.h"

namespace flowzip {

// A pixel as one number: sample c in the bits from 16 c on.
inline uint64_t PackPixel(const uint16_t* samples, int channels) {
  uint64_t pixel = 0;
  for (int c = 0; c < channels; ++c) pixel |= uint64_t{samples[c]} << (16 * c);
  return pixel;
}
inline uint16_t SampleOf(uint64_t pixel, int c) { return static_cast<uint16_t>(pixel >> (16 * c)); }
inline void UnpackPixel(uint64_t pixel, int channels, uint16_t* samples) {
  for (int c = 0; c < channels; ++c) samples[c] = SampleOf(pixel, c);
}

// The last four rows of something, with a border that can always be read: above are zeros, to the
// left what is above, to the right of a finished row its last value.
template <class T>
class RecentRows {
 public:
  static constexpr int kMargin = 4, kKept = 4;
  explicit RecentRows(int width)
      : width_(width), stride_(width + 2 * kMargin), rows_(size_t(stride_) * kKept) {}
  // The row in hand and the three before it; the first has y = 0.
  T* Row(int y) { return rows_.data() + size_t(y & (kKept - 1)) * stride_ + kMargin; }
  void BeginRow(int y) {
    for (int i = 1; i <= kMargin; ++i) Row(y)[-i] = Row(y - 1)[0];
  }
  void EndRow(int y) {
    for (int i = 0; i < kMargin; ++i) Row(y)[width_ + i] = Row(y)[width_ - 1];
  }

 private:
  int width_, stride_;
  std::vector<T> rows_;
};

// What followed a context the last time.
class Memory {
 public:
  explicit Memory(int bits) : entries_(size_t{1} << bits), shift_(64 - bits) {}
  struct Entry {
    uint64_t value = 0;
    uint16_t mark = 0;
    uint8_t sure = 0;  // 0: empty; how often it was right in a row, up to 7
  };
  // Empty unless it is of this context.
  Entry* Find(uint64_t hash) {
    Entry* e = &entries_[hash >> shift_];
    const auto mark = static_cast<uint16_t>(hash);
    if (e->mark != mark) *e = {0, mark, 0};
    return e;
  }
  static void Learn(Entry& e, uint64_t value) {
    if (e.sure > 0 && e.value == value) {
      if (e.sure < 7) ++e.sure;
    } else if (e.sure > 3) {
      e.sure = static_cast<uint8_t>(e.sure / 2);
    } else {
      e.value = value;
      e.sure = 1;
    }
  }

 private:
  std::vector<Entry> entries_;
  int shift_;
};

template <class Coder>
class PixelModel {
 public:
  static constexpr int kMaxTries = 6;
  PixelModel(int width, int table_bits, int tries)
      : tries_(tries),
        slots_(table_bits),
        near_(std::max(table_bits - 4, 6)),
        far_(std::max(table_bits - 4, 6)),
        predictor_(kMaxTries * 128, kMaxTries * 256),
        fates_(size_t(width) + 4, 0),
        last_fates_(size_t(width) + 4, 0) {}

  void BeginRow() {
    std::swap(fates_, last_fates_);
    left_ = 0;
  }

  // Whether the pixel at column x is a candidate; then it is stored in row[x].
  bool Code(Coder& coder, uint64_t* row, const uint64_t* n, const uint64_t* nn, const uint64_t* nnn,
            int x) {
    const uint64_t w = row[x - 1], ww = row[x - 2], www = row[x - 3];
    const uint64_t no = n[x], nw = n[x - 1], ne = n[x + 1];
    // Contexts of growing reach.
    const uint64_t h2 = HashStep(HashStep(1, w), no);
    const uint64_t h4 = HashStep(HashStep(h2 + 1, nw), ne);
    const uint64_t h6 = HashStep(HashStep(h4 + 2, ww), nn[x]);
    uint64_t h12 = HashStep(HashStep(h6 + 3, www), n[x - 2]);
    h12 = HashStep(HashStep(h12, n[x + 2]), nn[x - 1]);
    h12 = HashStep(HashStep(h12, nn[x + 1]), nnn[x]);
    const std::array<uint64_t, 4> reaches = {h2, h4, h6, h12};
    for (uint64_t k = 0; k < 4; ++k) {  // the first tries are most often far's and near's
      slots_.Prefetch(HashStep(reaches[k], 12 + k));
      slots_.Prefetch(HashStep(reaches[k] + 1, 12 + k));
    }
    Memory::Entry* far = far_.Find(h12);
    Memory::Entry* near = near_.Find(h6);

    // Values in order of trust; the first few distinct ones are tried.
    const std::array<uint64_t, 8> votes = {far->value, near->value, w, no, ne, nw, ww, nn[x]};
    const int absent = (far->sure == 0 ? 1 : 0) | (near->sure == 0 ? 2 : 0);
    const uint32_t equal = (w == no) | (w == nw) << 1 | (no == ne) << 2 | (no == nw) << 3 |
                           (w == ww) << 4 | (no == nn[x]) << 5;
    const uint32_t fates =
        left_ | last_fates_[x + 2] << 3 | last_fates_[x + 3] << 6 | last_fates_[x + 1] << 9;
    rejections_ = 0;
    int fate = tries_ + 1;
    for (size_t v = 0; v < votes.size() && rejections_ < tries_; ++v) {
      if (v < 2 && (absent >> v & 1) != 0) continue;
      const uint64_t value = votes[v];
      if (std::find(rejected_.begin(), rejected_.begin() + rejections_, value) !=
          rejected_.begin() + rejections_) {
        continue;
      }
      uint32_t mask = 0;  // who else says so
      for (size_t k = v + 1; k < votes.size(); ++k) {
        mask |= static_cast<uint32_t>(votes[k] == value) << (k - 1);
      }
      const uint64_t sure = far->sure << 3 | near->sure;
      const auto tries = static_cast<uint64_t>(rejections_);
      const uint64_t node = tries << 4 | v;
      const std::array<BitSlot*, kInputs> slots = {
          slots_.Find(HashStep(node << 20 | mask << 8 | sure, 11)),
          slots_.Find(HashStep(h2 + node, 12)),
          slots_.Find(HashStep(h4 + node, 13)),
          slots_.Find(HashStep(h6 + node, 14)),
          slots_.Find(HashStep(h12 + node, 15)),
          slots_.Find(HashStep(HashStep(value, w) + node, 16)),
          slots_.Find(HashStep(tries << 20 | fates << 6 | equal, 17)),
          slots_.Find(HashStep(HashStep(node << 20 | fates, value), 18))};
      const int set_a = rejections_ * 128 + static_cast<int>(v < 2 ? sure : 64 + 8 * v + far->sure);
      const int set_b = rejections_ * 256 + static_cast<int>(equal | (left_ == 1) << 6 |
                                                             (last_fates_[x + 2] == 1) << 7);
      const bool miss =
          predictor_.Code(coder, Coder::kEncodes && row[x] != value, slots, {}, set_a, set_b) != 0;
      if (!miss) {
        row[x] = value;
        fate = rejections_ + 1;
        break;
      }
      rejected_[rejections_++] = value;
    }
    left_ = static_cast<uint32_t>(std::min(fate, 7));
    fates_[x + 2] = left_;
    far_entry_ = far;
    near_entry_ = near;
    return fate <= tries_;
  }

  // A pixel known otherwise.
  void Pass(int x) { left_ = fates_[x + 2] = 1; }

  // Once the pixel is known.
  void Learn(uint64_t value) {
    Memory::Learn(*far_entry_, value);
    Memory::Learn(*near_entry_, value);
  }

 private:
  static constexpr int kInputs = 8;
  int tries_;
  SlotTable slots_;
  Memory near_, far_;
  BitPredictor<kInputs> predictor_;
  std::vector<uint32_t> fates_, last_fates_;  // which try was right, by column + 2
  uint32_t left_ = 0;
  std::array<uint64_t, kMaxTries> rejected_{};
  int rejections_ = 0;
  Memory::Entry *far_entry_ = nullptr, *near_entry_ = nullptr;
};

}  // namespace flowzip
