// SPDX-License-Identifier: BSD-3-Clause
// What every site of a level cost: statistics of the level coder.
#pragma once

#include <algorithm>
#include <array>

#include "codec/account/pixel_bits.h"
#include "codec/coders/flow/site_row.h"
#include "model/factor_out.h"
#include "model/mixture_row.h"
#include "rans/escape.h"

namespace flowzip {

// Bits by channel; statistics only.
using ChannelBits = std::array<double, kChannels>;

// Keeps a level's statistics; what is not asked for costs nothing.
struct LevelLedger {
  bool sums = false;  // channel_bits()
  PixelBitsView map;  // the bits of every pixel
  bool active() const { return sums || map.map != nullptr; }
};

// One channel of one lattice.
struct PassPlace {
  Lattice lattice;
  int channel;
  SampleRange range;
};

// Books nothing, and costs nothing.
struct NoLedger {
  NoLedger(const LevelLedger&, const PassPlace&) {}
  void BookSymbol(int, int, const MixtureRow&, int, CdfRange) {}
  void BookEscape(int, int, uint32_t) {}
  double sum() const { return 0; }
};

// Mean and variance of a symbol's bits under its own distribution. Escapes count as their
// first symbol only: behind them lies a few 2^-16 of the mass.
struct Moments {
  double mean = 0, variance = 0;
  Moments(const MixtureRow& row, int at, const SampleRange& values) {
    double square = 0;
    const int32_t first = std::max(row.lo[at] - 1, values.min),
                  last = std::min(row.hi[at] + 1, values.max);
    for (int32_t v = first; v <= last; ++v) {
      const CdfRange range = row.Range(at, v);
      const double bits = Bits(range), mass = range.freq * (1.0 / 65536);
      mean += mass * bits;
      square += mass * bits * bits;
    }
    variance = square - mean * mean;
  }
};

class OpenLedger {
 public:
  OpenLedger(const LevelLedger& ledger, const PassPlace& place)
      : view_(ledger.map),
        values_(place.range),
        offset_x_(OffsetX(place.lattice)),
        offset_y_(OffsetY(place.lattice)) {
    if (view_.map != nullptr && view_.map->with_detail) {
      detail_ = &view_.map->channel[place.channel];
    }
  }

  void BookSymbol(int i, int j, const MixtureRow& row, int at, CdfRange range) {
    BookSite(i, j, row, at, values_, Bits(range), 0);
  }
  // A site of any kind: what the row codes, its bits, and their part that is the same for all
  // values.
  void BookSite(int i, int j, const MixtureRow& row, int at, const SampleRange& values, double bits,
                double fixed) {
    Book(i, j, bits);
    if (detail_ == nullptr) return;
    const Moments moments(row, at, values);
    detail_->mean[Pixel(i, j)] = static_cast<float>(moments.mean + fixed);
    detail_->variance[Pixel(i, j)] = static_cast<float>(moments.variance);
  }
  void BookEscape(int i, int j, uint32_t distance) {
    Book(i, j, ExpGolombBits(distance, kEscapeOrder));
  }
  double sum() const { return sum_; }

 private:
  size_t Pixel(int i, int j) const { return view_.Index(2 * j + offset_x_, 2 * i + offset_y_); }
  void Book(int i, int j, double bits) {
    sum_ += bits;
    if (view_.map != nullptr) view_.map->bits[Pixel(i, j)] += static_cast<float>(bits);
    if (detail_ != nullptr) detail_->bits[Pixel(i, j)] += static_cast<float>(bits);
  }

  PixelBitsView view_;
  PixelBits::Detail* detail_ = nullptr;
  SampleRange values_;
  int offset_x_, offset_y_;
  double sum_ = 0;
};

}  // namespace flowzip
