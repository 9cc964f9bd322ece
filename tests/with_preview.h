// SPDX-License-Identifier: BSD-3-Clause
// Files with another preview than the encoder gives them, or with none.
#pragma once

#include <optional>
#include <vector>

#include "codec/api/codec.h"
#include "codec/preview/preview.h"

namespace flowzip::testing {

// The tiles of `file` behind that preview. Short files have no preview and no pixel checksum: of
// one that gets a preview, tiles are of samples, not of ranks.
inline std::vector<uint8_t> WithPreview(ByteSpan file, const std::optional<Preview>& preview) {
  FileInfo info = ParseHeader(file);
  const std::vector<TileBlock> blocks = SplitTiles(info, file);
  info.preview = preview ? preview->info : PreviewInfo();
  info.is_short = info.MayBeShort();
  std::vector<uint8_t> out = SerializeHeader(info, blocks[0].payload);
  if (preview) AppendTile(kPreviewTile, preview->pixel_checksum, preview->payload, out);
  for (uint64_t tile = 0; tile < blocks.size(); ++tile) {
    const TileBlock& block = blocks[tile];
    if (info.is_short) {
      out.insert(out.end(), block.payload.begin(), block.payload.end());
    } else if (block.pixel_checksum) {
      AppendTile(tile, *block.pixel_checksum, block.payload, out);
    } else {
      AppendTile(tile, PixelChecksum(Decode(file, {}), info.TileRect(tile), tile), block.payload,
                 out);
    }
  }
  return out;
}

}  // namespace flowzip::testing
