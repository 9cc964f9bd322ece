// SPDX-License-Identifier: BSD-3-Clause
// How much memory a picture will take, known before any of it is taken.
//
// Upper estimates of the bytes on the heap at the peak of Encode and Decode, without what the
// caller holds already (the picture to encode, the file to decode). tests/memory_test.cc counts
// allocations and holds them to it from both sides.
#pragma once

#include <cstdint>

#include "codec/container/container.h"
#include "codec/options/limits.h"

namespace flowzip {

// Several tiles are under way at once, as many as fit `limit`; where even one does not, `bytes` is
// above the limit.
struct MemoryPlan {
  int tiles_at_once;
  uint64_t bytes;
};

// Bytes of a picture's samples alone.
uint64_t SampleMemory(const FileInfo& info);

// Of `info` only sizes, channels, depth, flags and tiles are looked at. The encoder's figure
// allows for a file as large as the samples. `network`: whether that coder may be used.
MemoryPlan PlanEncode(const FileInfo& info, bool network, int jobs, uint64_t limit);
// `picture`: the bytes of the decoded samples, unless they go into the caller's memory.
MemoryPlan PlanDecode(const FileInfo& info, int jobs, uint64_t limit, uint64_t picture);

// Bytes of the samples of the largest tile alone.
uint64_t TileSampleMemory(const FileInfo& info);

}  // namespace flowzip
