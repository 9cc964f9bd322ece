// SPDX-License-Identifier: BSD-3-Clause
// The parts of `flowzip bench` that its figures hang on. The command: bench_test.sh.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <random>

#include "tools/bench/heatmap.h"
#include "tools/bench/launcher.h"
#include "tools/bench/png_filter.h"
#include "tools/bench/pnm.h"
#include "tools/bench/report.h"
#include "tools/bench/svg.h"
#include "tools/pnm_io.h"

namespace flowzip::bench {
namespace {

Image Noise(uint32_t width, uint32_t height, int channels, int bit_depth) {
  Image image;
  image.width = width;
  image.height = height;
  image.channels = channels;
  image.bit_depth = bit_depth;
  image.samples.assign(image.row_bytes() * height, 0);
  std::mt19937 random(width * 31 + height);
  for (uint8_t& sample : image.samples) sample = static_cast<uint8_t>(random());
  return image;
}

TEST_CASE("medians of odd, even and no runs") {
  Runs runs;
  CHECK(runs.Median().wall == 0);
  runs.seconds = {{3, 30}};
  CHECK(runs.Median().wall == 3);
  runs.seconds = {{3, 10}, {1, 30}, {2, 20}};
  CHECK(runs.Median().wall == 2);
  CHECK(runs.Median().cpu == 20);
  runs.seconds.push_back({9, 40});
  CHECK(runs.Median().wall == 2.5);
}

TEST_CASE("sums, bits per sub-pixel and per cents") {
  Results results;
  results.codecs.resize(2);
  results.images.resize(2);
  for (ImageInfo& image : results.images) {
    image.width = 100;
    image.height = 50;
    image.channels = 3;
  }
  results.cells.assign(2, std::vector<Cell>(2));
  results.reference = 1;
  for (int image = 0; image < 2; ++image) {
    results.cells[0][image].bytes = 3000;
    results.cells[1][image].bytes = 4000;
    results.cells[0][image].runs[kDecodeWhole] = {{{0.5, 0.25}, {9, 9}, {0.1, 0.1}},
                                                  1000U * (image + 1)};
  }
  const Summary s = Summarize(results, 0);
  CHECK(s.bytes == 6000);
  CHECK(s.bits_per_sub_pixel == Approx(1.6));
  CHECK(s.percent == Approx(-25));
  CHECK(s.rates[kDecodeWhole].wall == Approx(0.01));
  CHECK(s.rates[kDecodeWhole].cpu == Approx(0.02));
  CHECK(s.rates[kEncodeWhole].wall == 0);
  CHECK(s.peak_bytes[kDecodeWhole] == 2000);
}

TEST_CASE("the model's bits of all images add up") {
  Results results;
  results.codecs.resize(1);
  results.images.resize(2);
  for (ImageInfo& image : results.images) image.width = image.height = image.channels = 1;
  results.cells.assign(1, std::vector<Cell>(2));
  results.cells[0][0].stats.channel_bits = {1, 0, 8};
  results.cells[0][0].bytes = 2;
  results.cells[0][1].stats.channel_bits = {2, 4, 16};
  results.cells[0][1].bytes = 3;
  const ModelBits bits = SumModelBits(results, 0);
  CHECK(bits.channel == std::array<double, 3>{1.5, 2, 12});
  CHECK(bits.total == 15.5);
  CHECK(bits.overhead == 4.5);
}

TEST_CASE("the Pareto front has what nothing beats") {
  const std::vector<std::pair<double, double>> points = {{3, 5}, {2, 1}, {4, 4}, {5, 9}, {3, 2}};
  CHECK(ParetoFront(points) == std::vector<size_t>{1, 0, 3});
  CHECK(ParetoFront({}).empty());
}

TEST_CASE("PNM files come back, of all kinds") {
  for (const int channels : {1, 3}) {
    for (const int bits : {8, 16}) {
      const Image image = Noise(7, 5, channels, bits);
      const Image back = FromPnm(ToPnm(image));
      CHECK(Difference(image, back).empty());
      CHECK(back.samples == image.samples);
      std::vector<uint8_t> cut = ToPnm(image);
      cut.pop_back();
      CHECK_THROWS_AS(FromPnm(cut), Error);
    }
  }
  const std::string comment = "P5 # by hand\n# more\n2 1\n255\nab";
  CHECK(FromPnm(std::vector<uint8_t>(comment.begin(), comment.end())).samples == Samples{'a', 'b'});
  for (const char* bad : {"P6", "P6\n", "P6 0 1 255\n", "P4 1 1\n", "P5 99999999999 1 255\n",
                          "P5 4294967295 4294967295 255\nab", "P5 1 1 300\na"}) {
    const std::string text = bad;
    CHECK_THROWS_AS(FromPnm(std::vector<uint8_t>(text.begin(), text.end())), Error);
  }
}

TEST_CASE("differences are found, gray written as RGB is none") {
  const Image gray = Noise(5, 4, 1, 8);
  Image rgb = gray;
  rgb.channels = 3;
  rgb.samples.clear();
  for (const uint8_t v : gray.samples) rgb.samples.insert(rgb.samples.end(), 3, v);
  CHECK(Difference(gray, rgb).empty());
  CHECK(Difference(rgb, gray).empty());
  ++rgb.samples[3 * 7 + 2];
  CHECK(Difference(gray, rgb) == "first at pixel (2, 1), channel 2");
  CHECK(Difference(gray, Noise(4, 5, 1, 8)) == "4 x 5 pixels instead of 5 x 4");
  CHECK_FALSE(Difference(gray, Noise(5, 4, 1, 16)).empty());
  CHECK_FALSE(Difference(gray, Noise(5, 4, 2, 8)).empty());
}

TEST_CASE("PNG's row filters are undone") {
  for (const size_t pixel : {1, 3, 6}) {
    const size_t row = pixel * 17;
    std::vector<uint8_t> rows(row * 23);
    std::mt19937 random(5);
    for (size_t i = 0; i < rows.size(); ++i) {
      rows[i] = static_cast<uint8_t>(i / 3 + i / row * 7 + (i > rows.size() / 2 ? random() : 0));
    }
    std::vector<uint8_t> filtered = FilterRows(rows, row, pixel);
    CHECK(filtered.size() == rows.size() + 23);
    CHECK(UnfilterRows(filtered, row, pixel) == rows);
    filtered[0] = 5;
    CHECK_THROWS_AS(UnfilterRows(filtered, row, pixel), Error);
    filtered.pop_back();
    CHECK_THROWS_AS(UnfilterRows(filtered, row, pixel), Error);
  }
}

TEST_CASE("library codecs give back what they got") {
  for (const Codec& codec : LibraryCodecs()) {
    if (!codec.encode) continue;
    for (const int channels : {1, 3}) {
      const Image image = Noise(33, 18, channels, 8);
      INFO(codec.name << ", " << channels << " channels");
      CHECK(Difference(image, codec.decode(codec.encode(image))).empty());
    }
  }
}

TEST_CASE("command templates") {
  Replacements with;
  with.in = "/a b/in.png";
  with.out = "/tmp/it's";
  with.jobs = 3;
  Command command = Expand("enc -t {jobs} {in} -o {out.jxl} {x}", false, with);
  CHECK(command.argv ==
        std::vector<std::string>{"enc", "-t", "3", "/a b/in.png", "-o", "/tmp/it's.jxl", "{x}"});
  CHECK(command.out == "/tmp/it's.jxl");
  CHECK(Expand("d {out.pnm}", false, with).out == "/tmp/it's.ppm");
  with.color = false;
  CHECK(Expand("d {out.pnm}", false, with).out == "/tmp/it's.pgm");
  with.alpha = true;
  CHECK(Expand("d {out.pnm}", false, with).out == "/tmp/it's.png");
  command = Expand("cp {in} {out}", true, with);
  CHECK(command.argv == std::vector<std::string>{"sh", "-c", "cp '/a b/in.png' '/tmp/it'\\''s'"});
  CHECK(command.out == "/tmp/it's");
}

TEST_CASE("the launcher runs, measures, and cleans up") {
  std::string directory;
  {
    Launcher launcher;
    directory = launcher.directory();
    CHECK(std::filesystem::is_directory(directory));
    const std::vector<char> large(200 << 20, 1);  // must not count into the child's peak
    Usage usage = launcher.Run({"sh", "-c", "echo hello"}, directory + "/out");
    CHECK(usage.status == 0);
    CHECK(usage.seconds.wall > 0);
    CHECK(usage.peak_bytes > 0);
    CHECK(usage.peak_bytes < large.size());
    std::ifstream out(directory + "/out");
    std::string line;
    CHECK(std::getline(out, line));
    CHECK(line == "hello");
    usage = launcher.Run({"sh", "-c", "echo first >&2; echo 'last one' >&2; exit 3"});
    CHECK(usage.status == 3);
    CHECK(usage.message == "last one");
    CHECK(launcher.Run({"sh", "-c", "kill -9 $$"}).status == 128 + 9);
    CHECK(launcher.Run({"/no/such/program"}).status == 127);
  }
  CHECK_FALSE(std::filesystem::exists(directory));
}

TEST_CASE("figures for people") {
  CHECK(Grouped(0) == "0");
  CHECK(Grouped(999) == "999");
  CHECK(Grouped(1234567) == "1,234,567");
  CHECK(Percent(1.25) == "+1.2 %");
  CHECK(Percent(-3.14) == "\u22123.1 %");
  CHECK(Percent(-0.01) == "\u00b10.0 %");
  CHECK(Speed(0.0163) == "0.016");
  CHECK(Speed(0.456) == "0.46");
  CHECK(Speed(9.996) == "10.0");
  CHECK(Speed(99.96) == "100");
  CHECK(Speed(0) == kDash);
  CHECK(EscapeHtml("<a href=\"x\">&") == "&lt;a href=&quot;x&quot;&gt;&amp;");
}

TEST_CASE("heat maps shrink to means") {
  PixelBits map;
  map.Reset(5, 3);
  for (size_t i = 0; i < map.bits.size(); ++i) map.bits[i] = static_cast<float>(i);
  const PixelBits small = Shrink(map, 3);
  REQUIRE(small.width == 3);
  REQUIRE(small.height == 2);
  CHECK(small.bits[0] == (0 + 1 + 5 + 6) / 4.0F);
  CHECK(small.bits[5] == 14);
  CHECK(Quantile(map, 0) == 14);
  const Image colours = Coloured(small, 14);
  CHECK(colours.samples.size() == 3U * 3 * 2);
  CHECK(ScaleColour(0) == "#000004");
  CHECK(ScaleColour(2) == ScaleColour(1));
  CHECK(PngDataUri(colours).rfind("data:image/png;base64,iVBOR", 0) == 0);
}

}  // namespace
}  // namespace flowzip::bench
