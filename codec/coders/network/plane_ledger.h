// SPDX-License-Identifier: BSD-3-Clause
// What the samples of a plane cost: statistics, which change no byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec/account/pixel_bits.h"
#include "model/mixture_row.h"

namespace flowzip {

struct PlaneLedger {
  double bits = 0, side_bits = 0;
  // By rows; what is not asked for is empty.
  std::vector<float> spent;
  PixelBits::Detail detail;

  void Begin(size_t count, bool by_sample, bool with_detail) {
    spent.assign(by_sample ? count : 0, 0);
    for (auto* values : {&detail.bits, &detail.mean, &detail.variance}) {
      values->assign(with_detail ? count : 0, 0);
    }
  }
  void Book(size_t sample, double sample_bits) {
    bits += sample_bits;
    if (!spent.empty()) spent[sample] = static_cast<float>(sample_bits);
  }
  // A site's value, with `more` bits that follow the mixture's symbol; and its distribution, with
  // `fixed` bits that are the same for all values. There, escapes count as their first symbol only:
  // behind them lies a few 2^-16 of the mass.
  void BookDetail(size_t sample, const MixtureRow& row, int site, int32_t value, double more,
                  double fixed) {
    if (detail.bits.empty()) return;
    double mean = 0, square = 0;
    for (int32_t v = row.lo[site] - 1; v <= row.hi[site] + 1; ++v) {
      const CdfRange range = row.Range(site, v);
      if (range.freq == 0) continue;
      const double bits_of_v = Bits(range), mass = range.freq * (1.0 / 65536);
      mean += mass * bits_of_v;
      square += mass * bits_of_v * bits_of_v;
    }
    detail.bits[sample] = static_cast<float>(Bits(row.Range(site, value)) + more);
    detail.mean[sample] = static_cast<float>(mean + fixed);
    detail.variance[sample] = static_cast<float>(square - mean * mean);
  }
};

}  // namespace flowzip
