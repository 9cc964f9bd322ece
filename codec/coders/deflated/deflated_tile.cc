// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/deflated/deflated_tile.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/error.h"
#include "codec/coders/deflated/inflate.h"

namespace flowzip {
namespace {

// Pixels (x0 + i dx, y0 + j dy): Adam7, or all of them.
struct Pass {
  uint32_t x0, y0, dx, dy;
  uint32_t width(uint32_t all) const { return all > x0 ? (all - x0 + dx - 1) / dx : 0; }
  uint32_t height(uint32_t all) const { return all > y0 ? (all - y0 + dy - 1) / dy : 0; }
};
constexpr Pass kPasses[] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                            {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
constexpr Pass kWhole[] = {{0, 0, 1, 1}};

std::span<const Pass> PassesOf(const Image& kind) {
  return kind.interlaced ? std::span<const Pass>(kPasses) : std::span<const Pass>(kWhole);
}

uint64_t RowBytes(const Image& kind, uint32_t width) {
  return (uint64_t{width} * static_cast<uint64_t>(kind.channels * kind.bit_depth) + 7) / 8;
}

// PNG's filters undone, in place; `above` may be null.
void Unfilter(int filter, size_t pixel_bytes, const uint8_t* above, std::span<uint8_t> row) {
  Require(filter <= 4, ErrorCode::kCorrupt, "unknown filter of a row");
  for (size_t i = 0; i < row.size(); ++i) {
    const int left = i < pixel_bytes ? 0 : row[i - pixel_bytes];
    const int up = above == nullptr ? 0 : above[i];
    const int corner = i < pixel_bytes || above == nullptr ? 0 : above[i - pixel_bytes];
    int guess = 0;
    if (filter == 1) guess = left;
    if (filter == 2) guess = up;
    if (filter == 3) guess = (left + up) / 2;
    if (filter == 4) {
      const int p = left + up - corner;
      const int a = std::abs(p - left), b = std::abs(p - up), c = std::abs(p - corner);
      guess = a <= b && a <= c ? left : b <= c ? up : corner;
    }
    row[i] = static_cast<uint8_t>(row[i] + guess);
  }
}

// Samples of one row of a pass.
void Spread(ByteSpan row, const Pass& pass, uint32_t width, uint8_t* to, const Image& image) {
  const int depth = image.bit_depth;
  const auto channels = static_cast<size_t>(image.channels);
  for (uint32_t x = 0; x < width; ++x) {
    uint8_t* pixel = to + (pass.x0 + size_t{x} * pass.dx) * image.pixel_bytes();
    for (size_t c = 0; c < channels; ++c) {
      const size_t i = x * channels + c;
      if (depth == 16) {
        const auto sample = static_cast<uint16_t>(row[2 * i] << 8 | row[2 * i + 1]);
        std::memcpy(pixel + 2 * c, &sample, sizeof(sample));
      } else {
        const size_t bit = i * static_cast<size_t>(depth);
        pixel[c] = static_cast<uint8_t>(row[bit / 8] >> (8 - depth - static_cast<int>(bit % 8)) &
                                        ((1 << depth) - 1));
      }
    }
  }
}

// What PNG files have.
bool Takes(const Image& kind) {
  const int depth = kind.bit_depth;
  const bool small = depth == 1 || depth == 2 || depth == 4;
  return kind.max_value == 0 && (depth == 8 || depth == 16 || (small && kind.channels == 1));
}

void Decode(ByteSpan payload, const TileTarget& tile, Account& account) {
  Image& image = *tile.image;
  const Rect& rect = tile.rect;
  const size_t size = FilteredBytes(image, rect.width, rect.height);
  // No stream of deflate unpacks to more than this.
  Require(size / 1032 <= payload.size(), ErrorCode::kCorrupt, "malformed deflate stream");
  std::vector<uint8_t> rows = Inflate(payload, size);
  const auto pixel_bytes =
      std::max<size_t>(1, static_cast<size_t>(image.channels * image.bit_depth) / 8);
  uint8_t* at = rows.data();
  for (const Pass& pass : PassesOf(image)) {
    const uint32_t width = pass.width(rect.width), height = pass.height(rect.height);
    const size_t row_bytes = RowBytes(image, width);
    for (uint32_t y = 0; width > 0 && y < height; ++y, at += row_bytes + 1) {
      const std::span<uint8_t> row(at + 1, row_bytes);
      Unfilter(at[0], pixel_bytes, y > 0 ? at - row_bytes : nullptr, row);
      Spread(row, pass, width, image.At(rect.x, rect.y + pass.y0 + y * pass.dy), image);
    }
  }
  if (account.pixels == nullptr) return;
  const auto bits = static_cast<float>(8.0 * static_cast<double>(payload.size()) /
                                       static_cast<double>(uint64_t{rect.width} * rect.height));
  account.pixels->Add(rect, std::vector<float>(size_t{rect.width} * rect.height, bits));
}

uint64_t Memory(const TileNeeds& tile) {
  return FilteredBytes(tile.kind, static_cast<uint32_t>(tile.width),
                       static_cast<uint32_t>(tile.height));
}

}  // namespace

uint64_t FilteredBytes(const Image& kind, uint32_t width, uint32_t height) {
  uint64_t bytes = 0;
  for (const Pass& pass : PassesOf(kind)) {
    const uint32_t across = pass.width(width);
    if (across > 0) bytes += (RowBytes(kind, across) + 1) * pass.height(height);
  }
  return bytes;
}

const TileCoder kDeflatedCoder = {
    .name = "deflated", .takes = Takes, .decode = Decode, .memory = Memory};

}  // namespace flowzip
