// SPDX-License-Identifier: BSD-3-Clause
// The network coder: what comes back, the same bytes on every way, and that nothing in a file or
// in a model does harm.
#include "codec/coders/network/network_coder.h"

#include <catch2/catch.hpp>

#include "codec/api/codec.h"
#include "codec/tiles/tile_modes.h"
#include "tests/any_picture.h"
#include "tests/codec_options.h"
#include "tests/every_target.h"
#include "tests/tiny_model.h"

namespace flowzip {
namespace {

using testing::Random;

const Model& TinyFlow() {
  static const Model model = testing::TinyModel(1);
  return model;
}

// Planes whose samples are made by fn(channel, x, y), and their ranges.
struct Tile {
  NetworkPlanes planes;
  NetworkRanges ranges;
  int channels;

  template <class Fn>
  Tile(int width, int height, int channel_count, const Fn& fn) : channels(channel_count) {
    for (int c = 0; c < channels; ++c) {
      RasterPlane& plane = planes[static_cast<size_t>(c)];
      SampleRange& range = ranges[static_cast<size_t>(c)];
      plane = NewRasterPlane(width, height);
      range = {INT16_MAX, INT16_MIN};
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          const int32_t v = fn(c, x, y);
          plane.Row(y)[x] = static_cast<int16_t>(v);
          range.min = std::min(range.min, v);
          range.max = std::max(range.max, v);
        }
      }
    }
  }
  int width() const { return planes[0].width(); }
  int height() const { return planes[0].height(); }

  std::vector<uint8_t> Encode(const FlowModel& flow, const NetworkWay& way = {},
                              int threads = 1) const {
    ThreadPool pool(threads);
    return EncodeNetwork(flow, planes, channels, way, ranges, pool, {});
  }
  bool Decodes(const FlowModel& flow, const std::vector<uint8_t>& bytes, const NetworkWay& way = {},
               int threads = 1) const {
    ThreadPool pool(threads);
    const NetworkPlanes out =
        DecodeNetwork(flow, bytes, channels, way, ranges, width(), height(), pool, {});
    bool same = true;
    for (int c = 0; c < channels; ++c) {
      for (int y = 0; y < height(); ++y) {
        const int16_t* row = planes[static_cast<size_t>(c)].Row(y);
        same = same && std::equal(row, row + width(), out[static_cast<size_t>(c)].Row(y));
      }
    }
    return same;
  }
};

Tile Smooth(int width, int height, int channels, uint32_t seed, int32_t scale = 1) {
  Random random(seed);
  return Tile(width, height, channels, [&](int c, int x, int y) {
    const int wave = (x * 5 + y * 3) % 90 + (x / 11 + y / 7) % 3 * 20;
    return scale * ((c == 0 ? 60 : -30) + wave / (c + 1) + random.Between(-3, 3));
  });
}

Tile Noise(int width, int height, int channels, uint32_t seed, int32_t min, int32_t max) {
  Random random(seed);
  return Tile(width, height, channels, [&](int, int, int) { return random.Between(min, max); });
}

// All ways to code a tile of so many channels.
std::vector<NetworkWay> Ways(int channels) {
  std::vector<NetworkWay> ways;
  for (const bool adaptive : {false, true}) {
    ways.push_back({.adaptive = adaptive});
    for (int squeeze = 1; channels == 3 && squeeze < kSqueezes; ++squeeze) {
      for (const bool means : {false, true}) {
        ways.push_back({.squeeze = squeeze, .adaptive = adaptive, .means = means});
      }
    }
  }
  if (channels == 3) {
    for (const PlaneColours colours : {PlaneColours::kLifted, PlaneColours::kGreenFirst}) {
      for (const bool adaptive : {false, true}) {
        ways.push_back({.adaptive = adaptive, .colours = colours});
      }
    }
  }
  return ways;
}

TEST_CASE("planes come back, for any way and any sides") {
  const FlowModel& flow = TinyFlow().flow;
  for (const auto& [width, height] : {std::pair{1, 1}, {2, 1}, {1, 2}, {3, 3}, {1, 40}, {70, 1},
                                      {16, 17}, {63, 31}, {64, 33}, {131, 50}}) {
    for (const int channels : {1, 3}) {
      for (const NetworkWay& way : Ways(channels)) {
        CAPTURE(width, height, channels, way.squeeze, way.adaptive, way.means, int(way.colours));
        for (const Tile& tile : {Smooth(width, height, channels, 1),
                                 Noise(width, height, channels, 2, 0, 255),
                                 Noise(width, height, channels, 3, -32768, 32767),
                                 Smooth(width, height, channels, 4, 140)}) {
          CHECK(tile.Decodes(flow, tile.Encode(flow, way), way));
        }
      }
    }
  }
}

