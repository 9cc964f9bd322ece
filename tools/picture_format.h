// SPDX-License-Identifier: BSD-3-Clause
// Which picture format a file has, or is to have: by its name, its first bytes, or its source.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "codec/picture/image.h"
#include "tools/pnm_io.h"

namespace flowzip {

// PNG if there is no `pnm`.
struct PictureFormat {
  std::optional<PnmKind> pnm;
  // With the dot: ".png", ".pbm", ".pgm", ".ppm", ".pnm" or ".pam".
  std::string extension() const;
};

// The names of the formats that are written: png, pbm, pgm, ppm, pnm, pam.
const std::vector<std::string>& FormatNames();
// One of those.
PictureFormat FormatNamed(const std::string& name);

// What a file name's extension, in any case, asks for.
std::optional<PictureFormat> FormatOfName(const std::string& path);

// Whether the extension is one of another picture format's; `also` is one more that is refused.
bool IsForeignName(const std::string& path, const std::string& also = {});

// What the picture came from, as far as that is known and can hold it; samples are not looked at.
PictureFormat FormatOfSource(const Image& image);

// A sentence about a file that is neither PNG nor PNM nor .flz and what to do with it; empty if its
// first bytes tell nothing.
std::string ForeignFile(ByteSpan file);

}  // namespace flowzip
