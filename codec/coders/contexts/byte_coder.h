// SPDX-License-Identifier: BSD-3-Clause
// Bytes that are no picture by the quick model and copies: smaller than gzip -9, as fast.
#pragma once

#include <vector>

#include "base/bytes.h"

namespace flowzip {

inline constexpr size_t kMostBytesPacked = size_t{1} << 23;

// `bytes`: 1 to kMostBytesPacked of them.
std::vector<uint8_t> PackBytes(ByteSpan bytes);
// Throws kTruncated or kCorrupt.
std::vector<uint8_t> UnpackBytes(ByteSpan stream, size_t size);

// Upper estimates of the bytes that these take, with what they return.
uint64_t PackBytesMemory(uint64_t size);
uint64_t UnpackBytesMemory(uint64_t size);

}  // namespace flowzip
