// SPDX-License-Identifier: BSD-3-Clause
// PNM files (binary PGM and PPM), which most codecs write with next to no work.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "codec/image.h"

namespace flowzip::bench {

// Gray or RGB, 8 or 16 bits; 16-bit samples have their high byte first.
std::vector<uint8_t> ToPnm(const Image& image);

// P5 or P6. Throws kTruncated, kCorrupt or kUnsupported.
Image FromPnm(ByteSpan file);

// PNM or PNG, by the first bytes.
Image ReadPicture(const std::string& path);

// Where two pictures differ, for people; empty if nowhere. Gray equals RGB of the same
// three values: some rivals know no gray.
std::string Difference(const Image& wanted, const Image& got);

}  // namespace flowzip::bench
