// SPDX-License-Identifier: BSD-3-Clause
// PNG files to pictures and back, by libpng.
//
// Every kind that PNG knows. Nothing is converted: what comes back from a .flz is what went in,
// pixels, kind, palette and chunks; only how they were compressed and filtered is not kept.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "base/bytes.h"
#include "codec/picture/image.h"

namespace flowzip {

inline constexpr uint64_t kDefaultPngPixels = uint64_t{1} << 28;

// Throws kIo, kTruncated, kCorrupt, kUnsupported (an unknown critical chunk), or kLimit before any
// samples are allocated.
Image ReadPng(const std::string& path, uint64_t max_pixels = kDefaultPngPixels);
Image ReadPng(ByteSpan file, uint64_t max_pixels = kDefaultPngPixels);

// Throws kIo if `stream` takes no more; the caller still has to flush it. kUnsupported for what
// no PNG file can be: depths other than 1, 2, 4, 8 and 16, and other largest samples. The bytes do
// not depend on the number of threads, `jobs`.
void WritePng(const Image& image, std::FILE* stream, int jobs = 1);
// Replaces a file of that name.
void WritePng(const Image& image, const std::string& path);

}  // namespace flowzip
