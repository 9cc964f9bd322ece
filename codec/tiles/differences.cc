// SPDX-License-Identifier: BSD-3-Clause
#include "codec/tiles/differences.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>

#include "codec/picture/sample_block.h"
#include "codec/tiles/tile_modes.h"
#include "codec/tiles/tile_payload.h"

namespace flowzip {
namespace {

// Below this share of the steps from W, differences are worth a try.
constexpr int64_t kSmaller = 75;  // percent
constexpr int kFewestBits = 8;

// A channel of a block.
class Channel {
 public:
  Channel(SampleBlock& block, int channel) : block_(block), channel_(channel) {}

  uint16_t& At(int x, int y) {
    return block_.samples[(static_cast<size_t>(y) * block_.width + static_cast<size_t>(x)) *
                              block_.channels +
                          static_cast<size_t>(channel_)];
  }
  // What a sample is compared with, of those before it: W + N - NW; in the first row and column
  // the line through the last two, and `first` in the corner.
  int32_t Plane(int x, int y, int32_t first) {
    if (x > 0 && y > 0) return At(x - 1, y) + At(x, y - 1) - At(x - 1, y - 1);
    const auto line = [&](int last, int before) { return 2 * last - before; };
    if (x > 0) return line(At(x - 1, 0), At(std::max(x - 2, 0), 0));
    return y > 0 ? line(At(0, y - 1), At(0, std::max(y - 2, 0))) : first;
  }

 private:
  SampleBlock& block_;
  const int channel_;
};

// Modulo 2^bits, from -2^(bits - 1) on.
int32_t Centred(int32_t v, int bits) {
  const int32_t half = 1 << (bits - 1);
  return ((v + half) & (2 * half - 1)) - half;
}

bool Takes(const Image& kind) { return kind.bit_depth > kFewestBits && !kind.indexed; }

// The same picture with other samples.
Image KindWith(const Image& image, const Rect& rect, int bits) {
  Image kind;
  kind.width = rect.width;
  kind.height = rect.height;
  kind.channels = image.channels;
  kind.bit_depth = bits;
  kind.samples.resize(kind.row_bytes() * kind.height);
  return kind;
}

void Decode(ByteSpan bytes, const TileTarget& tile, Account& account) {
  ByteReader reader(bytes);
  const auto kind = reader.Get<uint8_t>();
  const int bits = (kind & 15) + 1, channels = tile.image->channels;
  Require(bits >= kFewestBits && bits < tile.image->bit_depth && kind >> 4 == channels - 1,
          ErrorCode::kCorrupt, "malformed differences");
  std::array<int32_t, 4> first{}, least{};
  for (size_t c = 0; c < static_cast<size_t>(channels); ++c) {
    first[c] = reader.Get<uint16_t>();
    least[c] = reader.Get<uint16_t>();
  }
  const ByteSpan payload = reader.GetBytes(reader.remaining());
  const ModeRow* row = FindMode(payload);
  Require(row != nullptr && row->coder != &kDifferencesCoder && !IsDeflated(payload),
          ErrorCode::kCorrupt, "differences of a mode that cannot be");

  Image part = KindWith(*tile.image, tile.rect, bits);
  const Rect whole{0, 0, tile.rect.width, tile.rect.height};
  PixelBits pixels;
  if (account.pixels != nullptr) pixels.Reset(whole.width, whole.height);
  Account own{account.counts, account.pixels != nullptr ? &pixels : nullptr, {}};
  DecodePayload(payload, {&part, whole, tile.pool, tile.model}, own);
  if (account.pixels != nullptr) account.pixels->Add(tile.rect, pixels.bits);
  account.stats = own.stats;
  account.stats.mode_tiles = {};

  SampleBlock block = ReadBlock(part, whole);
  part = {};
  const int32_t mask = (1 << tile.image->bit_depth) - 1;
  const int largest = tile.image->largest();
  bool fits = true;
  for (int c = 0; c < channels; ++c) {
    Channel channel(block, c);
    const int32_t corner = first[static_cast<size_t>(c)];
    for (int y = 0; y < block.height; ++y) {
      for (int x = 0; x < block.width; ++x) {
        const int32_t v =
            (channel.Plane(x, y, corner) + channel.At(x, y) + least[static_cast<size_t>(c)]) & mask;
        channel.At(x, y) = static_cast<uint16_t>(v);
        fits &= v <= largest;
      }
    }
  }
  Require(fits, ErrorCode::kCorrupt, "sample outside its range");
  WriteBlock(block, tile.rect, 0, tile.image);
}

// Of the tile of differences apart from its coder's, which is looked at as if it were the tile.
uint64_t Memory(const TileNeeds& tile) {
  return uint64_t{4} * static_cast<uint64_t>(tile.kind.channels) *
         static_cast<uint64_t>(tile.width) * static_cast<uint64_t>(tile.height);
}

}  // namespace

std::optional<Differences> TakeDifferences(const Image& image, const Rect& rect) {
  if (!Takes(image)) return std::nullopt;
  SampleBlock block = ReadBlock(image, rect);
  const int width = block.width, height = block.height;
  int64_t steps = 0, differences = 0;
  int32_t span = 0;
  std::array<int32_t, 4> first{}, least{};
  for (int c = 0; c < block.channels; ++c) {
    Channel channel(block, c);
    int32_t low = INT32_MAX, high = INT32_MIN;
    const int32_t corner = channel.At(0, 0);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const int32_t v = channel.At(x, y);
        const int32_t d = Centred(v - channel.Plane(x, y, corner), block.bit_depth);
        steps += std::abs(v - channel.At(std::max(x - 1, 0), y));
        differences += std::abs(d);
        low = std::min(low, d);
        high = std::max(high, d);
      }
    }
    first[static_cast<size_t>(c)] = corner;
    least[static_cast<size_t>(c)] = low;
    span = std::max(span, high - low);
  }
  const int bits = std::max(kFewestBits, static_cast<int>(std::bit_width(uint32_t(span))));
  if (steps == 0 || 100 * differences > kSmaller * steps || bits >= block.bit_depth) {
    return std::nullopt;
  }

  Differences result{KindWith(image, rect, bits), {}};
  ByteWriter head;
  head.Put(static_cast<uint8_t>(TileMode::kDifferences));
  head.Put(static_cast<uint8_t>((bits - 1) | (block.channels - 1) << 4));
  for (int c = 0; c < block.channels; ++c) {
    Channel channel(block, c);
    const int32_t corner = first[static_cast<size_t>(c)];
    head.Put(static_cast<uint16_t>(corner));
    head.Put(static_cast<uint16_t>(least[static_cast<size_t>(c)]));
    // From the last one on: what comes before a sample is still there.
    for (int y = height - 1; y >= 0; --y) {
      for (int x = width - 1; x >= 0; --x) {
        const int32_t d = Centred(channel.At(x, y) - channel.Plane(x, y, corner), block.bit_depth);
        channel.At(x, y) = static_cast<uint16_t>(d - least[static_cast<size_t>(c)]);
      }
    }
  }
  block.bit_depth = bits;
  WriteBlock(block, {0, 0, rect.width, rect.height}, 0, &result.image);
  result.head = head.Take();
  return result;
}

ByteSpan PayloadOfDifferences(ByteSpan bytes) {
  if (bytes.empty()) return {};
  const size_t head = 1 + size_t{4} * ((bytes[0] >> 4) + 1);
  return bytes.size() > head ? bytes.subspan(head) : ByteSpan();
}

const TileCoder kDifferencesCoder = {
    .name = "differences", .takes = Takes, .decode = Decode, .memory = Memory};

}  // namespace flowzip
