// SPDX-License-Identifier: BSD-3-Clause
// Files with another preview than the encoder gives them, or with none.
#pragma once

#include <optional>
#include <vector>

#include "codec/preview/preview.h"

namespace flowzip::testing {

// The tiles of `file` behind that preview.
inline std::vector<uint8_t> WithPreview(ByteSpan file, const std::optional<Preview>& preview) {
  FileInfo info = ParseHeader(file);
  const ByteSpan tiles = file.subspan(static_cast<size_t>(info.tiles_at()));
  info.preview = preview ? preview->info : PreviewInfo();
  std::vector<uint8_t> out = SerializeHeader(info);
  if (preview) AppendTile(kPreviewTile, preview->pixel_checksum, preview->payload, out);
  out.insert(out.end(), tiles.begin(), tiles.end());
  return out;
}

}  // namespace flowzip::testing
