// SPDX-License-Identifier: BSD-3-Clause
// Pictures of every kind through the whole codec: samples, palette, metadata, regions, scales.
#include <catch2/catch.hpp>

#include "codec/api/codec.h"
#include "codec/coders/contexts/context_coder.h"
#include "rans/binary_coder.h"
#include "tests/picture_kinds.h"

namespace flowzip {
namespace {

using testing::Kind;
using testing::OfKind;
using testing::Random;
using testing::RepeatGray;

const Model& Tiny() {
  static const Model model = testing::TinyModel(1);
  return model;
}

std::vector<uint8_t> EncodeBy(const Image& image, Coding coding, int tile_log2 = 10, int jobs = 1) {
  EncodeOptions options;
  options.model = &Tiny();
  options.coding = coding;
  options.tile_log2 = tile_log2;
  options.jobs = jobs;
  return Encode(image, options);
}

DecodeOptions Options() {
  DecodeOptions options;
  options.model_override = &Tiny();
  return options;
}

void RoundTrip(const Image& image, Coding coding, int tile_log2 = 10) {
  CAPTURE(image.width, image.height, image.channels, image.bit_depth, image.indexed, tile_log2);
  REQUIRE(SameImage(Decode(EncodeBy(image, coding, tile_log2), Options()), image));
}

std::vector<Kind> AllKinds() {
  std::vector<Kind> kinds;
  for (int content = 0; content < 5; ++content) {
    for (int channels = 1; channels <= 4; ++channels) {
      for (const int depth : {1, 2, 4, 7, 8, 10, 16}) {
        kinds.push_back({channels, depth, content, false, content == 1});
        if (channels == 1 && depth <= 8) kinds.push_back({channels, depth, content, true});
      }
    }
  }
  return kinds;
}

TEST_CASE("all kinds and contents at odd sizes") {
  for (const Kind& kind : AllKinds()) {
    for (const auto& [width, height] :
         {std::pair{1, 1}, {1, 9}, {10, 1}, {2, 2}, {7, 5}, {33, 19}}) {
      RoundTrip(OfKind(kind, width, height, width), Coding::kSmallest);
      RoundTrip(OfKind(kind, width, height, width), Coding::kNetwork, 4);
      RoundTrip(OfKind(kind, width, height, width), Coding::kContexts, 4);
    }
  }
}

TEST_CASE("metadata come back, in their order") {
  for (const bool indexed : {false, true}) {
    const Image image =
        testing::WithMetadata(OfKind({1, 8, 1, indexed, true}, 20, 30, indexed ? 1 : 2));
    RoundTrip(image, Coding::kSmallest);
    Image stripped = image;
    StripMetadata(stripped);
    CHECK(stripped.chunks.size() == (indexed ? 1 : 0));
    RoundTrip(stripped, Coding::kSmallest);
    CHECK(EncodeBy(stripped, Coding::kSmallest).size() < EncodeBy(image, Coding::kSmallest).size());
  }
}

TEST_CASE("a stripped palette has the colours that there are, in their order") {
  Image image;
  image.width = 5;
  image.height = 2;
  image.channels = 1;
  image.indexed = true;
  image.samples = {4, 4, 1, 4, 1, 1, 6, 6, 4, 1};
  std::vector<uint8_t> colours;
  for (uint8_t i = 0; i < 24; ++i) colours.push_back(i);
  const std::vector<uint8_t> alphas = {0, 10, 20, 30, 255, 50};
  image.chunks = {MakeChunk("PLTE", colours), MakeChunk("tRNS", alphas)};
  const Image before = image;
  StripMetadata(image);
  CHECK(image.samples == Samples{1, 1, 0, 1, 0, 0, 2, 2, 1, 0});
  CHECK(FindChunk(image, "PLTE")->data == std::vector<uint8_t>{3, 4, 5, 12, 13, 14, 18, 19, 20});
  CHECK(FindChunk(image, "tRNS")->data == std::vector<uint8_t>{10});
  RoundTrip(image, Coding::kSmallest);
  Image opaque = before;
  opaque.chunks[1].data = {0, 255, 0};
  StripMetadata(opaque);
  CHECK(FindChunk(opaque, "tRNS") == nullptr);
  Image broken = before;  // refused later
  broken.samples[3] = 8;
  StripMetadata(broken);
  CHECK(broken.samples[0] == 4);
}

TEST_CASE("bytes do not depend on the number of jobs") {
  Image image = OfKind({3, 8, 1}, 150, 100, 5);
  const Image scene = testing::Scene(150, 100, 3, 6);
  std::copy_n(scene.samples.begin() + 450 * 40, 450 * 60, image.samples.begin() + 450 * 40);
  const auto one = EncodeBy(image, Coding::kSmallest, 5, 1);
  CHECK(EncodeBy(image, Coding::kSmallest, 5, 3) == one);
  DecodeOptions options = Options();
  options.jobs = 3;
  CHECK(SameImage(Decode(one, options), image));
}

TEST_CASE("small tiles, coded in all ways side by side, come out the same however they race") {
  for (int content = 0; content < 5; ++content) {
    for (const int channels : {1, 3, 4}) {
      const Image image = OfKind({channels, 8, content}, 60, 50, 8);
      for (const Coding coding : {Coding::kFast, Coding::kSmallest, Coding::kThorough}) {
        CAPTURE(content, channels);
        const auto alone = EncodeBy(image, coding, 10, 1);
        for (int round = 0; round < 3; ++round) {
          REQUIRE(EncodeBy(image, coding, 10, 2) == alone);
          REQUIRE(EncodeBy(image, coding, 10, 4) == alone);
        }
      }
    }
  }
}

TEST_CASE("contexts are given up as soon as they are too large, and not before") {
  const Image image = OfKind({3, 8, 3}, 40, 30, 5);
  SampleBlock block{40, 30, 3, 8, {}};
  block.samples.assign(image.samples.begin(), image.samples.end());
  const ContextOptions options{.candidates = 4};
  const std::vector<uint8_t> stream = EncodeContexts(block, options);
  const auto within = [&](size_t limit) {
    size_t asked = 0;
    const auto result = TryContexts(block, options, [&](size_t bytes) {
      asked = bytes;
      return bytes <= limit;
    });
    CHECK(asked <= stream.size());
    return result;
  };
  CHECK(within(stream.size()) == stream);
  CHECK(within(SIZE_MAX) == stream);
  CHECK_FALSE(within(stream.size() / 2).has_value());
  CHECK_FALSE(within(0).has_value());
}

TEST_CASE("the smallest way is taken, and without the model no model is named") {
  for (const Kind& kind : {Kind{3, 8, 1}, Kind{3, 8, 2}, Kind{4, 8, 3}, Kind{1, 8, 0}}) {
    const Image image = OfKind(kind, 60, 50, 8);
    const size_t smallest = EncodeBy(image, Coding::kSmallest).size();
    CHECK(smallest <= EncodeBy(image, Coding::kNetwork).size());
    CHECK(smallest <= EncodeBy(image, Coding::kContexts).size());
    CHECK(smallest <= image.samples.size() + 64);
  }
  const auto drawing = EncodeBy(OfKind({3, 8, 1}, 60, 50, 8), Coding::kContexts);
  CHECK(Probe(drawing).model_hash == 0);
  CHECK_NOTHROW(Decode(drawing, {}));
}

// Pixels of `image` in `region` whose column and row are multiples of 2^scale_log2.
Samples Expected(const Image& image, const Rect& region, int scale_log2) {
  Samples samples;
  const size_t pixel = image.pixel_bytes();
  const uint32_t mask = (1u << scale_log2) - 1;
  for (uint32_t y = region.y; y < region.y + region.height; ++y) {
    for (uint32_t x = region.x; x < region.x + region.width; ++x) {
      if ((x & mask) != 0 || (y & mask) != 0) continue;
      const auto at =
          image.samples.begin() + static_cast<ptrdiff_t>(y * image.row_bytes() + x * pixel);
      samples.insert(samples.end(), at, at + static_cast<ptrdiff_t>(pixel));
    }
  }
  return samples;
}

TEST_CASE("alpha that equals the first channel costs nothing") {
  Image image = OfKind({2, 8, 3}, 75, 53, 2);
  const size_t apart = EncodeBy(image, Coding::kNetwork).size();
  RepeatGray(image);
  RoundTrip(image, Coding::kNetwork, 4);
  const size_t same = EncodeBy(image, Coding::kNetwork).size();
  Image gray{75, 53, 1, 8};
  for (size_t i = 0; i < image.samples.size(); i += 2) gray.samples.push_back(image.samples[i]);
  CHECK(same < apart);
  CHECK(same <= EncodeBy(gray, Coding::kNetwork).size() + 2);
  image.samples[1] ^= 1;  // one pixel that differs
  RoundTrip(image, Coding::kNetwork, 4);
}

TEST_CASE("regions and scales are crops and decimations of the whole picture") {
  Random random(4);
  for (const Kind& kind :
       {Kind{3, 8, 3}, Kind{4, 8, 3}, Kind{2, 8, 3}, Kind{1, 4, 1, true}, Kind{3, 16, 3}}) {
    for (const Coding coding : {Coding::kNetwork, Coding::kContexts}) {
      Image image = OfKind(kind, 75, 53, 2);
      if (kind.channels == 2) RepeatGray(image);
      const auto file = EncodeBy(image, coding, random.Between(4, 7));
      for (int trial = 0; trial < 12; ++trial) {
        DecodeOptions options = Options();
        options.scale_log2 = trial % 4;
        Rect region{0, 0, 75, 53};
        if (trial > 3) {
          region.x = random.Between(0, 60);
          region.y = random.Between(0, 40);
          region.width = random.Between(8, 75 - region.x);
          region.height = random.Between(8, 53 - region.y);
          options.region = region;
        }
        CAPTURE(region.x, region.y, region.width, region.height, options.scale_log2);
        const Image part = Decode(file, options);
        REQUIRE(part.samples == Expected(image, region, options.scale_log2));
        REQUIRE(part.samples.size() == part.row_bytes() * part.height);
        REQUIRE(part.chunks == image.chunks);
      }
    }
  }
}

TEST_CASE("regions and scales that cannot be are refused") {
  const auto file = EncodeBy(OfKind({3, 8, 1}, 20, 10, 1), Coding::kContexts);
  const auto fails = [&](const Rect& region, int scale_log2) {
    DecodeOptions options = Options();
    options.region = region;
    options.scale_log2 = scale_log2;
    try {
      Decode(file, options);
    } catch (const Error& error) {
      return error.code() == ErrorCode::kInvalidArgument;
    }
    return false;
  };
  CHECK(fails({0, 0, 21, 1}, 0));
  CHECK(fails({20, 0, 1, 1}, 0));
  CHECK(fails({0, 5, 1, 6}, 0));
  CHECK(fails({0, 5, 1, 0}, 0));
  CHECK(fails({1, 0, UINT32_MAX, 1}, 0));
  CHECK(fails({}, 4));
  CHECK(fails({}, -1));
  CHECK(fails({1, 1, 1, 1}, 1));
  CHECK_FALSE(fails({19, 9, 1, 1}, 0));
}

TEST_CASE("the binary coder gives back any bits under any probabilities") {
  Random random(9);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<std::pair<int, uint32_t>> bits(random.Between(0, 400));
    BinaryEncoder encoder;
    size_t least = 0;
    for (auto& [bit, p] : bits) {
      p = static_cast<uint32_t>(random.Between(0, 3) == 0   ? 1
                                : random.Between(0, 3) == 0 ? 65535
                                                            : random.Between(1, 65535));
      bit = static_cast<uint32_t>(random.Between(0, 65535)) < p || random.Between(0, 50) == 0;
      encoder.Code(bit, p);
      CHECK(least <= encoder.least_size());
      least = encoder.least_size();
    }
    std::vector<uint8_t> stream = encoder.Finish();
    CHECK(least <= stream.size());
    BinaryDecoder decoder(stream);
    for (const auto& [bit, p] : bits) REQUIRE(decoder.Code(0, p) == bit);
    CHECK_NOTHROW(decoder.CheckEnd());
    stream.insert(stream.end(), 9, 1);
    BinaryDecoder longer(stream);
    for (const auto& [bit, p] : bits) longer.Code(0, p);
    CHECK_THROWS_AS(longer.CheckEnd(), Error);
  }
}

TEST_CASE("even bits come back between others, however narrow the interval is") {
  Random random(10);
  int narrow = 0;
  for (int trial = 0; trial < 200; ++trial) {
    // What the encoder's interval is, by its own rules: chances are chosen that keep the middle of
    // all numbers inside, where no byte is ever settled and the interval becomes narrow.
    uint64_t low = 0, high = ~uint64_t{0};
    bool followed = true;
    struct Step {
      int count;  // of even bits; 0: one bit of chance p
      uint32_t value, p;
    };
    std::vector<Step> steps;
    BinaryEncoder encoder;
    for (int i = 0; i < 60; ++i) {
      const uint64_t middle = uint64_t{1} << 63;
      const bool straddles = (low ^ high) >> 63 != 0 && high - low > uint64_t{1} << 20;
      if (followed && straddles && random.Between(0, 40) != 0) {
        auto p = static_cast<uint32_t>(
            std::clamp<uint64_t>((middle - low) / ((high - low) / 65536 + 1), 1, 65534));
        if (binary_coder::Split(low, high, p) + 1 == middle) ++p;
        const uint64_t split = binary_coder::Split(low, high, p);
        const int bit = split >= middle ? 1 : 0;
        (bit != 0 ? high : low) = bit != 0 ? split : split + 1;
        steps.push_back({0, static_cast<uint32_t>(bit), p});
        encoder.Code(bit, p);
      } else {
        const int count = random.Between(1, 16);
        const auto value = static_cast<uint32_t>(random.Between(0, (1 << count) - 1));
        narrow += followed && binary_coder::IsNarrow(low, high) ? 1 : 0;
        followed = false;
        steps.push_back({count, value, 0});
        encoder.CodeEven(value, count);
      }
    }
    const std::vector<uint8_t> stream = encoder.Finish();
    BinaryDecoder decoder(stream);
    for (const Step& step : steps) {
      const uint32_t got = step.count > 0 ? decoder.CodeEven(0, step.count)
                                          : static_cast<uint32_t>(decoder.Code(0, step.p));
      REQUIRE(got == step.value);
    }
    CHECK_NOTHROW(decoder.CheckEnd());
  }
  CHECK(narrow > 100);
}

TEST_CASE("noise takes no more than its samples") {
  for (const auto& [width, height] : {std::pair{20, 20}, {64, 64}, {150, 130}}) {
    for (const int channels : {1, 3}) {
      const Image image = testing::Noise(width, height, channels, 5);
      EncodeOptions options;
      const Model model = testing::TinyModel(1);
      options.model = &model;
      const std::vector<uint8_t> file = Encode(image, options);
      CAPTURE(width, height, channels);
      CHECK(file.size() <= image.samples.size() + 60);
    }
  }
}

TEST_CASE("the samples of a gray photograph are no palette") {
  // 230 values of a slope with noise; more pixels than are tried both ways.
  Image image{200, 150, 1, 8};
  Random random(7);
  for (int y = 0; y < 150; ++y) {
    for (int x = 0; x < 200; ++x) {
      image.samples.push_back(static_cast<uint8_t>(10 + x + y / 5 + random.Between(0, 5)));
    }
  }
  const std::vector<uint8_t> file = EncodeBy(image, Coding::kContexts);
  CHECK(SameImage(Decode(file, Options()), image));
  CHECK(static_cast<double>(file.size()) < 0.455 * static_cast<double>(image.samples.size()));
}

TEST_CASE("damaged context streams are errors, or by chance the same samples") {
  Random random(10);
  int refused = 0;
  for (int trial = 0; trial < 300; ++trial) {
    const Kind kind{random.Between(1, 4), trial % 2 ? 8 : 16, 1 + trial % 4};
    const Image image = OfKind(kind, 20, 15, trial);
    const auto file = EncodeBy(image, Coding::kContexts);
    const FileInfo info = ParseHeader(file);
    const TileBlock block = SplitTiles(info, file)[0];
    std::vector<uint8_t> payload(block.payload.begin(), block.payload.end());
    payload[random.Between(0, static_cast<int>(payload.size()) - 1)] ^=
        static_cast<uint8_t>(1 << random.Between(0, 7));
    FileInfo changed = info;
    changed.is_short = false;  // short files have no pixel checksum
    changed.payload_bytes = {payload.size()};
    std::vector<uint8_t> forged = SerializeHeader(changed);
    AppendTile(0, PixelChecksum(image, info.TileRect(0), 0), payload, forged);
    // A copy may have become one from elsewhere that is the same.
    try {
      const Image decoded = Decode(forged, Options());
      CHECK(SameImage(decoded, image));
    } catch (const Error&) {
      ++refused;
    }
  }
  CHECK(refused > 295);
}

}  // namespace
}  // namespace flowzip
