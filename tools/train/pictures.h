// SPDX-License-Identifier: BSD-3-Clause
// Training pictures from a folder.
#pragma once

#include <string>
#include <vector>

#include "codec/picture/image.h"

namespace flowzip {

inline constexpr uint32_t kMinTrainingSide = 128;

// All PNG files of a folder by name, gray ones as RGB. Those of other kinds and smaller ones are
// left out, which is said on stderr. Throws kInvalidArgument if none is left.
std::vector<Image> LoadFolder(const std::string& folder);

}  // namespace flowzip
