// SPDX-License-Identifier: BSD-3-Clause
// Values that never occur: a picture whose samples leave gaps, as those of 8 bits spread over 16
// or with more contrast than they were taken with, is coded as the ranks of its values.
//
// docs/FORMAT.md 2.3 is the definition.
#pragma once

#include <optional>
#include <vector>

#include "codec/container/container.h"

namespace flowzip {

struct ValueMap {
  int bit_depth = 8;                          // of ranks
  std::vector<std::vector<uint16_t>> values;  // of each channel, by rank; ascending
};

// Whether the picture's first rows leave gaps, so that all of it is worth a look.
bool MayLeaveGaps(const Image& image, uint32_t rows);

// Those that occur.
ValueMap ValuesOf(const Image& image);

// Nothing if that would not make it smaller.
std::optional<ValueMap> FindValues(const Image& image);

// A part of the picture as a picture of ranks, without metadata.
Image ToRanks(const Image& image, const Rect& part, const ValueMap& map);
// Writes what the part of `ranks` stands for into `image` from (x, y) on. Throws kCorrupt for ranks
// of no value.
void FromRanks(const Image& ranks, const Rect& part, const ValueMap& map, uint32_t x, uint32_t y,
               Image* image);

// As a chunk of the header, and back; nothing if there is none. Throws kCorrupt.
Chunk StoreValues(const ValueMap& map);
std::optional<ValueMap> RestoreValues(const FileInfo& info);
// From such a chunk's data, of samples of that kind.
ValueMap ParseValues(ByteSpan data, int channels, int bit_depth);
// Whether there is one.
bool HasValues(const FileInfo& info);

}  // namespace flowzip
