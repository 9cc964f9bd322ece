// SPDX-License-Identifier: BSD-3-Clause
// Blocks of one bit by BilevelModel (bilevel_model.h), in every other respect as by contexts.
#pragma once

#include "codec/coders/contexts/context_coder.h"

namespace flowzip {

// `block` has one channel of one bit.
std::optional<std::vector<uint8_t>> TryBilevel(const SampleBlock& block,
                                               const ContextOptions& options, const WorthFn& worth,
                                               std::vector<float>* bits,
                                               const std::vector<Copy>& copies);
void DecodeBilevel(ByteSpan stream, const ContextOptions& options, SampleBlock* block);

}  // namespace flowzip
