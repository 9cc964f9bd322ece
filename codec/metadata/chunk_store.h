// SPDX-License-Identifier: BSD-3-Clause
// A picture's chunks inside the .flz header, compressed if that helps (docs/FORMAT.md 2.3).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "codec/container/container.h"

namespace flowzip {

// The header's chunks for `image`: none if it has nothing to say.
std::vector<Chunk> StoreChunks(const Image& image);

// Sets image->chunks and max_value from the header's chunks. The rest of `image` but its samples
// must be set. `colours`: what RestoreColours (shown_colours.h) makes of the file. Throws kCorrupt.
void RestoreChunks(const FileInfo& info, const std::optional<Image>& colours, Image* image);

// Bytes of memory that they take at most, before any is taken.
uint64_t StoringMemory(const Image& image);
uint64_t RestoringMemory(const FileInfo& info);

// The picture's largest sample if the header has one, else 0.
uint32_t StoredMaxValue(const FileInfo& info);

}  // namespace flowzip
