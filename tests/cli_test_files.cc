// SPDX-License-Identifier: BSD-3-Clause
// Makes the input files of cli_test.sh, so that the test needs no other tool.
//
//   flowzip_test_files png KIND WIDTH HEIGHT OUT
//   flowzip_test_files png-header WIDTH HEIGHT OUT       8-bit RGB, without any samples
//   flowzip_test_files cut FILE BYTES OUT
//   flowzip_test_files flip FILE BYTE BIT OUT
//   flowzip_test_files halve-samples PNG OUT     without the second half of its IDAT chunks
//   flowzip_test_files rename-model FILE OUT     another model hash, right checksum
#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zlib.h>

#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "tests/png_maker.h"
#include "tools/atomic_file.h"
#include "tools/read_file.h"

namespace flowzip {
namespace {

using testing::PngKind;

const std::map<std::string, PngKind>& Kinds() {
  static const std::map<std::string, PngKind> kinds = {
      {"gray", {PNG_COLOR_TYPE_GRAY, 8, false, false}},
      {"rgb", {PNG_COLOR_TYPE_RGB, 8, false, false}},
      {"rgb-interlaced", {PNG_COLOR_TYPE_RGB, 8, true, false}},
      {"rgb-trns", {PNG_COLOR_TYPE_RGB, 8, false, true}},
      {"gray1", {PNG_COLOR_TYPE_GRAY, 1, false, false}},
      {"gray16", {PNG_COLOR_TYPE_GRAY, 16, false, false}},
      {"rgb16", {PNG_COLOR_TYPE_RGB, 16, false, false}},
      {"rgba", {PNG_COLOR_TYPE_RGB_ALPHA, 8, false, false}},
      {"rgba16", {PNG_COLOR_TYPE_RGB_ALPHA, 16, false, false}},
      {"gray-alpha", {PNG_COLOR_TYPE_GRAY_ALPHA, 8, false, false}},
      {"palette", {PNG_COLOR_TYPE_PALETTE, 8, false, false}},
  };
  return kinds;
}

void Save(const std::string& path, ByteSpan bytes) {
  AtomicFile file(path, true);
  file.Write(bytes);
  file.Commit();
}

// Offsets from docs/FORMAT.md.
void RenameModel(FileBytes& file) {
  for (size_t i = 20; i < 28; ++i) file[i] = 0x5A;
  const size_t covered = ByteReader(ByteSpan(file).subspan(29)).Get<uint32_t>() - 4;
  const uint32_t checksum = XXH32(file.data(), covered, 0);
  for (size_t i = 0; i < 4; ++i) file[covered + i] = static_cast<uint8_t>(checksum >> (8 * i));
}

// All checksums stay right.
void HalveSamples(FileBytes& file) {
  std::vector<std::pair<size_t, size_t>> data;  // offset and size of each IDAT chunk
  for (size_t at = 8; at < file.size();) {
    const size_t size = 12 + (size_t{file[at + 2]} << 8 | file[at + 3]);  // libpng's are small
    if (std::string(&file[at + 4], &file[at + 8]) == "IDAT") data.emplace_back(at, size);
    at += size;
  }
  const auto begin = static_cast<ptrdiff_t>(data.at(data.size() / 2).first);
  const auto end = static_cast<ptrdiff_t>(data.back().first + data.back().second);
  file.erase(file.begin() + begin, file.begin() + end);
}

int Run(const std::vector<std::string>& words) {
  if (words.size() == 5 && words[0] == "png") {
    const auto width = static_cast<uint32_t>(std::stoul(words[2]));
    const auto height = static_cast<uint32_t>(std::stoul(words[3]));
    Save(words[4], testing::MakePng(width, height, Kinds().at(words[1])));
    return 0;
  }
  if (words.size() == 4 && words[0] == "png-header") {
    std::vector<uint8_t> file = testing::MakePng(1, 1, Kinds().at("rgb"));
    for (size_t side = 0; side < 2; ++side) {
      const auto value = static_cast<uint32_t>(std::stoul(words[1 + side]));
      for (size_t i = 0; i < 4; ++i)
        file[16 + 4 * side + i] = static_cast<uint8_t>(value >> (24 - 8 * i));
    }
    const auto crc = static_cast<uint32_t>(crc32(0, &file[12], 17));  // type and data of IHDR
    for (size_t i = 0; i < 4; ++i) file[29 + i] = static_cast<uint8_t>(crc >> (24 - 8 * i));
    Save(words[3], file);
    return 0;
  }
  if (words.size() < 3) return 2;
  FileBytes bytes = ReadFile(words[1]);
  if (words[0] == "cut") {
    bytes.resize(std::stoul(words[2]));
  } else if (words[0] == "flip") {
    bytes.at(std::stoul(words[2])) ^= static_cast<uint8_t>(1 << std::stoi(words[3]));
  } else if (words[0] == "halve-samples") {
    HalveSamples(bytes);
  } else if (words[0] == "rename-model") {
    RenameModel(bytes);
  } else {
    return 2;
  }
  Save(words.back(), bytes);
  return 0;
}

}  // namespace
}  // namespace flowzip

int main(int argc, char** argv) {
  try {
    return flowzip::Run(std::vector<std::string>(argv + 1, argv + argc));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "flowzip_test_files: %s\n", error.what());
    return 1;
  }
}
