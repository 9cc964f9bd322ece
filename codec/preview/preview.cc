// SPDX-License-Identifier: BSD-3-Clause
#include "codec/preview/preview.h"

#include <algorithm>
#include <utility>

#include "codec/preview/average.h"
#include "codec/tiles/memory.h"
#include "codec/tiles/tile_encoder.h"
#include "codec/tiles/tile_modes.h"
#include "codec/tiles/tile_payload.h"

namespace flowzip {
namespace {

// Whole pictures below take no longer to decode than a thumbnail may, 50 ms, by the fast effort,
// and their share has no room for more than a stamp (docs/experiments.md).
constexpr uint64_t kLeastPixels = uint64_t{1} << 20;
constexpr uint64_t kShare = 200;  // of the tiles' bytes
// 96 is the least of which thumbnails of 256 pixels are made, and what photographs of 2 megapixels
// have room for.
constexpr uint32_t kSides[] = {64, 96, 128, 192, kMaxPreviewSide};
// Low bits that are left out where there is no room for them; with more, smooth parts show steps.
constexpr int kDroppedBits = 2, kMaxDroppedBits = 4;

uint32_t FactorFor(const Image& image, uint32_t side) {
  return (std::max(image.width, image.height) - 1) / side + 1;
}

Image Coarse(const Image& fine, int dropped) {
  Image coarse = fine;
  for (uint8_t& sample : coarse.samples) sample = static_cast<uint8_t>(sample >> dropped);
  return coarse;
}

Image PreviewKind(const FileInfo& info) {
  Image image;
  image.channels = info.preview.channels;
  image.width = info.preview_width();
  image.height = info.preview_height();
  return image;
}

}  // namespace

Preview CodePreview(const Image& averaged, uint32_t factor, int dropped, ThreadPool& pool) {
  const Image coarse = Coarse(averaged, dropped);
  EncodeOptions options;
  options.coding = Coding::kRaster;  // photographs, of which several sides are tried
  options.recover_colour = false;
  const Rect all{0, 0, coarse.width, coarse.height};
  const TileResult tile = EncodeOneTile(coarse, all, kPreviewTile, options, pool, false);
  Preview preview;
  ByteWriter payload;
  payload.Put(static_cast<uint8_t>(dropped));
  payload.PutBytes(tile.payload);
  preview.payload = payload.Take();
  preview.pixel_checksum = tile.pixel_checksum;
  preview.info = {coarse.channels, factor, preview.payload.size()};
  return preview;
}

std::optional<Preview> ChoosePreview(const Image& image, uint64_t tile_bytes, ThreadPool& pool) {
  if (uint64_t{image.width} * image.height < kLeastPixels) return std::nullopt;
  // Noise has none: it would be larger than it is raw, and than its PNG file.
  const uint64_t raw = image.sub_pixels() * static_cast<uint64_t>(image.bit_depth) / 8;
  const uint64_t most = std::min(tile_bytes / kShare, raw - std::min(raw, tile_bytes));
  std::optional<Preview> best;
  for (const uint32_t side : kSides) {
    const uint32_t factor = FactorFor(image, side);
    const Image fine = Averaged(image, factor, pool);
    const auto fits = [&](int dropped) {
      Preview preview = CodePreview(fine, factor, dropped, pool);
      if (preview.payload.size() + kTileOverheadBytes > most) return false;
      best = std::move(preview);
      return true;
    };
    // Of twice the side, some four times the bytes: where there is room for that, one run is enough.
    if (best && best->payload.size() * 4 < most && fits(0)) continue;
    int dropped = kDroppedBits;
    while (dropped >= 0 && fits(dropped)) --dropped;
    if (dropped == kDroppedBits) break;
  }
  return best;
}

uint64_t PreviewMemory(const FileInfo& info) {
  FileInfo preview;
  preview.width = info.preview_width();
  preview.height = info.preview_height();
  preview.channels = info.preview.channels;
  preview.bit_depth = 8;
  return PlanDecode(preview, /*jobs=*/1, kNoMemoryLimit, SampleMemory(preview)).bytes;
}

Image DecodePreview(const FileInfo& info, ByteSpan file) {
  Require(info.preview.channels > 0, ErrorCode::kInvalidArgument, "the file has no preview");
  const TileBlock block = ReadPreview(info, file);
  const auto corrupt = [](bool ok) {
    Require(ok, ErrorCode::kCorrupt, "the preview is malformed");
  };
  corrupt(block.payload.size() > 1 && block.payload[0] <= kMaxDroppedBits);
  const int dropped = block.payload[0], largest = 255 >> dropped;
  const ByteSpan payload = block.payload.subspan(1);
  corrupt(!NeedsModel(payload) && !IsDeflated(payload));
  Image image = PreviewKind(info);
  image.samples.resize(image.row_bytes() * image.height);
  const Rect all{0, 0, image.width, image.height};
  ThreadPool pool(1);
  Account closed;
  try {
    DecodePayload(payload, {&image, all, pool}, closed);
  } catch (const Error& error) {
    throw Error(ErrorCode::kCorrupt, std::string("preview: ") + error.what());
  }
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  corrupt(PixelChecksum(image, all, kPreviewTile) == block.pixel_checksum);
#endif
  for (uint8_t& sample : image.samples) {
    corrupt(sample <= largest);
    sample = static_cast<uint8_t>((sample * 255 + largest / 2) / largest);
  }
  return image;
}

}  // namespace flowzip
