// SPDX-License-Identifier: BSD-3-Clause
// The small picture that a file may have beside its tiles, so that whoever wants a thumbnail need
// not decode them (docs/FORMAT.md 2.6).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/thread_pool.h"
#include "codec/container/container.h"
#include "codec/options/options.h"
#include "codec/picture/image.h"

namespace flowzip {

struct Preview {
  PreviewInfo info;
  std::vector<uint8_t> payload;
  uint32_t pixel_checksum = 0;
};

// The best preview of a picture whose tiles take `tile_bytes` that costs at most a two-hundredth of
// that; none of pictures that are small, or whose tiles are.
std::optional<Preview> ChoosePreview(const Image& image, uint64_t tile_bytes, ThreadPool& pool);

// A preview that is `averaged` (by `factor`, average.h) without the samples' `dropped` low bits.
Preview CodePreview(const Image& averaged, uint32_t factor, int dropped, ThreadPool& pool);

// Bytes of memory that DecodePreview takes at most.
uint64_t PreviewMemory(const FileInfo& info);

// The preview: 8 bits, without chunks. `file` may end after it. Throws kInvalidArgument if there is
// none, kTruncated or kCorrupt.
Image DecodePreview(const FileInfo& info, ByteSpan file);

}  // namespace flowzip
