// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/flow/level_streams.h"

namespace flowzip {
namespace {

// Bits of the filter code's head: step and Golomb order.
constexpr int kStepBits = 2, kGolombBits = 3;

template <class Fn>
void ForEachFilter(const std::array<SampleRange, kChannels>& ranges, const Fn& fn) {
  for (int g = 0; g < kGroups; ++g) {
    for (int c = 0; c < kChannels; ++c) {
      if (!ranges[c].constant()) fn(g, c);
    }
  }
}

}  // namespace

void LogFilters(const FilterCodes& codes, const std::array<SampleRange, kChannels>& ranges,
                SymbolLog& log, double* bits) {
  ForEachFilter(ranges, [&](int g, int c) {
    const FilterCode& code = codes[g][c];
    log.AddUniform(code.custom, 1);
    *bits += 1;
    if (!code.custom) return;
    log.AddUniform(code.step_log2 - kMinFilterStep, kStepBits);
    log.AddUniform(code.golomb, kGolombBits);
    *bits += kStepBits + kGolombBits;
    for (const int32_t delta : code.deltas) {
      log.AddExpGolomb(ZigZag(delta), code.golomb);
      *bits += ExpGolombBits(ZigZag(delta), code.golomb);
    }
  });
}

FilterCodes PopFilters(RansStack& stack, const TapSet& taps,
                       const std::array<SampleRange, kChannels>& ranges, double* bits) {
  FilterCodes codes;
  ForEachFilter(ranges, [&](int g, int c) {
    FilterCode& code = codes[g][c];
    code.custom = PopUniform(stack, 1) != 0;
    *bits += 1;
    if (!code.custom) return;
    code.step_log2 = kMinFilterStep + static_cast<int>(PopUniform(stack, kStepBits));
    code.golomb = static_cast<int>(PopUniform(stack, kGolombBits));
    *bits += kStepBits + kGolombBits;
    code.deltas.resize(taps.taps[g][c].size());
    for (int32_t& delta : code.deltas) {
      const uint32_t zigzag = PopExpGolomb(stack, code.golomb);
      delta = UnZigZag(zigzag);
      *bits += ExpGolombBits(zigzag, code.golomb);
    }
  });
  return codes;
}

}  // namespace flowzip
