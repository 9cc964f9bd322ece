// SPDX-License-Identifier: BSD-3-Clause
// PNG files and output files: the right kinds whole, everything else refused by name.
#include "tools/png_io.h"

#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/png_maker.h"
#include "tools/atomic_file.h"
#include "tools/png_reader.h"
#include "tools/pnm_io.h"
#include "tools/read_file.h"

namespace flowzip {
namespace {

using testing::MakePng;
using testing::PngKind;
using testing::SampleByte;

// A directory that goes away with its contents.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "flowzip-test-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  size_t Count() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
  }

 private:
  std::filesystem::path path_;
};

void WriteBytes(const std::string& path, ByteSpan bytes) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

// The error that reading causes, or kind 0 and what was read.
std::pair<int, std::string> Failure(ByteSpan file, uint64_t max_pixels = kDefaultPngPixels) {
  try {
    ReadPng(file, max_pixels);
  } catch (const Error& error) {
    return {static_cast<int>(error.code()), error.what()};
  }
  return {0, ""};
}

std::pair<int, std::string> Says(ErrorCode code, const std::string& message) {
  return {static_cast<int>(code), message};
}

TEST_CASE("8-bit gray and RGB files of every size come back as they are") {
  const Scratch scratch;
  for (const int color : {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_RGB}) {
    for (const bool interlaced : {false, true}) {
      for (const auto& [width, height] :
           {std::pair(1u, 1u), {1u, 9u}, {9u, 1u}, {2u, 3u}, {7u, 5u}, {64u, 33u}, {301u, 203u}}) {
        const Image image = ReadPng(MakePng(width, height, {color, 8, interlaced, false}));
        REQUIRE(image.width == width);
        REQUIRE(image.height == height);
        REQUIRE(image.channels == (color == PNG_COLOR_TYPE_GRAY ? 1 : 3));
        REQUIRE(image.bit_depth == 8);
        REQUIRE(image.samples.size() == image.row_bytes() * height);
        size_t wrong = 0;
        for (uint32_t y = 0; y < height; ++y) {
          for (size_t i = 0; i < image.row_bytes(); ++i) {
            wrong += image.samples[y * image.row_bytes() + i] != SampleByte(y, i);
          }
        }
        REQUIRE(wrong == 0);

        WritePng(image, scratch / "again.png");
        const Image again = ReadPng(scratch / "again.png");
        REQUIRE(again.width == image.width);
        REQUIRE(again.channels == image.channels);
        REQUIRE(again.samples == image.samples);
      }
    }
  }
}

TEST_CASE("every kind comes back: samples, depth, palette, chunks, interlacing") {
  const Scratch scratch;
  for (const int color : {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_PALETTE,
                          PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB_ALPHA}) {
    for (const int depth : {1, 2, 4, 8, 16}) {
      const bool shallow = color == PNG_COLOR_TYPE_GRAY || color == PNG_COLOR_TYPE_PALETTE;
      if (depth < 8 && !shallow) continue;
      if (depth == 16 && color == PNG_COLOR_TYPE_PALETTE) continue;
      for (const bool interlaced : {false, true}) {
        // The maker's key does not fit fewer bits.
        const bool key =
            depth >= 4 && (color == PNG_COLOR_TYPE_GRAY || color == PNG_COLOR_TYPE_RGB);
        CAPTURE(color, depth, interlaced);
        Image image = ReadPng(MakePng(37, 23, {color, depth, interlaced, key}));
        CHECK(image.bit_depth == depth);
        CHECK(image.indexed == (color == PNG_COLOR_TYPE_PALETTE));
        CHECK(image.interlaced == interlaced);
        CHECK((FindChunk(image, "tRNS") != nullptr) == key);
        const int channels[] = {1, 0, 3, 1, 2, 0, 4};
        CHECK(image.channels == channels[color]);
        // The last pixels of a row have to come from the file's last bits.
        if (depth < 8 && !interlaced) {
          const int byte = SampleByte(5, (36 * depth) / 8);
          CHECK(image.samples[5 * 37 + 36] ==
                (byte >> (8 - depth - 36 * depth % 8) & ((1 << depth) - 1)));
        }
        image.chunks.push_back(MakeChunk("IDAT"));
        image.chunks.push_back(MakeChunk("prVt", std::vector<uint8_t>{1, 2, 3}));
        WritePng(image, scratch / "again.png");
        CHECK(SameImage(ReadPng(scratch / "again.png"), image));
      }
    }
  }
}

