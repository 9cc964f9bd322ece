// SPDX-License-Identifier: BSD-3-Clause
// Netpbm files: PBM, PGM and PPM (P1 to P6) and PAM (P7), to pictures and back.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "codec/picture/image.h"

namespace flowzip {

// The first two bytes of the file: 'P', then the number.
enum class PnmKind { kSmallest = 0, kBitmap = 4, kGray = 5, kColor = 6, kArbitrary = 7 };

// kSmallest: bitmap for one-bit gray, gray, colour; arbitrary if there is alpha. Palettes are
// replaced by their colours. Throws kUnsupported if the kind cannot hold the picture.
std::vector<uint8_t> ToPnm(const Image& image, PnmKind kind = PnmKind::kSmallest);
// The same file, piece by piece.
void ForPnm(const Image& image, PnmKind kind, const std::function<void(ByteSpan)>& put);

// Throws kTruncated, kCorrupt, kUnsupported (a kind of PAM that is no picture), or kLimit. What
// follows the first picture of a file is ignored, as netpbm does.
Image FromPnm(ByteSpan file, uint64_t max_pixels = uint64_t{1} << 28);

bool IsPnm(ByteSpan file);

// The kind that a file name's extension asks for: .pbm, .pgm, .ppm, .pnm or .pam. False for others.
bool PnmKindOf(const std::string& path, PnmKind* kind);

// The picture with the palette's colours, RGB or (if tRNS has alpha) RGBA; others as they are.
// The palette and tRNS are gone.
Image WithoutPalette(const Image& image);

}  // namespace flowzip
