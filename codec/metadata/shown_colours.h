// SPDX-License-Identifier: BSD-3-Clause
// Small pictures with a palette, coded as the colours that they show: what neighbours have in
// common is in the colours, and a palette that was made of the picture follows from it again.
//
// docs/FORMAT.md 2.8 is the definition.
#pragma once

#include <optional>
#include <vector>

#include "codec/container/container.h"

namespace flowzip {

inline constexpr uint64_t kMostShownPixels = uint64_t{1} << 16;

struct ShownColours {
  std::vector<Chunk> chunks;  // of the header, all of them
  std::vector<float> bits;    // of each pixel
};

// Nothing if the picture is none of those, or takes no fewer than `most` bytes so.
std::optional<ShownColours> StoreAsColours(const Image& image, uint64_t most);

// Whether a file is coded so.
bool HasColours(const FileInfo& info);

// The picture, whose chunks are its palette PLTE and what tRNS there is; nothing if the file is not
// coded so. Throws kCorrupt.
std::optional<Image> RestoreColours(const FileInfo& info);

// Bytes of memory that either takes at most.
uint64_t ColoursMemory(uint32_t width, uint32_t height);

}  // namespace flowzip
