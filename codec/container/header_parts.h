// SPDX-License-Identifier: BSD-3-Clause
// What headers of both kinds, short and others, have in common (docs/FORMAT.md 2.1, 2.3, 2.9).
#pragma once

#include <vector>

#include "codec/container/container.h"

namespace flowzip {

inline constexpr size_t kChecksumBytes = sizeof(uint32_t);
inline constexpr size_t kHeaderBytesAt = kFixedHeaderBytes - sizeof(uint32_t);  // "header size"
inline constexpr size_t kFlagsAt = 11, kKindBytes = 12;  // what all headers begin with
inline constexpr int kIndexedFlag = 1, kInterlacedFlag = 2, kAdaptiveFlag = 4, kPreviewFlag = 8,
                     kShortFlag = 16;
inline constexpr char kCutShort[] = "file is cut short";

// Up to the flags.
void PutKind(const FileInfo& info, ByteWriter& header);
void CheckFields(const FileInfo& info, int flags);

void PutChunks(const FileInfo& info, ByteWriter& header);
// Up to the reader's end. Throws kCorrupt, kTruncated, kUnsupported.
std::vector<Chunk> ReadChunks(ByteReader& reader);

// Short files (short_file.cc).
std::vector<uint8_t> SerializeShort(const FileInfo& info, ByteSpan payload);
// All that follows the flags; checks the checksum if all of the file is there.
void ParseShort(ByteSpan file, int flags, FileInfo& info);
// Whether all of it is there and has its checksum.
bool ShortIsWhole(ByteSpan file);

}  // namespace flowzip
