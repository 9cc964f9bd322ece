// SPDX-License-Identifier: BSD-3-Clause
// Deflate (RFC 1951) in a zlib stream (RFC 1950), decoded: for pictures that are kept as their PNG
// file has them. No encoder; zlib itself is no part of the library.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace flowzip {

// The bytes of the stream, of which there must be `size`; nothing may follow its checksum. Throws
// kTruncated or kCorrupt.
std::vector<uint8_t> Inflate(ByteSpan stream, size_t size);

}  // namespace flowzip
