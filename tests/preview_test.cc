// SPDX-License-Identifier: BSD-3-Clause
// The stored preview: what it costs, what it shows of every kind of picture, and what malformed
// ones do.
#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "codec/api/codec.h"
#include "codec/preview/average.h"
#include "flowzip/flowzip.h"
#include "tests/landscape.h"
#include "tests/picture_kinds.h"
#include "tests/with_preview.h"

namespace flowzip {
namespace {

using Bytes = std::vector<uint8_t>;

EncodeOptions Fast(bool preview) {
  EncodeOptions options;
  options.coding = Coding::kFast;
  options.preview = preview;
  options.jobs = 2;
  return options;
}

// The mean of a box by the definition, in one dimension after the other: of colours by alpha.
int MeanByHand(const Image& plain, const Rect& box, int c) {
  uint64_t sum = 0, weight = 0;
  const bool colour = plain.has_alpha() && c + 1 < plain.channels;
  for (uint32_t y = box.y; y < box.y + box.height; ++y) {
    for (uint32_t x = box.x; x < box.x + box.width; ++x) {
      const uint8_t* pixel = plain.At(x, y);
      const uint64_t alpha = colour ? pixel[plain.channels - 1] : 1;
      sum += pixel[c] * alpha;
      weight += alpha;
    }
  }
  return weight == 0 ? 0 : static_cast<int>((2 * sum + weight) / (2 * weight));
}

void CheckMeans(const Image& plain, const Image& averaged, uint32_t factor) {
  REQUIRE(averaged.width == (plain.width + factor - 1) / factor);
  REQUIRE(averaged.height == (plain.height + factor - 1) / factor);
  REQUIRE(averaged.channels == plain.channels);
  for (uint32_t y = 0; y < averaged.height; ++y) {
    for (uint32_t x = 0; x < averaged.width; ++x) {
      const Rect box{x * factor, y * factor, std::min(factor, plain.width - x * factor),
                     std::min(factor, plain.height - y * factor)};
      for (int c = 0; c < plain.channels; ++c) {
        REQUIRE(int{averaged.At(x, y)[c]} == MeanByHand(plain, box, c));
      }
    }
  }
}

TEST_CASE("means of boxes, whole and at the edges, with and without alpha") {
  ThreadPool pool(2);
  for (const int channels : {1, 2, 3, 4}) {
    const Image image = testing::OfKind({channels, 8, 2}, 37, 23, 5);
    for (const uint32_t factor : {1u, 2u, 5u, 16u, 100u}) {
      if (factor == 1 && channels % 2 == 0) continue;  // where alpha is 0, colours are gone
      CheckMeans(image, Averaged(image, factor, pool), factor);
    }
  }
}

TEST_CASE("depths, palettes and transparent colours are resolved") {
  ThreadPool pool(1);
  const Image deep = testing::OfKind({3, 16, 3}, 20, 10, 1);
  Image plain = testing::MakeImage(20, 10, 3);
  for (size_t i = 0; i < plain.samples.size(); ++i) {
    uint16_t sample;
    std::memcpy(&sample, &deep.samples[2 * i], 2);
    plain.samples[i] = static_cast<uint8_t>((sample * 255 + 32767) / 65535);
  }
  CheckMeans(plain, Averaged(deep, 3, pool), 3);

  Image bits = testing::OfKind({1, 1, 1}, 20, 10, 2);
  plain = testing::MakeImage(20, 10, 1);
  for (size_t i = 0; i < plain.samples.size(); ++i) plain.samples[i] = bits.samples[i] * 255;
  CheckMeans(plain, Averaged(bits, 4, pool), 4);

  Image palette = testing::OfKind({1, 8, 1, true}, 20, 10, 3);
  palette.chunks = {MakeChunk("PLTE", Bytes{1, 2, 3, 50, 60, 70, 250, 240, 230}),
                    MakeChunk("tRNS", Bytes{255, 9})};
  plain = testing::MakeImage(20, 10, 4);
  for (size_t i = 0; i < palette.samples.size(); ++i) {
    const size_t n = palette.samples[i] %= 3;
    for (size_t c = 0; c < 3; ++c) plain.samples[4 * i + c] = palette.chunks[0].data[3 * n + c];
    plain.samples[4 * i + 3] = n == 1 ? 9 : 255;
  }
  CheckMeans(plain, Averaged(palette, 2, pool), 2);
  palette.chunks.pop_back();
  CHECK(AveragedChannels(palette) == 3);

  Image key = testing::MakeImage(20, 10, 1);
  plain = testing::MakeImage(20, 10, 2);
  for (size_t i = 0; i < key.samples.size(); ++i) {
    key.samples[i] = plain.samples[2 * i] = static_cast<uint8_t>(i % 3 * 7);
    plain.samples[2 * i + 1] = i % 3 == 2 ? 0 : 255;
  }
  key.chunks = {MakeChunk("tRNS", Bytes{0, 14})};
  CheckMeans(plain, Averaged(key, 3, pool), 3);
}

TEST_CASE("a preview costs at most a two-hundredth, and is left out of small pictures") {
  const Image image = testing::Landscape(1200, 900, 3, 7);
  const Bytes with = Encode(image, Fast(true)), without = Encode(image, Fast(false));
  const FileInfo info = ParseHeader(with);
  REQUIRE(info.preview.channels == 3);
  CHECK(with.size() - without.size() <= without.size() / 200 + 16);
  CHECK(testing::WithPreview(with, std::nullopt) == without);
  CHECK(Decode(with, {}).samples == image.samples);
  // What it shows: the means, but for the bits that it leaves out.
  ThreadPool pool(1);
  const Image shown = DecodePreview(info, with), means = Averaged(image, info.preview.factor, pool);
  REQUIRE(shown.samples.size() == means.samples.size());
  for (size_t i = 0; i < means.samples.size(); ++i) {
    REQUIRE(std::abs(int{shown.samples[i]} - int{means.samples[i]}) <= 4);
  }
  CHECK(ParseHeader(Encode(testing::Landscape(1000, 900, 3, 7), Fast(true))).preview.channels == 0);
  // Of a photograph of 1.5 megapixels, large enough for a thumbnail of 256 pixels
  // (desktop/common/picture.cc).
  const FileInfo photo = ParseHeader(Encode(testing::Landscape(1400, 1050, 3, 7), Fast(true)));
  REQUIRE(photo.preview.channels == 3);
  CHECK(photo.preview_width() >= 256 / 3);
  CHECK(ParseHeader(Encode(testing::Flat(2000, 1000, 3, 9), Fast(true))).preview.channels == 0);
}

TEST_CASE("the bytes do not depend on the number of threads") {
  const Image image = testing::Landscape(1200, 900, 3, 8);
  EncodeOptions options = Fast(true);
  const Bytes two = Encode(image, options);
  options.jobs = 1;
  CHECK(Encode(image, options) == two);
}

TEST_CASE("by the C interface: of header and preview alone, into rows with gaps") {
  const Image image = testing::Landscape(1100, 1000, 3, 9);
  const Bytes file = Encode(image, Fast(true));
  const FileInfo info = ParseHeader(file);
  const Image expected = DecodePreview(info, file);
  const std::unique_ptr<flz_decoder, decltype(&flz_decoder_free)> decoder(flz_decoder_new(),
                                                                          flz_decoder_free);
  flz_info said;
  Bytes pixels(1000 * 1000, 77);
  CHECK(flz_decoder_preview(decoder.get(), pixels.data(), pixels.size(), 0) ==
        FLZ_INVALID_ARGUMENT);  // no file
  REQUIRE(flz_decoder_open(decoder.get(), file.data(), file.size(), &said) == FLZ_OK);
  CHECK(said.preview_width == expected.width);
  CHECK(said.preview_height == expected.height);
  REQUIRE(said.preview_channels == 3);
  const size_t end = said.header_bytes + said.preview_bytes;
  REQUIRE(flz_decoder_open(decoder.get(), file.data(), end, &said) == FLZ_OK);
  const size_t row = size_t{expected.width} * 3, stride = row + 5;
  REQUIRE(flz_decoder_preview(decoder.get(), pixels.data(), pixels.size(), stride) == FLZ_OK);
  for (uint32_t y = 0; y < expected.height; ++y) {
    REQUIRE(std::equal(expected.Row(y), expected.Row(y) + row, &pixels[y * stride]));
    REQUIRE(pixels[y * stride + row] == 77);
  }
  CHECK(flz_decoder_preview(decoder.get(), pixels.data(), row * expected.height - 1, 0) ==
        FLZ_INVALID_ARGUMENT);
  CHECK(flz_decoder_preview(decoder.get(), nullptr, 1000000, 0) == FLZ_INVALID_ARGUMENT);
  flz_decoder_set_max_memory(decoder.get(), 1000);
  CHECK(flz_decoder_preview(decoder.get(), pixels.data(), pixels.size(), 0) == FLZ_LIMIT);
  flz_decoder_set_max_memory(decoder.get(), 0);
  REQUIRE(flz_decoder_open(decoder.get(), file.data(), end - 1, &said) == FLZ_OK);
  CHECK(flz_decoder_preview(decoder.get(), pixels.data(), pixels.size(), 0) == FLZ_TRUNCATED);

  const Bytes none = testing::WithPreview(file, std::nullopt);
  REQUIRE(flz_decoder_open(decoder.get(), none.data(), none.size(), &said) == FLZ_OK);
  CHECK(said.preview_width + said.preview_height + said.preview_channels + said.preview_bytes == 0);
  CHECK(flz_decoder_preview(decoder.get(), pixels.data(), pixels.size(), 0) ==
        FLZ_INVALID_ARGUMENT);
}

TEST_CASE("a malformed preview is refused, and the picture decoded all the same") {
  ThreadPool pool(1);
  const Image image = testing::Scene(90, 70, 3, 4);
  const Bytes file = Encode(image, Fast(false));
  const Preview good = CodePreview(Averaged(image, 3, pool), 3, 2, pool);
  const auto code = [&](const Preview& preview) {
    const Bytes with = testing::WithPreview(file, preview);
    CHECK(Decode(with, {}).samples == image.samples);
    try {
      DecodePreview(ParseHeader(with), with);
    } catch (const Error& error) {
      return static_cast<int>(error.code());
    }
    return 0;
  };
  const auto payload = [&](const Bytes& bytes) {
    Preview preview = good;
    preview.payload = bytes;
    preview.info.payload_bytes = bytes.size();
    return preview;
  };
  const int corrupt = static_cast<int>(ErrorCode::kCorrupt);
  CHECK(code(good) == 0);
  CHECK(code(payload({})) == corrupt);
  CHECK(code(payload({0})) == corrupt);
  CHECK(code(payload({0, 1, 9, 9, 9})) == corrupt);  // constant, but of another checksum
  CHECK(code(payload({5, 1, 9, 9, 9})) == corrupt);  // too many bits
  CHECK(code(payload({2, 5, 0})) == corrupt);        // by the network
  CHECK(code(payload({2, 99})) == corrupt);
  Bytes finer = good.payload;
  finer[0] = 4;  // samples above 15
  CHECK(code(payload(finer)) == corrupt);
  Bytes cut = good.payload;
  cut.resize(cut.size() / 2);
  CHECK(code(payload(cut)) == corrupt);
  for (size_t i = 0; i < good.payload.size(); i += 3) {
    Bytes changed = good.payload;
    changed[i] ^= 1 << (i % 8);
    code(payload(changed));  // must not crash, whatever comes out
  }
  Preview other = good;
  other.info.channels = 1;
  CHECK(code(other) == corrupt);
}

TEST_CASE("headers cannot ask for a large preview") {
  const Bytes file = Encode(testing::Scene(300, 70, 3, 4), Fast(false));
  const auto refused = [&](const PreviewInfo& info) {
    try {
      ParseHeader(testing::WithPreview(file, Preview{info, {}, 0}));
    } catch (const Error& error) {
      return error.code() == ErrorCode::kCorrupt;
    }
    return false;
  };
  CHECK_FALSE(refused({3, 2, 0}));
  CHECK(refused({3, 1, 0}));  // 300 pixels
  CHECK(refused({5, 2, 0}));
  CHECK(refused({3, uint32_t{1} << 31, 0}));
  CHECK(refused({3, 2, kMaxPreviewBytes + 1}));
}

TEST_CASE("damage to the preview is found, and recovery does without it") {
  ThreadPool pool(1);
  const Image image = testing::Scene(90, 70, 3, 4);
  Bytes file = testing::WithPreview(Encode(image, Fast(false)), CodePreview(Averaged(image, 3, pool), 3, 0, pool));
  const FileInfo info = ParseHeader(file);
  file[info.header_bytes + 20] ^= 4;
  CHECK_THROWS_AS(Decode(file, {}), Error);
  CHECK_THROWS_AS(DecodePreview(info, file), Error);
  DecodeOptions options;
  Recovery recovery;
  options.recovery = &recovery;
  CHECK(Decode(file, options).samples == image.samples);
}

}  // namespace
}  // namespace flowzip
