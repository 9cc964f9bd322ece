// SPDX-License-Identifier: BSD-3-Clause
// Small pictures with a palette as the colours that they show: all comes back, whole and in parts,
// and a palette that follows from the picture costs nothing.
#include "codec/metadata/shown_colours.h"

#include <catch2/catch.hpp>

#include "tests/codec_options.h"
#include "tests/picture_kinds.h"

namespace flowzip {
namespace {

using testing::From;
using testing::Quantised;
using testing::Tiny;
using testing::To;

std::vector<uint8_t> Encoded(const Image& image, Coding coding = Coding::kFast) {
  return Encode(image, To(Tiny(), /*jobs=*/2, kDefaultTileLog2, coding));
}

// Checks that it comes back; its bytes.
size_t RoundTrip(const Image& image, bool as_colours = true) {
  const std::vector<uint8_t> file = Encoded(image);
  CHECK(HasColours(ParseHeader(file)) == as_colours);
  REQUIRE(SameImage(Decode(file, From(Tiny())), image));
  return file.size();
}

TEST_CASE("palettes in any order, with alpha and other chunks, come back") {
  for (int order = 0; order < 4; ++order) {
    for (const bool alpha : {false, true}) {
      CAPTURE(order, alpha);
      const Image image = Quantised(61, 47, order, alpha);
      const size_t alone = RoundTrip(image);
      CHECK(RoundTrip(testing::WithMetadata(image)) > alone);
    }
  }
}

TEST_CASE("a palette sorted by what the picture says costs next to nothing") {
  const size_t none = RoundTrip(Quantised(90, 70, 0, false));
  for (int order = 1; order < 4; ++order) {
    CAPTURE(order);
    const Image image = Quantised(90, 70, order, false);
    // What an order of so many colours takes, less a few bytes.
    const size_t colours = image.chunks[0].data.size() / 3;
    REQUIRE(colours > 30);
    CHECK(RoundTrip(image) + colours / 2 < none);
  }
}

TEST_CASE("entries that no pixel has, and alpha of fewer entries than there are, come back") {
  Image image = Quantised(61, 47, 2, true);
  const size_t before = RoundTrip(image);
  for (const int v : {1, 2, 3, 1, 2, 3, 77, 200, 9}) {
    image.chunks[0].data.push_back(static_cast<uint8_t>(v));
  }
  CHECK(RoundTrip(image) > before);
  image.chunks[1].data.resize(image.chunks[0].data.size() / 3, 255);
  image.chunks[1].data.back() = 0;
  RoundTrip(image);
  // In front: all indices move.
  auto& palette = image.chunks[0].data;
  palette.insert(palette.begin(), {9, 9, 9});
  image.chunks[1].data.insert(image.chunks[1].data.begin(), 128);
  for (uint8_t& index : image.samples) ++index;
  RoundTrip(image);
}

TEST_CASE("what cannot be told from its colours stays a picture of indices") {
  Image twice = Quantised(61, 47, 1, false);  // one colour has two entries
  const size_t entries = twice.chunks[0].data.size() / 3;
  for (size_t c = 0; c < 3; ++c) twice.chunks[0].data.push_back(twice.chunks[0].data[c]);
  for (size_t i = 0; i < twice.samples.size(); i += 5) {
    if (twice.samples[i] == 0) twice.samples[i] = static_cast<uint8_t>(entries);
  }
  RoundTrip(twice, false);
  Image beyond = Quantised(61, 47, 1, false);  // an index of no entry
  beyond.samples[100] = 255;
  RoundTrip(beyond, false);
  Image alphas = Quantised(61, 47, 1, true);  // more alpha than entries
  alphas.chunks[1].data.resize(alphas.chunks[0].data.size() / 3 + 1, 255);
  RoundTrip(alphas, false);
  RoundTrip(Quantised(300, 220, 1, false), false);  // more pixels than are decoded twice
}

TEST_CASE("parts and scales are those of the picture") {
  const Image image = Quantised(61, 47, 1, true);
  const std::vector<uint8_t> file = Encoded(image);
  REQUIRE(HasColours(ParseHeader(file)));
  DecodeOptions part = From(Tiny());
  part.region = {7, 5, 20, 30};
  part.scale_log2 = 1;
  const Image got = Decode(file, part);
  CHECK(got.chunks == image.chunks);
  REQUIRE(got.width * got.height > 100);
  const Rect rect = DecodedRect(ParseHeader(file), part);
  for (uint32_t y = 0; y < got.height; ++y) {
    for (uint32_t x = 0; x < got.width; ++x) {
      REQUIRE(*got.At(x, y) == *image.At(2 * (rect.x + x), 2 * (rect.y + y)));
    }
  }
}

TEST_CASE("damage that no checksum shows is refused or decodes to some picture") {
  testing::Random random(3);
  int refused = 0;
  for (int trial = 0; trial < 600; ++trial) {
    const Image image = Quantised(20 + trial % 5, 15, trial % 4, trial % 3 == 0);
    FileInfo info = ParseHeader(Encoded(image));
    REQUIRE(HasColours(info));
    std::vector<uint8_t>& data = info.chunks.at(0).data;
    const int changes = random.Between(1, 3), last = static_cast<int>(data.size()) - 1;
    for (int i = 0; i < changes; ++i) {
      // Half of them in front, where the order is.
      data[static_cast<size_t>(random.Between(0, i % 2 ? last : 8))] = random.Byte();
    }
    if (trial % 7 == 0) data.resize(static_cast<size_t>(random.Between(0, last)));
    const std::vector<uint8_t> file = SerializeHeader(info);
    try {
      const Image got = Decode(file, From(Tiny()));
      CHECK((got.width == image.width && got.height == image.height && got.indexed));
    } catch (const Error& error) {
      REQUIRE(error.code() == ErrorCode::kCorrupt);
      ++refused;
    }
  }
  CHECK(refused > 100);
}

TEST_CASE("every effort takes the smallest, whatever the number of jobs") {
  const Image image = Quantised(200, 140, 1, false);
  const size_t fast = Encoded(image).size(), standard = Encoded(image, Coding::kSmallest).size();
  CHECK(Encoded(image, Coding::kThorough).size() <= standard);
  CHECK(standard <= fast);
  CHECK(HasColours(ParseHeader(Encoded(image, Coding::kSmallest))));
  CHECK(Encode(image, To(Tiny(), 1, kDefaultTileLog2, Coding::kSmallest)) ==
        Encode(image, To(Tiny(), 4, kDefaultTileLog2, Coding::kSmallest)));
}

}  // namespace
}  // namespace flowzip
