// SPDX-License-Identifier: BSD-3-Clause
// Pixels of one bit: pages, masks, plots (docs/FORMAT.md 3.6).
//
// A pixel is predicted by round neighbourhoods of growing size, and by a reference: an earlier
// place with the same neighbourhood, most often the same letter, of which the pixels to the right
// and below are known as well.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "codec/bits/bit_model.h"

namespace flowzip {

// Rows of pixels around the one in hand, 16 bits each: of the row itself the pixels to the left,
// the nearest lowest; of the six rows above, those from 6 to the right to 9 to the left.
struct BilevelWindow {
  static constexpr int kRows = 7, kRight = 6;
  std::array<uint64_t, 2> rows{};  // four and three of them, the nearest lowest
};

// The pixels of the window with dx^2 + dy^2 <= radius.
constexpr BilevelWindow BilevelMask(int radius) {
  BilevelWindow mask;
  for (int dy = 0; dy < BilevelWindow::kRows; ++dy) {
    for (int bit = 0; bit < 16; ++bit) {
      const int dx = dy == 0 ? bit + 1 : bit - BilevelWindow::kRight;
      if (dx * dx + dy * dy <= radius) {
        mask.rows[static_cast<size_t>(dy / 4)] |= uint64_t{1} << (16 * (dy % 4) + bit);
      }
    }
  }
  return mask;
}

template <class Coder>
class BilevelModel {
 public:
  BilevelModel(int width, int height)
      : width_(static_cast<uint32_t>(width)),
        slots_(SlotBits(width, height)),
        predictor_(16, 192),
        places_(size_t{1} << PlaceBits(width, height), 0),
        place_shift_(64 - PlaceBits(width, height)),
        references_(size_t(width), 0) {
    // One column more, since the window is always that of the next pixel.
    for (auto& row : rows_) row.assign(size_t(width) + BilevelWindow::kRight + 1, 0);
  }

  void BeginRow() {
    std::rotate(rows_.begin(), rows_.end() - 1, rows_.end());
    window_ = {};
    for (int x = -BilevelWindow::kRight; x <= 0; ++x) Slide(x);
    HashAhead();
    reference_ = 0;
    misses_ = 0;
  }

  // Pixel `at` of all, in column x; `pixels` has those before it. Returns the pixel.
  int Code(Coder& coder, int bit, const uint16_t* pixels, uint32_t at, int x) {
    const uint64_t row = window_.rows[0], w = row & 1;
    const Hashes hashes = hashes_;
    MoveOn(x);
    const size_t place = PlaceOf(hashes, w);
    FindReference(place, at, x);
    std::array<BitSlot*, kInputs> slots;
    for (size_t i = 0; i < kMasks.size(); ++i) slots[i] = slots_.Find(hashes[i], w);
    // W, WW; NE, N, NW; NN.
    const auto near =
        static_cast<uint32_t>((row & 3) | (row >> 21 & 7) << 2 | (row >> 38 & 1) << 5);
    // Rows -1 to 2 and columns -1 to 2 around the reference.
    uint32_t around = 0;
    if (reference_ > 0) {
      for (int64_t dy = -1; dy <= 2; ++dy) {
        for (int64_t dx = -1; dx <= 2; ++dx) {
          const int64_t p = reference_ + dy * width_ + dx;
          around = around << 1 | static_cast<uint32_t>(p >= 0 && p < at ? pixels[p] : 0);
        }
      }
    }
    const uint32_t says = around >> 10 & 1;
    const auto sure =
        static_cast<uint32_t>(reference_ > 0 ? 1 + std::min(std::popcount(misses_), 6) : 0);
    const uint64_t seen = misses_ << 16 | says << 8 | (reference_ > 0 ? 1 : 0);
    slots[kMasks.size()] = slots_.Find(HashStep(60 + sure, (around & 0xEEE0) << 8 | near));
    slots[kMasks.size() + 1] = slots_.Find(HashStep(70 + sure, around << 8 | (near & 31)));
    slots[kMasks.size() + 2] = slots_.Find(HashStep(80, seen));
    bit = predictor_.Code(coder, bit, slots, {}, static_cast<int>(2 * sure + says),
                          static_cast<int>(near + 64 * (sure > 0 ? 1 + says : 0)));
    if (reference_ > 0) {
      misses_ = (misses_ << 1 | (static_cast<uint32_t>(bit) != says ? 1 : 0)) & 0xFFFF;
    }
    Learn(bit, place, at, x);
    return bit;
  }

