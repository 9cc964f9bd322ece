// SPDX-License-Identifier: BSD-3-Clause
#include "codec/bits/feedback.h"

#include "codec/bits/bit_slot.h"

namespace flowzip {

ProbabilityMap::ProbabilityMap(size_t contexts) : knots_(contexts * kKnots) {
  const BitTables& tables = kBitTables;
  for (size_t i = 0; i < knots_.size(); ++i) {
    const int32_t log_odds = (static_cast<int32_t>(i % kKnots) - 16) * kStep;
    knots_[i] = tables.squash[std::clamp(log_odds, -kMaxStretch, kMaxStretch) + kMaxStretch];
  }
}

}  // namespace flowzip
