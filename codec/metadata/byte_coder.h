// SPDX-License-Identifier: BSD-3-Clause
// Any bytes, smaller: repeats of what came before (LZ77), and adaptive models of the rest.
//
// For metadata: profiles, XMP, palettes, whatever follows a picture in its file. docs/FORMAT.md
// 2.7 is the definition. Half a megabyte takes half a second at most, more a third of a second per
// megabyte; what is random passes at the speed of copying.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace flowzip {

// Packed bytes never unpack to more: no file asks for what no memory holds. Fuzzing has better
// things to do than to unpack much.
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
inline constexpr uint64_t kMostPackedBytes = uint64_t{1} << 13;
#else
inline constexpr uint64_t kMostPackedBytes = uint64_t{1} << 30;
#endif

// `bytes`: 1 to kMostPackedBytes of them.
std::vector<uint8_t> PackBytes(ByteSpan bytes);

// The inverse. Throws kTruncated or kCorrupt.
std::vector<uint8_t> UnpackBytes(ByteSpan packed);

// How many bytes `packed` says that it unpacks to; throws as UnpackBytes.
uint64_t UnpackedSize(ByteSpan packed);

// Bytes of memory that either takes at most beside its input, its result included.
uint64_t PackingMemory(uint64_t bytes);

}  // namespace flowzip
