// SPDX-License-Identifier: BSD-3-Clause
// What the context coder's two sides have in common: how a tile's samples become the block that is
// coded (docs/FORMAT.md 3.2).
#pragma once

#include <cstdint>

#include "codec/coders/contexts/context_coder.h"

namespace flowzip {

// First byte: number of candidates, and one of the ways.
inline constexpr uint8_t kCandidatesMask = 7, kWayShift = 3, kWayMask = 7, kCopies = 64,
                         kQuick = 128;
inline constexpr int kMostColors = 256;
inline constexpr int kValueColumns = 256;
inline constexpr ContextOptions kValueContexts{.candidates = 0, .indices = true};

// Samples as they are; as labels, without arithmetic; as indices into a palette of pixels; or as
// ranks among the values that occur (deep samples that were shallow once leave gaps); or as
// differences, modulo 2^depth, from the sample to the left, above, or left + above - left above
// (computed gradients leave patterns that repeat); or as one of two colours, by the bilevel model.
enum class Way : uint8_t {
  kSamples,
  kIndices,
  kPalette,
  kRanks,
  kLeft,
  kAbove,
  kPlane,
  kTwoColours,
  kOrdered,  // a palette as well, whose indices are coded as samples: like colours lie side by side
};
inline bool IsDifference(Way way) { return way >= Way::kLeft && way <= Way::kPlane; }
inline bool IsPalette(Way way) { return way == Way::kPalette || way == Way::kOrdered; }

// Of labels or ranks.
inline int BitsFor(size_t values) {
  int bits = 1;
  while ((size_t{1} << bits) < values) ++bits;
  return bits;
}

// Replaces samples by differences (`sign` -1, last sample first) or undoes it (`sign` 1).
inline void Difference(Way way, int sign, SampleBlock* block) {
  const size_t row = size_t(block->width) * block->channels, count = block->samples.size();
  const int mask = (1 << block->bit_depth) - 1;
  auto& s = block->samples;
  for (size_t n = 0; n < count; ++n) {
    const size_t i = sign < 0 ? count - 1 - n : n;
    const size_t c = block->channels;
    const bool first = i % row < c, top = i < row;
    const int left = first ? 0 : s[i - c], above = top ? 0 : s[i - row];
    const int corner = first || top ? 0 : s[i - row - c];
    const int guess = way == Way::kLeft ? left : way == Way::kAbove ? above : left + above - corner;
    s[i] = static_cast<uint16_t>((s[i] + sign * guess) & mask);
  }
}

}  // namespace flowzip
