// SPDX-License-Identifier: BSD-3-Clause
// Kinds of pictures that came out many times larger than others make them: what they may take.
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>

#include "tests/codec_options.h"
#ifdef FLOWZIP_HAVE_PNG
#include "tests/photos.h"
#endif
#include "tests/picture_kinds.h"

namespace flowzip {
namespace {

using testing::From;
using testing::Random;
using testing::Tiny;
using testing::To;

uint32_t Below(Random& random, uint32_t end) { return random.Word() % end; }

Image Blank(uint32_t width, uint32_t height, int channels, int bit_depth = 8) {
  Image image{.width = width, .height = height, .channels = channels, .bit_depth = bit_depth};
  image.samples.resize(image.row_bytes() * height);
  std::fill(image.samples.begin(), image.samples.end(), uint8_t{0});
  return image;
}

// Bytes that an effort takes; what it wrote comes back.
size_t Bytes(const Image& image, Coding coding) {
  const std::vector<uint8_t> file = Encode(image, To(Tiny(), /*jobs=*/2, kDefaultTileLog2, coding));
  REQUIRE(SameImage(Decode(file, From(Tiny(), /*jobs=*/2)), image));
  return file.size();
}

void CheckAtMost(const Image& image, size_t bytes) {
  CAPTURE(image.width, image.height, image.channels, image.bit_depth);
  const size_t fast = Bytes(image, Coding::kFast), standard = Bytes(image, Coding::kSmallest);
  CHECK(fast <= bytes);
  CHECK(standard <= fast);
}

TEST_CASE("letters that come again are found, with noise as without") {
  Random random(9);
  std::vector<std::array<uint16_t, 13>> letters(40);
  for (auto& letter : letters) {
    for (uint16_t& row : letter) {
      for (int x = 0; x < 9; ++x) row = static_cast<uint16_t>(2 * row + (Below(random, 20) < 7));
    }
  }
  Image page = Blank(600, 640, 1, 1);
  for (uint32_t line = 0; line < 31; ++line) {
    for (uint32_t column = 0; column < 60; ++column) {
      const auto& letter = letters[Below(random, 40)];
      for (uint32_t i = 0; i < 13 * 9; ++i) {
        *page.At(10 * column + i % 9, 20 * line + i / 9) = letter[i / 9] >> (i % 9) & 1;
      }
    }
  }
  Image noisy = page;
  for (uint8_t& s : noisy.samples) s ^= Below(random, 100) == 0 ? 1 : 0;
  // PNG takes 29.7 and 33.6 kB of such pages, JPEG XL 29.6 and 37.6.
  CheckAtMost(page, 9000);
  CheckAtMost(noisy, 17500);
}

TEST_CASE("indices of a palette are samples where like colours lie side by side") {
  CheckAtMost(testing::Crosshair(), 180);
}

TEST_CASE("what every small file takes is a few bytes") {
  for (const int channels : {1, 3, 4}) CheckAtMost(Blank(16, 16, channels), 21 + 2 + 4);
  Image icon = Blank(16, 16, 4);
  for (uint32_t i = 0; i < 256; ++i) {
    if ((i % 16) / 4 % 2 == 0) icon.At(i % 16, i / 16)[3] = 255;
  }
  CheckAtMost(icon, 64);
}

TEST_CASE("a map of tiles of noise takes what the tiles take") {
  Random random(3);
  std::vector<Image> tiles;
  for (int t = 0; t < 12; ++t) {
    tiles.push_back(Blank(32, 32, 3));
    for (uint8_t& s : tiles.back().samples) s = static_cast<uint8_t>(60 + Below(random, 61));
  }
  Image map = Blank(448, 448, 3);
  for (uint32_t row = 0; row < 14; ++row) {
    for (uint32_t column = 0; column < 14; ++column) {
      const Image& tile = tiles[Below(random, 12)];
      for (uint32_t y = 0; y < 32; ++y) {
        std::copy_n(tile.Row(y), tile.row_bytes(), map.At(32 * column, 32 * row + y));
      }
    }
  }
  const double entropy = 12 * 32 * 32 * 3 * std::log2(61.0) / 8;
  CheckAtMost(map, static_cast<size_t>(1.15 * entropy));
}

TEST_CASE("frames one below the other take what changes") {
  Random random(4);
  Image background = Blank(160, 100, 3);
  for (uint8_t& s : background.samples) {
    s = static_cast<uint8_t>(100 + Below(random, 8) + Below(random, 8) + Below(random, 16));
  }
  Image frames = Blank(160, 800, 3);
  for (uint32_t frame = 0; frame < 8; ++frame) {
    for (uint32_t y = 0; y < 100; ++y) {
      std::copy_n(background.Row(y), background.row_bytes(), frames.Row(100 * frame + y));
      if (y < 30 || y >= 60) continue;
      for (uint32_t x = 10 + 15 * frame; x < 40 + 15 * frame; ++x) {
        uint8_t* pixel = frames.At(x, 100 * frame + y);
        pixel[0] = 200, pixel[1] = 30, pixel[2] = static_cast<uint8_t>(x * y);
      }
    }
  }
  CheckAtMost(frames, Bytes(background, Coding::kFast) * 3 / 2);
}

TEST_CASE("a texture sixteen times takes what it takes once") {
  const Image once = testing::Scene(128, 128, 3, 5);
  Image texture = Blank(512, 512, 3);
  for (uint32_t y = 0; y < 512; ++y) {
    for (uint32_t i = 0; i < 4; ++i) std::copy_n(once.Row(y % 128), 384, texture.At(128 * i, y));
  }
  // By the quick model: the others that code it once are no use here.
  CheckAtMost(texture, Bytes(once, Coding::kRaster) * 5 / 4 + 1000);
}

TEST_CASE("ramps that wrap take next to nothing") {
  Image ramp = Blank(512, 512, 1);
  for (uint32_t y = 0; y < 512; ++y) {
    for (uint32_t x = 0; x < 512; ++x) *ramp.At(x, y) = static_cast<uint8_t>(3 * x + 7 * y);
  }
  CheckAtMost(ramp, 115);  // as JPEG XL; WebP takes 150
}

TEST_CASE("letters that come again take little") {
  Random random(6);
  constexpr uint32_t kWide = 9, kHigh = 13;
  std::vector<Image> letters;
  for (int i = 0; i < 40; ++i) {
    Image letter = Blank(kWide, kHigh, 1, 1);
    // A few strokes.
    for (int stroke = 0; stroke < 4; ++stroke) {
      const uint32_t x = Below(random, kWide - 2), y = Below(random, kHigh - 2);
      const bool down = Below(random, 2) == 1;
      for (uint32_t k = 0; k < 7; ++k) {
        const uint32_t at_x = down ? x : std::min(x + k, kWide - 2);
        const uint32_t at_y = down ? std::min(y + k, kHigh - 2) : y;
        *letter.At(at_x, at_y) = 1;
      }
    }
    letters.push_back(std::move(letter));
  }
  Image page = Blank(600, 640, 1, 1);
  for (uint32_t line = 0; line < 32; ++line) {
    for (uint32_t column = 0; column < 60; ++column) {
      const Image& letter = letters[Below(random, 40)];
      for (uint32_t y = 0; y < kHigh; ++y) {
        std::copy_n(letter.Row(y), kWide, page.At(10 * column, 20 * line + 3 + y));
      }
    }
  }
  // Which letter, some bits of where it begins, and once what it looks like.
  const double letters_bytes = 32 * 60 * std::log2(40.0) / 8;
  CheckAtMost(page, static_cast<size_t>(letters_bytes + 32 * 60 * 1.5 + 40 * 26));
}

TEST_CASE("thin pictures take what others of their content take") {
  for (const auto& [width, height] :
       {std::pair<uint32_t, uint32_t>{262144, 1}, {1, 65535}, {20000, 4}, {3, 30000}}) {
    Image strip = Blank(width, height, 1);
    for (uint32_t y = 0; y < height; ++y) {
      for (uint32_t x = 0; x < width; ++x) {
        *strip.At(x, y) = static_cast<uint8_t>((x + y) / 16 + (width > height ? y : x));
      }
    }
    CheckAtMost(strip, 700);
  }
  Image line = Blank(3000000, 1, 1, 1);
  for (uint32_t x = 0; x < line.width; ++x) *line.At(x, 0) = x & 1;
  CheckAtMost(line, 300);
}

#ifdef FLOWZIP_HAVE_PNG
TEST_CASE("values that never occur in a photograph cost nothing") {
  const Image photo = testing::Photo("colorado");
  const auto part = [&](int channels, const std::function<int(int value, int channel)>& change) {
    Image image = Blank(384, 288, channels);
    for (size_t i = 0; i < image.samples.size(); ++i) {
      const size_t pixel = i / static_cast<size_t>(channels);
      const int channel = channels == 1 ? 1 : static_cast<int>(i % 3);
      const int value = photo.At(pixel % 384, pixel / 384)[channel];
      image.samples[i] = static_cast<uint8_t>(std::clamp(change(value, channel), 0, 255));
    }
    return image;
  };
  struct {
    const char* name;
    size_t jxl;  // by cjxl -d 0 -e 9, version 0.7
    Image image;
  } const cases[] = {
      {"4 bits", 37861, part(3, [](int v, int) { return (v >> 4) * 17; })},
      {"5, 6, 5 bits", 61691,
       part(3, [](int v, int c) { return c == 1 ? v >> 2 << 2 | v >> 6 : v >> 3 << 3 | v >> 5; })},
      {"contrast stretched", 79439,
       part(3, [](int v, int) { return static_cast<int>((v - 40) * 1.6); })},
      {"steps of 6", 22184, part(1, [](int v, int) { return v / 6 * 6; })},
  };
  for (const auto& [name, jxl, image] : cases) {
    EncodeOptions options;
    options.jobs = 2;
    const std::vector<uint8_t> file = Encode(image, options);
    CAPTURE(name, file.size(), jxl);
    CHECK(file.size() <= jxl);
    CHECK(SameImage(Decode(file, DecodeOptions()), image));
    options.coding = Coding::kFast;  // by tables, which know what is clipped
    CHECK(static_cast<double>(Encode(image, options).size()) <= 1.08 * static_cast<double>(jxl));
  }
}
#endif

TEST_CASE("samples of 12 bits spread over 16, and a sensor's noise, take what they are") {
  Random random(8);
  Image shifted = Blank(200, 170, 1, 16), sensor = Blank(200, 170, 1, 16);
  for (size_t i = 0; i < shifted.sub_pixels(); ++i) {
    const auto ramp = static_cast<uint32_t>(i % 200 * 9 + i / 200 * 12);
    testing::SetSample(shifted, i, static_cast<int>((ramp + Below(random, 64)) << 4));
    int sum = 300;
    for (int k = 0; k < 6; ++k) sum += static_cast<int>(Below(random, 13)) - 6;
    testing::SetSample(sensor, i, sum);
  }
  const auto count = static_cast<double>(shifted.sub_pixels());
  // Six bits of noise, which is not known where it begins.
  CheckAtMost(shifted, static_cast<size_t>(1.2 * 6 * count / 8));
  // The deviation is 9.2.
  CheckAtMost(sensor, static_cast<size_t>(1.04 * (std::log2(9.2) + 2.05) * count / 8));
}

TEST_CASE("noise takes what it is") {
  Random random(7);
  for (const auto& [channels, depth] : {std::pair{3, 8}, {1, 1}, {1, 16}, {4, 8}, {3, 12}}) {
    Image noise = Blank(200, 150, channels, depth);
    const uint64_t count = noise.sub_pixels();
    for (uint64_t i = 0; i < count; ++i) {
      const auto sample = static_cast<uint16_t>(Below(random, 1u << depth));
      if (depth > 8) {
        std::memcpy(noise.samples.data() + 2 * i, &sample, 2);
      } else {
        noise.samples[i] = static_cast<uint8_t>(sample);
      }
    }
    const uint64_t bits = depth > 8 ? 16 : static_cast<uint64_t>(depth);
    CheckAtMost(noise, count * bits / 8 + 64);
  }
}

}  // namespace
}  // namespace flowzip
