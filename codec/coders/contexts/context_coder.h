// SPDX-License-Identifier: BSD-3-Clause
// The context coder: lossless coding of any samples, pixel by pixel, by adaptive binary models.
//
// Made for what a smooth flow is bad at: screens, drawings, palettes, flat alpha planes, few or
// many bits a sample. A pixel is first tried against candidates (what followed the same
// neighbourhood before, then the neighbours' own values); only if all miss are its samples coded,
// as indices or as differences from a blend of predictions. docs/FORMAT.md 3.3 is the definition.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "codec/coders/contexts/copy_coder.h"
#include "codec/coders/worth.h"
#include "codec/picture/sample_block.h"

namespace flowzip {

// What codes the pixels that are no copies.
enum class BlockModel : uint8_t {
  kContexts,
  kQuick,    // quick_coder.h
  kBilevel,  // bilevel_coder.h
};

struct ContextOptions {
  int candidates = 0;    // tried before a pixel's samples are coded, 0..kMaxCandidates
  bool indices = false;  // samples are labels: no arithmetic (one channel, at most 8 bits)
  BlockModel model = BlockModel::kContexts;
  bool copies = false;  // runs of pixels may be copies of earlier ones (copy_coder.h)
};
inline constexpr int kMaxCandidates = 6;

// `bits`, if given, gets the bits of each pixel added; the stream does not depend on it. `copies`:
// where options.copies says that there may be some.
std::vector<uint8_t> EncodeContexts(const SampleBlock& block, const ContextOptions& options,
                                    std::vector<float>* bits = nullptr,
                                    const std::vector<Copy>& copies = {});

// The same, but asks `worth` at every row, and returns nothing after a no.
std::optional<std::vector<uint8_t>> TryContexts(const SampleBlock& block,
                                                const ContextOptions& options, const WorthFn& worth,
                                                std::vector<float>* bits = nullptr,
                                                const std::vector<Copy>& copies = {});

// Upper estimate of the bytes that coding such a block takes beside its samples.
uint64_t ContextMemory(int width, int height, int channels);

// `block` comes with its shape; the samples are filled in. Throws kTruncated or kCorrupt.
void DecodeContexts(ByteSpan stream, const ContextOptions& options, SampleBlock* block);

}  // namespace flowzip
