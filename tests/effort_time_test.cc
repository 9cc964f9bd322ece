// SPDX-License-Identifier: BSD-3-Clause
// What does not compress is given up early: no picture takes `fast` much longer than a photograph
// of its size does. In ratios of this program's own time, which a slow or busy machine and a build
// with checks change little; half a second a megapixel is about twice what such a small photograph
// takes.
#include <catch2/catch.hpp>
#include <ctime>
#include <functional>

#include "codec/api/codec.h"
#include "tests/picture_kinds.h"

namespace flowzip {
namespace {

using testing::Random;

constexpr uint32_t kSide = 512;
constexpr double kMost = 4;  // times a photograph's; twice what is aimed at

struct Seconds {
  double encode = 0, decode = 0;
};

double CpuSeconds(const std::function<void()>& work) {
  const std::clock_t begin = std::clock();
  work();
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

Seconds TimeOf(const Image& image) {
  EncodeOptions encode;
  encode.coding = Coding::kFast;
  encode.jobs = 1;
  DecodeOptions decode;
  decode.jobs = 1;
  std::vector<uint8_t> file;
  Image decoded;
  Seconds seconds;
  seconds.encode = CpuSeconds([&] { file = Encode(image, encode); });
  seconds.decode = CpuSeconds([&] { decoded = Decode(file, decode); });
  REQUIRE(SameImage(decoded, image));
  return seconds;
}

// A picture whose samples are `at(x, y, channel)`, limited to what it can hold.
Image Of(int channels, int bit_depth, const std::function<int(int, int, int)>& at) {
  Image image{.width = kSide, .height = kSide, .channels = channels, .bit_depth = bit_depth};
  image.samples.resize(image.row_bytes() * kSide);
  size_t i = 0;
  for (int y = 0; y < static_cast<int>(kSide); ++y) {
    for (int x = 0; x < static_cast<int>(kSide); ++x) {
      for (int c = 0; c < channels; ++c) {
        testing::SetSample(image, i++, std::clamp(at(x, y, c), 0, image.largest()));
      }
    }
  }
  return image;
}

TEST_CASE("no picture takes fast much longer than a photograph") {
  const Image scene = testing::Scene(kSide, kSide, 3, 1);
  TimeOf(scene);  // whatever is made only once
  const Seconds photograph = TimeOf(scene);
  Random random(7);
  const auto below = [&](int end) { return random.Between(0, end - 1); };
  const auto bell = [&](int width) { return below(width) + below(width) + below(width); };
  for (const int depth : {8, 16}) {
    const int values = 1 << depth, unit = values / 256;
    bool salt = false;  // of the pixel in hand
    const std::vector<std::pair<const char*, std::function<int(int, int, int)>>> kinds = {
        {"noise", [&](int, int, int) { return below(values); }},
        {"noise of 200 values", [&](int, int, int) { return below(200) * unit; }},
        {"noise of 16 values", [&](int, int, int) { return below(16) * 17 * unit; }},
        {"noise of few bits", [&](int, int, int) { return below(values / 16); }},
        {"a sensor's noise", [&](int, int, int) { return 100 * unit + bell(values / 12); }},
        {"half noise", [&](int x, int, int) { return x < 256 ? 40 : below(values); }},
        {"half flat, in rows", [&](int, int y, int) { return y < 256 ? below(values) : 9; }},
        {"noise on a gradient",
         [&](int x, int y, int c) {
           return ((x * (c + 1) + 2 * y) / 16) * unit + below(7 * unit);
         }},
        {"sparse noise",
         [&](int, int, int c) {
           if (c == 0) salt = below(50) == 0;
           return salt ? below(values) : 77;
         }},
        {"noise nearly everywhere",
         [&](int, int, int c) {
           if (c == 0) salt = below(10) < 3;
           return salt ? below(values) : 77;
         }},
        {"salt and pepper on steps",
         [&](int x, int y, int c) {
           if (c == 0) salt = below(10) == 0;
           return salt ? below(2) * (values - 1) : (x * (c + 1) + y) / 8 * unit;
         }},
        {"dithered", [&](int x, int y, int) { return (x + y + below(341)) / 341 * 85 * unit; }},
        {"a white sky", [&](int, int, int) { return values - 1 - (below(10) == 0 ? 1 : 0); }},
        {"two colours", [&](int, int, int c) { return c == 0 ? below(2) * (values - 1) : 0; }},
    };
    for (int channels = 1; channels <= 4; ++channels) {
      for (const auto& [name, at] : kinds) {
        const Image image = Of(channels, depth, at);
        Seconds seconds = TimeOf(image);
        // Whatever else the machine did.
        for (int again = 0; again < 3; ++again) {
          if (std::max(seconds.encode, seconds.decode) < kMost * photograph.encode) break;
          const Seconds next = TimeOf(image);
          seconds = {std::min(seconds.encode, next.encode), std::min(seconds.decode, next.decode)};
        }
        CAPTURE(name, channels, depth, seconds.encode, seconds.decode, photograph.encode);
        INFO(seconds.encode / photograph.encode << ", " << seconds.decode / photograph.encode);
        CHECK(seconds.encode < kMost * photograph.encode);
        CHECK(seconds.decode < kMost * photograph.encode);
      }
    }
  }
}

}  // namespace
}  // namespace flowzip
