// SPDX-License-Identifier: BSD-3-Clause
// Marks among a picture's chunks (Image::chunks), under the names of three chunks that cannot be
// there themselves. docs/FORMAT.md 2.3 is the definition.
#pragma once

#include <string_view>
#include <vector>

#include "codec/picture/image.h"

namespace flowzip {

inline constexpr std::string_view kSourceMark = "IHDR";   // the first: how a PNM file began
inline constexpr std::string_view kSamplesMark = "IDAT";  // empty: the place of the samples
inline constexpr std::string_view kTailMark = "IEND";     // the last: what followed the file's end

// Whether they are where they must be, each at most once, and the source is one that is known.
bool MarksInPlace(const std::vector<Chunk>& chunks);

}  // namespace flowzip
