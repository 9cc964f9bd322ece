// SPDX-License-Identifier: BSD-3-Clause
// The encoder's choice of copies (copy_coder.h).
#pragma once

#include <vector>

#include "codec/coders/contexts/context_coder.h"
#include "codec/coders/contexts/copy_coder.h"

namespace flowzip {

struct CopyChoice {
  std::vector<Copy> copies;
  size_t pixels = 0;      // that they cover
  double saved_bits = 0;  // about
};

// Copies, in order and apart from each other, that cost fewer bits than the pixels they cover.
// `bits`: what each pixel of the block takes without copies. `quick`: looks at fewer places.
CopyChoice FindCopies(const SampleBlock& block, const std::vector<float>& bits, bool quick);

// Upper estimate of the bytes that it takes beside the block.
constexpr uint64_t CopyFinderMemory(uint64_t pixels) { return 56 * pixels + (64 << 10); }

}  // namespace flowzip