TEST_CASE("rows are read as far as is asked for, and the file no further") {
  for (const bool interlaced : {false, true}) {
    CAPTURE(interlaced);
    const std::vector<uint8_t> file = MakePng(301, 203, {PNG_COLOR_TYPE_RGB, 8, interlaced, false});
    const Image whole = ReadPng(file);
    PngReader reader(file, kDefaultPngPixels);
    Image& image = reader.image();
    REQUIRE(image.samples.size() == whole.samples.size());
    std::fill(image.samples.begin(), image.samples.end(), uint8_t{0});
    size_t read_to = reader.read_to();
    CHECK(read_to < 200);
    for (const uint32_t rows : {1u, 1u, 40u, 30u, 202u, 203u, 203u}) {
      reader.ReadRows(rows);
      CHECK(std::equal(whole.Row(0), whole.Row(0) + rows * whole.row_bytes(), image.Row(0)));
      CHECK(reader.read_to() >= read_to);
      read_to = reader.read_to();
      if (rows <= 40 && !interlaced) CHECK(read_to < file.size() / 3);
    }
    CHECK(read_to == file.size());
    CHECK(SameImage(image, whole));
  }
}

TEST_CASE("what is no PNG picture is not written as one") {
  const Scratch scratch;
  Image image{2, 2, 1, 10, Samples(8, 1)};
  CHECK_THROWS_WITH(WritePng(image, scratch / "a.png"),
                    "no PNG file has samples from 0 to 1023 in such a picture (a PAM file has)");
  CHECK(scratch.Count() == 0);
}

