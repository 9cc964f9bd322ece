// SPDX-License-Identifier: BSD-3-Clause
#include "codec/tiles/tile_payload.h"

#include <algorithm>

#include "codec/tiles/alpha.h"
#include "codec/tiles/tile_modes.h"

namespace flowzip {
namespace {

// What the coder has booked as channels' and exceptions' is taken from the rest.
void BookPayload(const ModeRow& row, size_t bytes, Account& account) {
  if (!account.counts) return;
  uint64_t booked = account.stats.exception_bytes;
  for (const uint64_t channel : account.stats.channel_bytes) booked += channel;
  account.stats.other_bytes = bytes - booked;
  account.stats.mode_tiles[static_cast<size_t>(row.mode)] = 1;
}

// A payload taken apart.
struct Parts {
  const ModeRow& row;
  ByteSpan alpha, own;
};

Parts Split(ByteSpan payload) {
  Require(!payload.empty(), ErrorCode::kTruncated, "data end too early");
  const ModeRow* row = FindMode(payload);
  Require(row != nullptr, ErrorCode::kCorrupt, "tile of an unknown mode");
  ByteReader reader(payload.subspan(1));
  const ByteSpan alpha = row->with_alpha ? GetAlpha(reader) : ByteSpan();
  return {*row, alpha, reader.GetBytes(reader.remaining())};
}

// For that picture, which the payload may contradict.
Parts SplitFor(const TileTarget& tile, ByteSpan payload) {
  const ModeRow* row = FindMode(payload);
  Require(
      row == nullptr || (row->coder->takes(*tile.image) &&
                         row->with_alpha == (row->coder->colours_only && tile.image->has_alpha())),
      ErrorCode::kCorrupt, "tile of a mode that cannot be");
  return Split(payload);
}

}  // namespace

std::vector<uint8_t> EncodePayload(const TileEncoder& encoder, const TileSource& tile,
                                   Account& account) {
  const ModeRow& row = ModeOf(*encoder.coder, tile.image);
  ByteWriter payload;
  payload.Put(static_cast<uint8_t>(row.mode));
  if (row.with_alpha) PutAlpha(tile, payload);
  const std::vector<uint8_t> own = encoder.encode(tile, account);
  if (own.empty()) return {};
  payload.PutBytes(own);
  BookPayload(row, payload.size(), account);
  return payload.Take();
}

void DecodePayload(ByteSpan payload, const TileTarget& tile, Account& account) {
  const Parts parts = SplitFor(tile, payload);
  parts.row.coder->decode(parts.own, tile, account);
  if (parts.row.with_alpha) DecodeAlpha(parts.alpha, tile.rect, tile.image);
  BookPayload(parts.row, payload.size(), account);
}

void DecodeReduced(ByteSpan payload, const TileTarget& tile, int scale_log2) {
  const Rect whole{0, 0, tile.rect.width, tile.rect.height};
  Image full = *tile.image;
  full.width = whole.width;
  full.height = whole.height;
  full.samples.assign(full.row_bytes() * full.height, 0);
  Account closed;
  DecodePayload(payload, {&full, whole, tile.pool, tile.model}, closed);
  for (uint32_t y = 0; y < tile.image->height; ++y) {
    for (uint32_t x = 0; x < tile.image->width; ++x) {
      std::copy_n(full.At(x << scale_log2, y << scale_log2), full.pixel_bytes(),
                  tile.image->At(x, y));
    }
  }
}

bool IsAdaptive(ByteSpan payload) {
  const ByteSpan inner = Unwrapped(payload);
  const ModeRow* row = FindMode(inner);
  return row != nullptr && row->coder->adapts != nullptr && row->coder->adapts(Split(inner).own);
}

bool AlphaIsLarge(ByteSpan payload) {
  return !payload.empty() && Split(payload).alpha.size() * 4 > payload.size();
}

}  // namespace flowzip
