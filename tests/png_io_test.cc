// SPDX-License-Identifier: BSD-3-Clause
// PNG files and output files: the right kinds whole, everything else refused by name.
#include "tools/png_io.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/png_maker.h"
#include "tools/atomic_file.h"
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

TEST_CASE("other kinds are refused by name") {
  const auto refused = [](PngKind kind) { return Failure(MakePng(8, 8, kind)); };
  const auto named = [](const std::string& name) {
    return Says(ErrorCode::kUnsupported, name + " is not supported yet");
  };
  CHECK(refused({PNG_COLOR_TYPE_GRAY, 1, false, false}) == named("1-bit gray PNG"));
  CHECK(refused({PNG_COLOR_TYPE_GRAY, 4, false, false}) == named("4-bit gray PNG"));
  CHECK(refused({PNG_COLOR_TYPE_GRAY, 16, false, false}) == named("16-bit gray PNG"));
  CHECK(refused({PNG_COLOR_TYPE_GRAY_ALPHA, 8, false, false}) == named("8-bit gray+alpha PNG"));
  CHECK(refused({PNG_COLOR_TYPE_RGB, 16, true, false}) == named("16-bit RGB PNG"));
  CHECK(refused({PNG_COLOR_TYPE_RGB_ALPHA, 8, false, false}) == named("8-bit RGBA PNG"));
  CHECK(refused({PNG_COLOR_TYPE_RGB_ALPHA, 16, false, false}) == named("16-bit RGBA PNG"));
  CHECK(refused({PNG_COLOR_TYPE_PALETTE, 8, false, false}) == named("palette PNG"));
  CHECK(refused({PNG_COLOR_TYPE_PALETTE, 2, false, false}) == named("palette PNG"));
  CHECK(refused({PNG_COLOR_TYPE_RGB, 8, false, true}) ==
        named("8-bit RGB PNG with a transparent colour (tRNS)"));
  CHECK(refused({PNG_COLOR_TYPE_GRAY, 8, false, true}) ==
        named("8-bit gray PNG with a transparent colour (tRNS)"));
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
    REQUIRE(failure == Says(ErrorCode::kTruncated, "PNG file is cut short"));
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
  const std::vector<uint8_t> one = {1}, two = {2, 2};
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
  const std::vector<uint8_t> mine = {1}, theirs = {2};
  AtomicFile file(scratch / "out", false);
  file.Write(mine);
  WriteBytes(scratch / "out", theirs);
  CHECK_THROWS_WITH(file.Commit(), "File exists");
  CHECK(ReadFile(scratch / "out") == theirs);
}

}  // namespace
}  // namespace flowzip
