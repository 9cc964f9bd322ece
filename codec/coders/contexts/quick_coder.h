// SPDX-License-Identifier: BSD-3-Clause
// Blocks of any samples by a small model: ten times as fast as by contexts.
//
// For what has to be coded quickly, and for what consists of copies nearly everywhere.
// docs/FORMAT.md 3.5 is the definition.
#pragma once

#include "codec/coders/contexts/context_coder.h"

namespace flowzip {

std::optional<std::vector<uint8_t>> TryQuick(const SampleBlock& block,
                                             const ContextOptions& options, const WorthFn& worth,
                                             std::vector<float>* bits,
                                             const std::vector<Copy>& copies);
void DecodeQuick(ByteSpan stream, const ContextOptions& options, SampleBlock* block);

// Upper estimate of the bytes that it takes beside the samples.
uint64_t QuickMemory(int width, int height, int channels);

}  // namespace flowzip
