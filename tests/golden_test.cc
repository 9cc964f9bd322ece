// SPDX-License-Identifier: BSD-3-Clause
// Files written once: tests/golden must decode to the same pixels for ever, tests/bad must be
// refused for ever (tools/dev/make_goldens.cc made them).
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "codec/api/codec.h"
#include "model/simd_targets.h"
#include "tests/golden_files.h"
#include "tests/with_preview.h"
#include "tools/read_file.h"

namespace flowzip {
namespace {

const std::string kFolder = std::string(FLOWZIP_SOURCE_DIR) + "/tests/";

const Model& GoldenModel() {
  static const Model model = testing::ReadGoldenModel(kFolder + "golden");
  return model;
}

std::vector<testing::GoldenFile> Goldens() {
  std::vector<testing::GoldenFile> goldens = testing::ReadGoldens(kFolder + "golden");
  REQUIRE(goldens.size() >= 18);
  return goldens;
}

// Names of the .flz files in a folder.
std::set<std::string> FilesIn(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder + folder)) {
    if (entry.path().extension() == ".flz") names.insert(entry.path().filename().string());
  }
  return names;
}

// Names in FOLDER/about.txt, each of which must be told what it is for.
std::set<std::string> FilesAbout(const std::string& folder) {
  std::set<std::string> names;
  std::ifstream about(kFolder + folder + "/about.txt");
  for (std::string line; std::getline(about, line);) {
    if (line.empty() || line[0] == '#') continue;
    const size_t colon = line.find(": ");
    INFO(line);
    REQUIRE(colon != std::string::npos);
    CHECK(line.size() > colon + 10);
    CHECK(names.insert(line.substr(0, colon)).second);
  }
  return names;
}

Image DecodeGolden(ByteSpan file, int jobs = 1) {
  DecodeOptions options;
  options.model_override = &GoldenModel();
  options.jobs = jobs;
  return Decode(file, options);
}

TEST_CASE("golden files decode to the same pixels, on every instruction set") {
  std::set<std::string> seen;
  for (const testing::GoldenFile& golden : Goldens()) {
    INFO(golden.name);
    seen.insert(golden.name);
    for (const std::string& target : SupportedSimdTargets()) {
      INFO(target);
      REQUIRE(ForceSimdTarget(target));
      const Image image = DecodeGolden(golden.bytes, 2);
      CHECK(image.width == golden.width);
      CHECK(image.height == golden.height);
      CHECK(image.channels == golden.channels);
      const std::vector<uint8_t> samples = testing::LittleEndianSamples(image);
      CHECK(HashName(XXH3_64bits(samples.data(), samples.size())) == golden.hash);
    }
    ResetSimdTarget();
  }
  CHECK(seen == FilesIn("golden"));
}

// No promise to users, unlike the above: it shows that a change of the encoder changes bytes.
// Such a change is meant and said in CHANGELOG.md, or it is a bug. When it is meant, the files
// stay, the new ones get new names, and this test goes on with those.
TEST_CASE("golden files are what the encoder writes today") {
  for (const testing::GoldenFile& golden : Goldens()) {
    INFO(golden.name);
    EncodeOptions options;
    options.model = &GoldenModel();
    options.tile_log2 = Probe(golden.bytes).tile_log2;
    const Image image = DecodeGolden(golden.bytes);
    options.coding = testing::CodingOf(golden);
    if (Probe(golden.bytes).is_whole()) {
      CHECK((EncodeDeflated(image, testing::StreamOf(golden), options) == golden.bytes));
      continue;
    }
    CHECK((Encode(image, options) == testing::WithPreview(golden.bytes, std::nullopt)));
  }
}

TEST_CASE("bad files are refused for the reason that is theirs") {
  std::set<std::string> seen;
  std::ifstream manifest(kFolder + "bad/manifest.txt");
  for (std::string line; std::getline(manifest, line);) {
    std::istringstream words(line);
    std::string name, expected, message;
    int expected_code = 0, code = 0;
    words >> name >> expected_code >> std::ws;
    std::getline(words, expected);
    INFO(name);
    seen.insert(name);
    try {
      DecodeGolden(ReadFile(kFolder + "bad/" + name));
    } catch (const Error& error) {
      code = static_cast<int>(error.code());
      message = error.what();
    }
    CHECK(code != 0);
    CHECK(code == expected_code);
    CHECK(message == expected);
  }
  CHECK(seen.size() >= 35);
  CHECK(seen == FilesIn("bad"));
}

TEST_CASE("about.txt says of every file what it is for") {
  CHECK(FilesAbout("golden") == FilesIn("golden"));
  CHECK(FilesAbout("bad") == FilesIn("bad"));
}

}  // namespace
}  // namespace flowzip
