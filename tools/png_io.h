// SPDX-License-Identifier: BSD-3-Clause
// PNG files to pictures and back, by libpng.
//
// So far 8-bit gray and RGB, interlaced or not. Every other kind is refused by its
// name, never converted: what comes back from a .flz must be what went in.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>

#include "base/bytes.h"
#include "codec/image.h"

namespace flowzip {

inline constexpr uint64_t kDefaultPngPixels = uint64_t{1} << 28;

// Asked before any samples are allocated, with everything but them; may throw.
using ImageCheck = std::function<void(const Image& header)>;

// Throws kIo, kTruncated, kCorrupt, kUnsupported, or kLimit before any samples are
// allocated. Ancillary chunks are skipped.
Image ReadPng(const std::string& path, uint64_t max_pixels = kDefaultPngPixels);
Image ReadPng(ByteSpan file, uint64_t max_pixels = kDefaultPngPixels,
              const ImageCheck& check = {});

// Throws kIo if `stream` takes no more; the caller still has to flush it.
void WritePng(const Image& image, std::FILE* stream);
// Replaces a file of that name.
void WritePng(const Image& image, const std::string& path);

}  // namespace flowzip
