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
  PixelBits::Detail samples;  // by rows; what is not asked for is empty

  void Begin(size_t count, bool by_sample, bool with_moments) {
    samples.bits.assign(by_sample ? count : 0, 0);
    samples.mean.assign(with_moments ? count : 0, 0);
    samples.variance = samples.mean;
  }
  void Book(size_t sample, double spent) {
    bits += spent;
    if (!samples.bits.empty()) samples.bits[sample] = static_cast<float>(spent);
  }
  // Mean and variance of a sample's bits under its own distribution, with `fixed` bits that are
  // the same for all values. Escapes count as their first symbol only: behind them lies a few 2^-16
  // of the mass.
  void BookMoments(size_t sample, const MixtureRow& row, int site, double fixed) {
    if (samples.mean.empty()) return;
    double mean = 0, square = 0;
    for (int32_t v = row.lo[site] - 1; v <= row.hi[site] + 1; ++v) {
      const CdfRange range = row.Range(site, v);
      if (range.freq == 0) continue;
      const double spent = Bits(range), mass = range.freq * (1.0 / 65536);
      mean += mass * spent;
      square += mass * spent * spent;
    }
    samples.mean[sample] = static_cast<float>(mean + fixed);
    samples.variance[sample] = static_cast<float>(square - mean * mean);
  }
};

}  // namespace flowzip