TEST_CASE("PNM files of every kind come back") {
  const auto back = [](const std::string& text) {
    const ByteSpan file(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    const std::vector<uint8_t> again = ToPnm(FromPnm(file), PnmKind(text[1] - '0'));
    return std::string(again.begin(), again.end());
  };
  for (const std::string& text :
       {std::string("P4\n10 2\n\xa5\x40\x5a\x80", 12), std::string("P5\n2 2\n255\nabcd"),
        std::string("P6\n1 2\n255\nabcdef"), std::string("P5\n2 1\n1000\n\1\2\3\xe8", 16),
        std::string("P7\nWIDTH 1\nHEIGHT 2\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n"
                    "abcdefgh"),
        std::string("P7\nWIDTH 2\nHEIGHT 1\nDEPTH 2\nMAXVAL 1\nTUPLTYPE BLACKANDWHITE_ALPHA\n"
                    "ENDHDR\n") +
            std::string("\0\1\1\1", 4)}) {
    INFO(text);
    CHECK(back(text) == text);
  }
  const auto read = [](const std::string& text) {
    return FromPnm(ByteSpan(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  };
  CHECK(read("P1 # c\n3 2\n101\n0 1 0").samples == Samples{0, 1, 0, 1, 0, 1});
  CHECK(read("P2\n2 2\n15\n1 2 # x\n3 15").samples == Samples{1, 2, 3, 15});
  CHECK(read("P3 1 1 255 9 8 7").samples == Samples{9, 8, 7});
  for (const char* bad : {"P5", "P5 2", "P5 0 1 255\nab", "P5 2 2 255\nabc", "P5 1 1 0\na",
                          "P5 1 1 65536\na", "P6 1 1 100\nab\xff", "P7\nWIDTH 1\nENDHDR\n",
                          "P2 1 1 9 10", "P4 99999 99999\n", "P5 99999999999 1 255\n"}) {
    INFO(bad);
    CHECK_THROWS_AS(read(bad), Error);
  }
}

TEST_CASE("missing, empty and foreign files are told apart") {
  const Scratch scratch;
  CHECK_THROWS_WITH(ReadPng(scratch / "none.png"), "No such file or directory");
  CHECK_THROWS_WITH(ReadPng(scratch / ""), "Is a directory");
  CHECK(Failure({}) == Says(ErrorCode::kTruncated, "file is empty"));
  const std::string text = "GIF89a and so on";
  CHECK(Failure(ByteSpan(reinterpret_cast<const uint8_t*>(text.data()), text.size())) ==
        Says(ErrorCode::kCorrupt, "not a PNG file"));
}

TEST_CASE("a PNG file cut at any byte is refused") {
  const std::vector<uint8_t> file = MakePng(20, 10, {});
  for (size_t size = 1; size < file.size(); ++size) {
    const auto failure = Failure(ByteSpan(file).first(size));
    INFO(size << ": " << failure.second);
    REQUIRE(failure.first == static_cast<int>(ErrorCode::kTruncated));
    REQUIRE(failure.second.starts_with("PNG file is cut short"));
  }
}

TEST_CASE("damage to critical chunks of a PNG file is seen") {
  const std::vector<uint8_t> good = MakePng(20, 10, {});
  for (size_t i = 0; i < good.size(); ++i) {
    std::vector<uint8_t> file = good;
    file[i] ^= 0x11;
    INFO("byte " << i);
    REQUIRE(Failure(file).first != 0);
  }
}

TEST_CASE("limits hold before anything is allocated") {
  std::vector<uint8_t> file = MakePng(100, 50, {});
  CHECK(Failure(file, 5000).first == 0);
  CHECK(Failure(file, 4999) ==
        Says(ErrorCode::kLimit, "100 x 50 pixels exceed the limit of 4999 pixels"));
}

TEST_CASE("a full disk is an error, not a short file") {
  if (access("/dev/full", W_OK) != 0) return;
  Image image = ReadPng(MakePng(301, 203, {}));
  CHECK_THROWS_WITH(WritePng(image, "/dev/full"), "No space left on device");
}

TEST_CASE("an output file appears complete or not at all") {
  const Scratch scratch;
  const std::string path = scratch / "out";
  const FileBytes one = {1}, two = {2, 2};
  {
    AtomicFile file(path, false);
    file.Write(one);
    CHECK_FALSE(std::filesystem::exists(path));
    CHECK(scratch.Count() == 1);  // the temporary file
  }
  CHECK(scratch.Count() == 0);
  {
    AtomicFile file(path, false);
    file.Write(one);
    file.Commit();
  }
  CHECK(ReadFile(path) == one);
  CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::owner_read) !=
        std::filesystem::perms::none);
  CHECK_THROWS_WITH(AtomicFile(path, false), "exists already; --force overwrites it");
  {
    AtomicFile file(path, true);
    file.Write(two);
  }
  CHECK(ReadFile(path) == one);
  std::filesystem::create_symlink("out", scratch / "link");
  {
    AtomicFile file(scratch / "link", true);
    file.Write(two);
    file.Commit();
  }
  CHECK(ReadFile(path) == two);
  CHECK(std::filesystem::is_symlink(scratch / "link"));
  CHECK(scratch.Count() == 2);
  CHECK_THROWS_WITH(AtomicFile(scratch / "no/such", false), "No such file or directory");
}

TEST_CASE("a name taken while the file was written is not overwritten") {
  const Scratch scratch;
  const FileBytes mine = {1}, theirs = {2};
  AtomicFile file(scratch / "out", false);
  file.Write(mine);
  WriteBytes(scratch / "out", theirs);
  CHECK_THROWS_WITH(file.Commit(), "File exists");
  CHECK(ReadFile(scratch / "out") == theirs);
}

}  // namespace
}  // namespace flowzip