// Large enough for sixteen states a plane, and for planes to run side by side.
TEST_CASE("the same bytes, and the same planes, on any number of threads") {
  const FlowModel& flow = TinyFlow().flow;
  for (const auto& [width, height] : {std::pair{230, 150}, {601, 129}}) {
    const Tile tile = Smooth(width, height, 3, 5);
    for (const NetworkWay& way : Ways(3)) {
      CAPTURE(width, height, way.squeeze, way.adaptive, way.means);
      const std::vector<uint8_t> bytes = tile.Encode(flow, way);
      for (const int threads : {1, 2, 3}) {
        CAPTURE(threads);
        CHECK(tile.Encode(flow, way, threads) == bytes);
        CHECK(tile.Decodes(flow, bytes, way, threads));
      }
    }
  }
}

TEST_CASE("constant channels take no bytes") {
  const FlowModel& flow = TinyFlow().flow;
  for (int constant = 0; constant < 8; ++constant) {
    Random random(6);
    const Tile tile(45, 37, 3, [&](int c, int, int) {
      const int v = random.Between(-20, 20);
      return (constant >> c & 1) != 0 ? 7 * c : v;
    });
    for (const NetworkWay& way : Ways(3)) {
      CAPTURE(constant, way.squeeze, way.adaptive);
      const std::vector<uint8_t> bytes = tile.Encode(flow, way, 2);
      CHECK(bytes.empty() == (constant == 7));
      CHECK(tile.Decodes(flow, bytes, way, 2));
    }
  }
}

// Narrow mixtures far from what comes: every sample is an escape, and every escape has its bits.
TEST_CASE("escapes") {
  FlowModel flow = TinyFlow().flow;
  for (ChannelNet& channel : flow.nets) {
    DenseLayer& last = channel.net.layers.back();
    const int k = channel.net.components;
    for (int i = 0; i < 3 * k; ++i) {
      last.bias[static_cast<size_t>(i)] = (i < k ? 0 : i < 2 * k ? 30000 : -20000) * 1024;
    }
    last.Prepare(kMaxHidden);
  }
  for (const Tile& tile : {Noise(50, 40, 3, 7, 0, 255), Noise(50, 40, 1, 8, -32768, 32767),
                           Noise(300, 120, 1, 9, -900, 900)}) {
    const std::vector<uint8_t> bytes = tile.Encode(flow);
    CHECK(tile.Decodes(flow, bytes));
    CHECK(bytes.size() > tile.Encode(TinyFlow().flow).size());
    CHECK(tile.Decodes(flow, tile.Encode(flow, {0, true}), {0, true}));
  }
}

// Whatever a model file that was accepted holds: with UndefinedBehaviorSanitizer, the proof that
// nothing overflows.
TEST_CASE("models at the limits of what is accepted code without loss") {
  for (uint32_t seed = 0; seed < 4; ++seed) {
    FlowModel flow = testing::RandomFlow(seed, {8, 1, 8});
    Random random(seed);
    for (ChannelNet& channel : flow.nets) {
      const auto count = static_cast<int>(channel.scale_weights.size());
      const int32_t most = std::min(255, kMaxScaleWeight / count);
      for (uint8_t& w : channel.scale_weights) w = static_cast<uint8_t>(seed % 2 == 0 ? most : 0);
      for (size_t l = 0; l < channel.net.layers.size(); ++l) {
        DenseLayer& layer = channel.net.layers[l];
        layer.shift = random.Between(1, 20);
        const int32_t largest = l == 0 ? kMaxFeature : kMaxHidden;
        const int64_t room = (int64_t{1} << 31) - kMaxHidden - (1 << (layer.shift - 1)) - 1;
        const auto weight = static_cast<int16_t>(
            std::min<int64_t>(32767, room / 2 / (int64_t{layer.inputs} * largest)));
        for (int16_t& w : layer.weight) w = random.Between(0, 1) != 0 ? weight : int16_t(-weight);
        for (int32_t& b : layer.bias) b = static_cast<int32_t>(random.Between(0, 1) != 0 ? room / 2 : -room / 2);
      }
    }
    ByteWriter writer;
    flow.Write(writer);
    ByteReader reader(writer.bytes());
    const FlowModel read = FlowModel::Read(reader);
    for (const Tile& tile : {Noise(21, 18, 3, seed, 0, 1), Noise(21, 18, 3, seed, -511, 512),
                             Noise(40, 17, 3, seed, -32768, 32767), Smooth(30, 20, 3, seed)}) {
      for (const NetworkWay& way : Ways(tile.channels)) {
        CHECK(tile.Decodes(read, tile.Encode(read, way), way));
      }
    }
  }
}