  // A pixel of a copy.
  void Pass(int bit, uint32_t distance, uint32_t at, int x) {
    const size_t place = PlaceOf(hashes_, window_.rows[0] & 1);
    MoveOn(x);
    reference_ = at - distance;
    misses_ = 0;
    references_[static_cast<size_t>(x)] = reference_;
    Learn(bit, place, at, x);
  }

 private:
  static constexpr std::array kMasks = {BilevelMask(5),  BilevelMask(10), BilevelMask(17),
                                        BilevelMask(25), BilevelMask(36), BilevelMask(61)};
  static constexpr BilevelWindow kPlaceMask = BilevelMask(29);
  static constexpr int kInputs = kMasks.size() + 3;
  static int SlotBits(int width, int height) { return TableBits(size_t(width) * height, 3); }
  static int PlaceBits(int width, int height) {
    return std::min(TableBits(size_t(width) * height, 0), 20);
  }

  // Brings what is 6 columns to the right of column x into the window.
  void Slide(int x) {
    constexpr uint64_t kFirst = 0x0001000100010001, kRow = 0xFFFF;
    auto& [low, high] = window_.rows;
    low = (low << 1 & ~kFirst & ~kRow) | (low & kRow);
    high = high << 1 & ~kFirst;
    const auto right = static_cast<size_t>(x + BilevelWindow::kRight);
    for (size_t dy = 1; dy < 4; ++dy) low |= uint64_t{rows_[dy][right]} << (16 * dy);
    for (size_t dy = 4; dy < 7; ++dy) high |= uint64_t{rows_[dy][right]} << (16 * (dy - 4));
  }
  // To the pixel behind column x, whose own left neighbour is not known yet.
  void MoveOn(int x) {
    auto& low = window_.rows[0];
    low = (low & ~uint64_t{0xFFFF}) | (low << 1 & 0xFFFF);
    Slide(x + 1);
    HashAhead();
  }
  // Of the neighbourhoods without the left neighbour, so that what they will need is in the caches
  // by then: two slots side by side for either neighbour.
  using Hashes = std::array<uint64_t, kMasks.size() + 1>;
  void HashAhead() {
    const auto hash = [&](uint64_t kind, const BilevelWindow& mask) {
      return HashStep(HashStep(kind, window_.rows[0] & mask.rows[0] & ~uint64_t{1}),
                      window_.rows[1] & mask.rows[1]);
    };
    for (size_t i = 0; i < kMasks.size(); ++i) {
      hashes_[i] = hash(50 + i, kMasks[i]);
      slots_.Prefetch(hashes_[i]);
    }
    hashes_.back() = hash(90, kPlaceMask);
    __builtin_prefetch(&places_[PlaceOf(hashes_, 0)], /*rw=*/1);
  }
  size_t PlaceOf(const Hashes& hashes, uint64_t w) const {
    return static_cast<size_t>(hashes.back() >> place_shift_ ^ w);
  }
  // One to the right of the last pixel's while that does well; else the last place with such a
  // neighbourhood, else one below that of the pixel above.
  void FindReference(size_t place, uint32_t at, int x) {
    uint32_t& above = references_[static_cast<size_t>(x)];
    if (reference_ > 0) ++reference_;
    if (reference_ == 0 || (misses_ & 0xFF) != 0) {
      uint32_t next = places_[place];
      if (next == 0 && above > 0) next = above + width_;
      if (next != reference_) misses_ = 0;
      reference_ = next < at ? next : 0;
    }
    above = reference_;
  }
  void Learn(int bit, size_t place, uint32_t at, int x) {
    rows_[0][static_cast<size_t>(x)] = static_cast<uint8_t>(bit);
    window_.rows[0] |= static_cast<uint64_t>(bit);
    places_[place] = at;
  }

  uint32_t width_;
  SlotTable slots_;
  BitPredictor<kInputs> predictor_;
  std::vector<uint32_t> places_;  // of the last pixel with such a neighbourhood
  int place_shift_;
  std::vector<uint32_t> references_;  // of the row above, and of this one where it has been coded
  std::array<std::vector<uint8_t>, BilevelWindow::kRows> rows_;  // this one first
  BilevelWindow window_;                                         // of the next pixel
  Hashes hashes_{};
  uint32_t reference_ = 0;  // a pixel; 0: none
  uint32_t misses_ = 0;     // of the last 16 predictions by it, the latest lowest
};

}  // namespace flowzip
