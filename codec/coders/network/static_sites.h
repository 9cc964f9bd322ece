// SPDX-License-Identifier: BSD-3-Clause
// The sites of a plane by the network's distributions as they are, on a rANS stack.
#pragma once

#include <vector>

#include "codec/coders/network/plane_coder.h"

namespace flowzip {

std::vector<uint8_t> EncodeStaticSites(const PlaneContext& context, const LinearFilters& filters,
                                       PlaneLedger* ledger);
// Throws kTruncated or kCorrupt.
void DecodeStaticSites(const PlaneContext& context, const LinearFilters& filters, ByteSpan bytes,
                       PlaneLedger* ledger);

}  // namespace flowzip
