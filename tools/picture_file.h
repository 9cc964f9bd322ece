// SPDX-License-Identifier: BSD-3-Clause
// Picture files of either family: told apart by their first bytes when read, by the name's
// extension when written.
#pragma once

#include <cstdio>
#include <string>

#include "base/bytes.h"
#include "codec/image.h"
#include "tools/png_io.h"

namespace flowzip {

// PNG or PNM. Throws as ReadPng and FromPnm do. `check` is asked before a PNG's samples are
// allocated, and once a PNM is read. `jobs` as in ReadPng.
Image ReadPicture(ByteSpan file, uint64_t max_pixels = kDefaultPngPixels,
                  const ImageCheck& check = {}, int jobs = 1);
Image ReadPicture(const std::string& path, uint64_t max_pixels = kDefaultPngPixels);

// PNM if `name` ends like one, else PNG. Throws kUnsupported or kIo; the caller flushes.
void WritePicture(const Image& image, const std::string& name, std::FILE* stream, int jobs = 1);

}  // namespace flowzip
