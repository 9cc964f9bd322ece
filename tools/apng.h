// SPDX-License-Identifier: BSD-3-Clause
// Frames of animated PNG files (APNG), compressed as pictures instead of carried as they are.
//
// In a PNG file the frames after the first are deflated rows in chunks fdAT. In a .flz file the
// frame's chunks become one, fzAT, which is a .flz file of its own (docs/FORMAT.md 2.3).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/bytes.h"
#include "codec/picture/image.h"

namespace flowzip {

using EncodeFrameFn = std::function<std::vector<uint8_t>(const Image& frame)>;
using DecodeFrameFn = std::function<Image(ByteSpan file)>;

// Replaces the frames of image.chunks by what `encode` makes of them, if that is smaller and the
// animation is in order; else leaves all as it is. Frames of more than `max_pixels` stay.
void PackFrames(Image& image, uint64_t max_pixels, const EncodeFrameFn& encode);

// The inverse but for how the rows are deflated, and into how many chunks; numbers them anew.
// Throws kCorrupt for a frame that is no picture of its animation.
void UnpackFrames(Image& image, const DecodeFrameFn& decode);

}  // namespace flowzip
