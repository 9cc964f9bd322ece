// SPDX-License-Identifier: BSD-3-Clause
// Netpbm files: PBM, PGM and PPM (P1 to P6) and PAM (P7), to pictures and back.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
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

// Throws kTruncated, kCorrupt, kUnsupported (more than 4 channels, several pictures in the file),
// or kLimit. The marks of Image::chunks have the kind, the header where it is not the one that
// ToPnm makes (comments, tuple type), and what follows the picture, so that ToPnm of the same kind
// gives the same file; a text file (P1 to P3) becomes the binary one of its kind.
Image FromPnm(ByteSpan file, uint64_t max_pixels = uint64_t{1} << 28);

bool IsPnm(ByteSpan file);

// The kind of PNM file that the picture came from, if it was one.
std::optional<PnmKind> SourcePnm(const Image& image);
// Whether its samples are what other formats take them for: gray, colours and alpha. False for a
// PAM file of another tuple type.
bool IsOrdinaryTuple(const Image& image);

// The picture with the palette's colours, RGB or (if tRNS has alpha) RGBA; others as they are.
// The palette and tRNS are gone.
Image WithoutPalette(const Image& image);

}  // namespace flowzip
