// SPDX-License-Identifier: BSD-3-Clause
// PNG's row filters without its compression, to see what zstd makes of filtered rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace flowzip::bench {

// Each row gets the filter's number (0..4) before its bytes: that with the least sum of
// absolute differences, as the PNG specification advises. `pixel_bytes` is the distance to
// the left neighbour.
std::vector<uint8_t> FilterRows(ByteSpan rows, size_t row_bytes, size_t pixel_bytes);

// Throws kCorrupt if a filter's number is not one or the rows are not whole.
std::vector<uint8_t> UnfilterRows(ByteSpan filtered, size_t row_bytes, size_t pixel_bytes);

}  // namespace flowzip::bench