TEST_CASE("damaged planes are an error or other planes, nothing else") {
  const FlowModel& flow = TinyFlow().flow;
  for (const auto& example : {std::pair{Smooth(52, 41, 3, 10), NetworkWay{}},
                                  {Smooth(34, 29, 3, 11), {2}},
                                  {Noise(30, 20, 1, 12, -32768, 32767), {}},
                                  {Smooth(34, 29, 3, 13), {1, true}},
                                  {Noise(22, 20, 1, 14, -32768, 32767), {0, true}}}) {
    const Tile& tile = example.first;
    const NetworkWay& way = example.second;
    std::vector<uint8_t> bytes = tile.Encode(flow, way);
    int refused = 0, changes = 0;
    const auto refuses = [&](const std::vector<uint8_t>& damaged, int threads) {
      try {
        tile.Decodes(flow, damaged, way, threads);
      } catch (const Error& error) {
        CHECK((error.code() == ErrorCode::kCorrupt || error.code() == ErrorCode::kTruncated));
        return static_cast<int>(error.code());
      }
      return 0;
    };
    for (size_t i = 0; i < bytes.size(); i += 1 + i / 24) {
      for (const uint8_t flip : {0x01, 0x80, 0xFF}) {
        bytes[i] ^= flip;
        ++changes;
        const int code = refuses(bytes, 1);
        refused += code != 0 ? 1 : 0;
        if (i % 5 == 0) CHECK(refuses(bytes, 3) == code);  // for any number of threads
        bytes[i] ^= flip;
      }
    }
    // Binary decisions go on with whatever comes: an adaptive plane is refused at its end, mostly.
    CHECK(refused > changes / (way.adaptive ? 8 : 2));
    for (size_t size = 0; size < bytes.size(); size += 1 + size / 16) {
      CHECK(refuses({bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size)}, 2) != 0);
    }
  }
}

void RoundTrip(const Image& image, int tile_log2, Coding coding = Coding::kNetwork) {
  CAPTURE(image.width, image.height, image.channels, image.bit_depth, tile_log2);
  EncodeStats stats;
  const std::vector<uint8_t> file =
      Encode(image, testing::To(TinyFlow(), 1, tile_log2, coding), &stats);
  const auto mode = image.has_alpha() ? TileMode::kNetworkAlpha : TileMode::kNetwork;
  REQUIRE(stats.tiles.mode_tiles[size_t(mode)] == stats.info.tile_count());
  REQUIRE(stats.info.model_hash == TinyFlow().hash());
  REQUIRE(Decode(file, testing::From(TinyFlow())).samples == image.samples);
}

TEST_CASE("any picture comes back") {
  testing::ForEachPicture(10, [](const Image& image, int tile_log2) {
    RoundTrip(image, tile_log2);
  });
  testing::ForEachPicture(3, [](const Image& image, int tile_log2) {
    RoundTrip(image, tile_log2, Coding::kAdaptive);
  });
}

TEST_CASE("deep pictures come back") {
  for (const int depth : {9, 10, 12, 15, 16}) {
    for (const int channels : {1, 2, 3, 4}) {
      for (const int content : {2, 3, 4}) {
        const Image image =
            testing::OfKind({channels, depth, content}, 37, 29, static_cast<uint32_t>(depth));
        RoundTrip(image, 5);
        if (depth % 5 == 0) RoundTrip(image, 5, Coding::kAdaptive);
      }
    }
  }
  Image pam = testing::OfKind({3, 10, 1}, 30, 20, 1);  // samples of at most 700
  pam.max_value = 700;
  for (size_t i = 0; i < pam.samples.size() / 2; ++i) {
    testing::SetSample(pam, i, static_cast<int>(i * 7 % 701));
  }
  RoundTrip(pam, 10);
}

