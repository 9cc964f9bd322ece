// SPDX-License-Identifier: BSD-3-Clause
// The sites of a plane by distributions that learn (adaptive_sites.h), as one binary stream.
#pragma once

#include <vector>

#include "codec/coders/network/plane_coder.h"

namespace flowzip {

std::vector<uint8_t> EncodeAdaptiveSites(const PlaneContext& context, const LinearFilters& filters,
                                         PlaneLedger* ledger);
// Throws kTruncated or kCorrupt.
void DecodeAdaptiveSites(const PlaneContext& context, const LinearFilters& filters, ByteSpan bytes,
                         PlaneLedger* ledger);

}  // namespace flowzip
