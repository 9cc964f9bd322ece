// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/network/network_tile.h"

#include <algorithm>
#include <utility>

#include "codec/coders/network/adaptive_state.h"
#include "codec/coders/network/network_coder.h"
#include "codec/filters/fit_filters.h"
#include "codec/picture/sample_block.h"
#include "codec/planes/tile_planes.h"

namespace flowzip {
namespace {

bool IsAdaptive(ByteSpan payload) { return !payload.empty() && payload[0] == 1; }

constexpr int kDeepBits = 8;  // samples of more bits are deep
constexpr int32_t kDeepOffset = 32768;
constexpr int kTurnX = 4, kTurnY = 8;                      // bits beside the squeeze
constexpr std::array<int, kChannels> kDeepOrder{1, 0, 2};  // green, red, blue

// Of plane `c`, the channel of the picture.
int DeepChannel(int colors, int c) { return colors == 3 ? kDeepOrder[static_cast<size_t>(c)] : 0; }

TilePlanes ReadDeepTile(const Image& image, const Rect& rect, ByteWriter& head) {
  TilePlanes tile;
  const SampleBlock block = ReadBlock(image, rect);
  const int colors = ColorChannels(image);
  for (int c = 0; c < colors; ++c) {
    RasterPlane& plane = tile.planes[static_cast<size_t>(c)];
    plane = NewRasterPlane(block.width, block.height);
    SampleRange range{INT16_MAX, INT16_MIN};
    const uint16_t* from = block.samples.data() + DeepChannel(colors, c);
    for (int y = 0; y < block.height; ++y) {
      int16_t* row = plane.Row(y);
      for (int x = 0; x < block.width; ++x, from += block.channels) {
        const int32_t v = int32_t{*from} - kDeepOffset;
        range.min = std::min(range.min, v);
        range.max = std::max(range.max, v);
        row[x] = static_cast<int16_t>(v);
      }
    }
    tile.ranges[static_cast<size_t>(c)] = range;
    head.PutVarint(static_cast<uint64_t>(range.min + kDeepOffset));
    head.PutVarint(static_cast<uint64_t>(range.max - range.min));
  }
  return tile;
}

TilePlanes ReadDeepHead(int colors, int32_t largest, ByteReader& reader) {
  TilePlanes tile;
  for (int c = 0; c < colors; ++c) {
    const uint64_t min = reader.GetVarint(), span = reader.GetVarint();
    Require(min <= static_cast<uint64_t>(largest) && span <= static_cast<uint64_t>(largest) - min,
            ErrorCode::kCorrupt, "sample range out of bounds");
    tile.ranges[static_cast<size_t>(c)] = {static_cast<int32_t>(min) - kDeepOffset,
                                           static_cast<int32_t>(min + span) - kDeepOffset};
  }
  return tile;
}

void WriteDeepTile(const TilePlanes& tile, const Rect& rect, Image* image) {
  const int colors = ColorChannels(*image);
  for (int c = 0; c < colors; ++c) {
    const RasterPlane& plane = tile.planes[static_cast<size_t>(c)];
    SampleBlock block;
    block.width = plane.width();
    block.height = plane.height();
    block.channels = 1;
    block.bit_depth = image->bit_depth;
    block.samples.reserve(block.count());
    for (int y = 0; y < plane.height(); ++y) {
      for (int x = 0; x < plane.width(); ++x) {
        block.samples.push_back(static_cast<uint16_t>(plane.Row(y)[x] + kDeepOffset));
      }
    }
    WriteBlock(block, rect, DeepChannel(colors, c), image);
  }
}

// Of the samples between two others, whose columns (or rows) begin at `first`, how many are their
// mean, rounded either way.
double ShareOfMeans(const RasterPlane& plane, bool columns, int first) {
  const int dx = columns ? 1 : 0, dy = columns ? 0 : 1;
  int64_t means = 0, count = 0;
  for (int y = dy * (1 + first); y + dy < plane.height(); y += 2) {
    for (int x = dx * (1 + first); x + dx < plane.width(); x += 2) {
      const int32_t twice =
          2 * plane.Row(y)[x] - plane.Row(y - dy)[x - dx] - plane.Row(y + dy)[x + dx];
      means += twice >= -1 && twice <= 1 ? 1 : 0;
      ++count;
    }
  }
  return static_cast<double>(means) / static_cast<double>(std::max<int64_t>(count, 1));
}

// Planes turned over, so that what was stored lies on even columns and rows.
struct Turn {
  bool x = false, y = false;
};

void TurnOver(const Turn& turn, Planes& planes) {
  for (RasterPlane& plane : planes) {
    for (int y = 0; turn.x && y < plane.height(); ++y) {
      std::reverse(plane.Row(y), plane.Row(y) + plane.width());
    }
    for (int y = 0; turn.y && 2 * y + 1 < plane.height(); ++y) {
      std::swap_ranges(plane.Row(y), plane.Row(y) + plane.width(),
                       plane.Row(plane.height() - 1 - y));
    }
  }
}

// 2 or 1 where most chroma is interpolated exactly: PhotoCD's. (Kodak: 0.74 to 0.98; a smooth
// picture that is not: 0.6.)
int ExactSqueeze(const TilePlanes& tile, Turn* turn) {
  constexpr double kMost = 0.7;
  // Where the stored columns (or rows) begin: 0, 1, or -1 for nowhere.
  const auto first = [&](bool columns, int size) {
    for (int begin = 0; begin < 2; ++begin) {
      if (begin == 1 && size % 2 != 0) break;  // turning over would not change that
      bool most = true;
      for (int c = 1; c < kChannels; ++c) {
        most = most && ShareOfMeans(tile.planes[static_cast<size_t>(c)], columns, begin) > kMost;
      }
      if (most) return begin;
    }
    return -1;
  };
  const int column = first(true, tile.planes[0].width());
  if (column < 0) return 0;
  const int row = first(false, tile.planes[0].height());
  *turn = {column == 1, row == 1};
  return row < 0 ? 1 : 2;
}

// The squeeze with the fewest bits, as filters alone would have it.
int ChooseSqueeze(const TilePlanes& tile) {
  int best = 0;
  double least = 0;
  for (int squeeze = 0; squeeze < kSqueezes; ++squeeze) {
    const std::vector<OrderedPlane> order = OrderPlanes(kChannels, squeeze);
    std::vector<RasterPlane> planes;
    for (const OrderedPlane& plane : order) {
      planes.push_back(TakeLattice(tile.planes[static_cast<size_t>(plane.channel)], plane));
      const SampleRange& range = tile.ranges[static_cast<size_t>(plane.channel)];
      ExtendPlane(planes.back(), range);
    }
    double bits = 0;
    for (size_t i = 1; i < order.size(); ++i) {
      if (!order[i].coded) continue;
      PlaneRefs refs{};
      size_t count = 0;
      for (const int e : order[i].earlier) refs[count++] = &planes[static_cast<size_t>(e)];
      refs[count] = &planes[i];
      bits += EstimateFilterBits(refs, static_cast<int>(count),
                                 order[i].between ? FilterBase::kFirst : FilterBase::kOwn) /
              (order[i].step_x * order[i].step_y);
    }
    if (squeeze == 0 || bits < least) {
      least = bits;
      best = squeeze;
    }
  }
  return best;
}

bool AnyOf(const Ranges& ranges, int colors) {
  return std::any_of(ranges.begin(), ranges.begin() + colors,
                     [](const SampleRange& range) { return !range.constant(); });
}

}  // namespace

std::vector<uint8_t> EncodeNetworkTile(const FlowModel& model, const Image& image, const Rect& rect,
                                       ThreadPool& pool, bool recover_colour, bool adaptive,
                                       TileStats* stats, PixelBits* pixel_bits) {
  if (stats != nullptr) *stats = {};
  const bool deep = image.bit_depth > kDeepBits;
  const int colors = ColorChannels(image);
  ByteWriter payload;
  NetworkWay way;
  way.adaptive = adaptive;
  payload.Put(static_cast<uint8_t>(adaptive ? 1 : 0));
  TilePlanes tile = deep ? ReadDeepTile(image, rect, payload)
                         : ReadTile(image, rect, recover_colour, payload, stats);
  way.colours = deep ? PlaneColours::kOther : ColoursOf(colors, tile.colour.conversion);
  Turn turn;
  if (IsRecovered(tile.colour.conversion)) {
    way.squeeze = ExactSqueeze(tile, &turn);
    way.means = way.squeeze > 0;
    if (!way.means) way.squeeze = ChooseSqueeze(tile);
    payload.Put(static_cast<uint8_t>(way.squeeze | (turn.x ? kTurnX : 0) | (turn.y ? kTurnY : 0)));
    TurnOver(turn, tile.planes);
  }
  if (!AnyOf(tile.ranges, colors)) return payload.Take();
  payload.PutBytes(EncodeNetwork(model, std::move(tile.planes), colors, way, tile.ranges, pool,
                                 {stats, pixel_bits, rect, turn.x, turn.y}));
  return payload.Take();
}

void DecodeNetworkTile(const FlowModel& model, ByteSpan payload, const Rect& rect, Image* image,
                       ThreadPool& pool, TileStats* stats, PixelBits* pixel_bits) {
  if (stats != nullptr) *stats = {};
  const bool deep = image->bit_depth > kDeepBits;
  const int colors = ColorChannels(*image), width = static_cast<int>(rect.width),
            height = static_cast<int>(rect.height);
  ByteReader reader(payload);
  NetworkWay way;
  way.adaptive = IsAdaptive(payload);
  Require(reader.Get<uint8_t>() <= 1, ErrorCode::kCorrupt, "unknown way of network tiles");
  TilePlanes tile =
      deep ? ReadDeepHead(colors, image->largest(), reader) : ReadHead(colors, rect, reader, stats);
  way.colours = deep ? PlaneColours::kOther : ColoursOf(colors, tile.colour.conversion);
  Turn turn;
  if (IsRecovered(tile.colour.conversion)) {
    const uint8_t code = reader.Get<uint8_t>();
    turn = {(code & kTurnX) != 0, (code & kTurnY) != 0};
    way.squeeze = code & ~(kTurnX | kTurnY);
    Require(way.squeeze < kSqueezes, ErrorCode::kCorrupt, "unknown order of planes");
  }
  // Without a plane, nothing may follow: DecodeNetwork sees to it.
  tile.planes = DecodeNetwork(model, reader.GetBytes(reader.remaining()), colors, way, tile.ranges,
                              width, height, pool, {stats, pixel_bits, rect, turn.x, turn.y});
  TurnOver(turn, tile.planes);
  if (deep) return WriteDeepTile(tile, rect, image);
  for (int c = colors; c < kChannels; ++c) tile.planes[static_cast<size_t>(c)] = {};
  WriteTile(tile, rect, image);
}

namespace {

bool Takes(const Image& kind) { return kind.full_bytes() || (kind.bit_depth > 8 && !kind.indexed); }

std::vector<uint8_t> Encode(const TileSource& tile, Account& account) {
  return EncodeNetworkTile(tile.model.Get().flow, tile.image, tile.rect, tile.pool,
                           tile.recover_colour, tile.adaptive, account.wanted_stats(),
                           account.pixels);
}

void Decode(ByteSpan payload, const TileTarget& tile, Account& account) {
  DecodeNetworkTile(tile.model->flow, payload, tile.rect, tile.image, tile.pool,
                    account.wanted_stats(), account.pixels);
}

uint64_t Memory(const TileNeeds& tile) {
  const int width = tile.width, height = tile.height;
  // Values and residuals of a skewed plane, with what borders on its bands; samples, before and
  // after, the log of symbols, streams that grow by doubling. Squeezed planes have up to 3.5 times
  // a channel's sites together, for which the last has room.
  const uint64_t period = std::max<uint64_t>(static_cast<uint64_t>(width) + 8, 64);
  const uint64_t bands = static_cast<uint64_t>(height) / SkewedPlane::kLanes + 2;
  const uint64_t skewed = (period * bands + 128) * SkewedPlane::kPitch * 2 * sizeof(int32_t);
  const uint64_t samples = static_cast<uint64_t>(width + 32) * static_cast<uint64_t>(height + 32);
  // What fitting filters keeps of a plane's blocks of 16 x 16, of which it takes so many at most.
  const auto fit = [](uint64_t blocks) {
    return std::min<uint64_t>(blocks, 1400) * 4700 + (uint64_t{1} << 18);
  };
  const uint64_t blocks = samples / 256 + 1;
  const auto planes = static_cast<uint64_t>(ColorChannels(tile.kind));
  constexpr uint64_t kSqueezed = 8;  // so many of a quarter's size may be under way at once
  uint64_t bytes = planes * (skewed + samples * 28) +
                   std::max(planes * fit(blocks), planes > 1 ? kSqueezed * fit(blocks / 4) : 0);
  if (tile.adaptive) {  // errors, and what each plane has learnt
    bytes +=
        planes * skewed + std::max(planes * AdaptiveState::Memory(samples),
                                   planes > 1 ? kSqueezed * AdaptiveState::Memory(samples / 4) : 0);
  }
  return bytes;
}

}  // namespace

const TileCoder kNetworkCoder = {.name = "network",
                                 .needs_model = true,
                                 .colours_only = true,
                                 .takes = Takes,
                                 .decode = Decode,
                                 .adapts = IsAdaptive,
                                 .memory = Memory};

const TileEncoder kNetworkEncoder = {&kNetworkCoder, Encode};

}  // namespace flowzip