TEST_CASE("colours that were interpolated are squeezed, and smaller for it") {
  for (const int conversion : {1, 2}) {
    const Image image = testing::Converted(testing::Scene(150, 101, 3, 9), conversion, 3, true);
    EncodeOptions options = testing::To(TinyFlow());
    RoundTrip(image, kDefaultTileLog2);
    const size_t recovered = Encode(image, options).size();
    options.recover_colour = false;
    CHECK(recovered < Encode(image, options).size());
  }
}

// Red and blue have been rounded to multiples of their own; green has not.
TEST_CASE("green first where lifting would mix what was rounded") {
  Image image = testing::Scene(160, 120, 3, 10);
  for (size_t i = 0; i < image.samples.size(); i += 3) {
    image.samples[i] = static_cast<uint8_t>(image.samples[i] / 16 * 16);
    image.samples[i + 2] = static_cast<uint8_t>(image.samples[i + 2] / 16 * 16);
  }
  for (const Coding coding : {Coding::kNetwork, Coding::kRaster}) {
    EncodeStats stats;
    const std::vector<uint8_t> file =
        Encode(image, testing::To(TinyFlow(), 1, kDefaultTileLog2, coding), &stats);
    CHECK(stats.tiles.conversion_tiles[size_t(ColourConversion::kGreenFirst)] == 1);
    CHECK(Decode(file, testing::From(TinyFlow())).samples == image.samples);
  }
}

TEST_CASE("colours of a JPEG decoder are smaller where it is known which those are") {
  // One pixel in six is none of them.
  const Image image = testing::Converted(testing::Scene(120, 100, 3, 12),
                                         int(ColourConversion::kJfif), 2000);
  const Tile green_first(120, 100, 3, [&](int c, int x, int y) {
    constexpr std::array<size_t, kChannels> kOrder{1, 0, 2};
    return image.samples[3 * (120 * size_t(y) + size_t(x)) + kOrder[size_t(c)]];
  });
  for (const bool adaptive : {false, true}) {
    const FlowModel& flow = TinyFlow().flow;
    const NetworkWay knows{.adaptive = adaptive, .colours = PlaneColours::kGreenFirst};
    const std::vector<uint8_t> bytes = green_first.Encode(flow, knows);
    CHECK(green_first.Decodes(flow, bytes, knows));
    CHECK(bytes.size() < 0.97 * double(green_first.Encode(flow, {.adaptive = adaptive}).size()));
  }
}

TEST_CASE("files are the same on every instruction set and for any number of threads") {
  for (const Image& image :
       {testing::Scene(300, 210, 3, 7), testing::OfKind({3, 16}, 90, 70, 8),
        testing::Converted(testing::Scene(200, 180, 3, 9), 2, 5, true)}) {
    for (const Coding coding : {Coding::kNetwork, Coding::kAdaptive}) {
      const std::vector<uint8_t> file = Encode(image, testing::To(TinyFlow(), 1, 7, coding));
      CHECK(Encode(image, testing::To(TinyFlow(), 3, 7, coding)) == file);
      testing::OnEveryTarget([&] {
        CHECK(Encode(image, testing::To(TinyFlow(), 2, 7, coding)) == file);
        CHECK(Decode(file, testing::From(TinyFlow(), 2)).samples == image.samples);
      });
    }
  }
}

TEST_CASE("bits are booked at their pixels") {
  for (const Image& image :
       {testing::Scene(120, 90, 3, 8), testing::OfKind({3, 16}, 90, 70, 8),
        testing::Converted(testing::Scene(121, 91, 3, 9), 2, 5, true)}) {
    for (const Coding coding : {Coding::kNetwork, Coding::kAdaptive}) {
      PixelBits bits;
      bits.Reset(image.width, image.height);
      EncodeOptions options = testing::To(TinyFlow());
      options.coding = coding;
      options.pixel_bits = &bits;
      const std::vector<uint8_t> file = Encode(image, options);
      double sum = 0;
      for (const float b : bits.bits) sum += b;
      CHECK(sum < 8.0 * static_cast<double>(file.size()));
      CHECK(sum > 8.0 * (static_cast<double>(file.size()) - 2500));  // header, filters, states
    }
  }
}

}  // namespace
}  // namespace flowzip
