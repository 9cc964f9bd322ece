// SPDX-License-Identifier: BSD-3-Clause
// Numbers as people write them: 268435456, 256M, 1.5G.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace flowzip {

// A number with an optional fraction and an optional K, M, G or T (small or capital), each
// `step` times the one before: 1024 for bytes, 1000 for pixels. Bytes may be followed by B or
// iB. "none" is UINT64_MAX. Nothing if it is no such number, is below 1 or exceeds 64 bits.
std::optional<uint64_t> ParseUnits(const std::string& text, uint64_t step);

}  // namespace flowzip
