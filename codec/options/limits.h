// SPDX-License-Identifier: BSD-3-Clause
// Limits on memory and pixels, and what is said when they are exceeded.
#pragma once

#include <cstdint>
#include <string>

namespace flowzip {

inline constexpr uint64_t kDefaultMaxMemory = uint64_t{4} << 30;
inline constexpr uint64_t kNoMemoryLimit = UINT64_MAX;

// a - b, or 0; no limit stays none.
inline uint64_t MemoryLeft(uint64_t limit, uint64_t used) {
  return limit == kNoMemoryLimit ? limit : limit < used ? 0 : limit - used;
}
// a + b, or the largest number there is.
inline uint64_t AddMemory(uint64_t a, uint64_t b) { return a + b < a ? UINT64_MAX : a + b; }

// Throws kLimit, with both numbers, if `needed` bytes are more than `limit`.
void RequireMemory(uint64_t needed, uint64_t limit);

// Likewise for a picture of more than `limit` pixels.
void RequirePixels(uint32_t width, uint32_t height, uint64_t limit);

// "640 KiB", "1.5 GiB".
std::string HumanBytes(uint64_t bytes);

}  // namespace flowzip
