// SPDX-License-Identifier: BSD-3-Clause
// What each effort makes of pictures of every kind, as users run it, with every instruction set.
//
//   signature_check TABLE             TABLE: tests/signature.txt
//   signature_check TABLE --update    writes it
//
// The table has the size of every file, so that a loss of density is a line of a diff, and one
// signature an effort, a hash over all of its files: a change that keeps the signatures has
// changed no byte of output. Every instruction set must come to the same. Needs neither Catch2 nor
// libpng, so that scripts/check-platforms.sh can build it for any platform.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "flowzip/flowzip.h"
#include "model/simd_targets.h"
#include "tests/signature_pictures.h"

namespace flowzip {
namespace {

constexpr std::array<const char*, 3> kEfforts = {"fast", "standard", "best"};
using Pictures = std::vector<std::pair<std::string, Image>>;

void Check(flz_status status, const char* message) {
  Require(status == FLZ_OK, ErrorCode::kInvalidArgument, message);
}

flz_image ToPicture(const Image& image) {
  flz_image picture = {};
  picture.width = image.width;
  picture.height = image.height;
  picture.channels = static_cast<uint32_t>(image.channels);
  picture.bit_depth = static_cast<uint32_t>(image.bit_depth);
  picture.flags = (image.indexed ? FLZ_INDEXED : 0) | (image.interlaced ? FLZ_INTERLACED : 0);
  picture.max_value = image.max_value;
  picture.pixels = image.samples.data();
  return picture;
}

std::vector<uint8_t> EncodeBy(size_t effort, const Image& image) {
  flz_encoder* encoder = flz_encoder_new();
  const auto check = [encoder](flz_status status) { Check(status, flz_encoder_message(encoder)); };
  check(flz_encoder_set_effort(encoder, static_cast<flz_effort>(FLZ_EFFORT_FAST + effort)));
  for (const Chunk& chunk : image.chunks) {
    check(flz_encoder_add_chunk(encoder, chunk.type.data(), chunk.data.data(), chunk.data.size()));
  }
  const flz_image picture = ToPicture(image);
  const uint8_t* data = nullptr;
  size_t size = 0;
  check(flz_encoder_encode(encoder, &picture, &data, &size));
  std::vector<uint8_t> file(data, data + size);
  flz_encoder_free(encoder);
  return file;
}

void CheckDecodes(const std::vector<uint8_t>& file, const std::string& name, const Image& image) {
  flz_decoder* decoder = flz_decoder_new();
  const auto check = [decoder](flz_status status) { Check(status, flz_decoder_message(decoder)); };
  check(flz_decoder_open(decoder, file.data(), file.size(), nullptr));
  std::vector<uint8_t> pixels(image.samples.size());
  check(flz_decoder_decode(decoder, pixels.data(), pixels.size(), 0));
  Require(std::equal(pixels.begin(), pixels.end(), image.samples.begin()), ErrorCode::kCorrupt,
          (name + " decodes to other pixels").c_str());
  flz_decoder_free(decoder);
}

// Of files that are the same on every machine: their bytes.
std::string Hex(uint64_t hash) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

struct Outcome {
  std::vector<std::array<size_t, kEfforts.size()>> sizes;  // by picture
  std::array<std::string, kEfforts.size()> signatures;
};

Outcome EncodeAll(const Pictures& pictures) {
  Outcome outcome;
  std::array<uint64_t, kEfforts.size()> hashes{};
  for (const auto& [name, image] : pictures) {
    auto& sizes = outcome.sizes.emplace_back();
    for (size_t effort = 0; effort < kEfforts.size(); ++effort) {
      const std::vector<uint8_t> file = EncodeBy(effort, image);
      CheckDecodes(file, name, image);
      sizes[effort] = file.size();
      Require(effort == 0 || sizes[effort] <= sizes[effort - 1], ErrorCode::kInvalidArgument,
              (name + " grows with the effort").c_str());
      hashes[effort] = XXH3_64bits_withSeed(file.data(), file.size(), hashes[effort]);
    }
  }
  for (size_t effort = 0; effort < kEfforts.size(); ++effort) {
    outcome.signatures[effort] = Hex(hashes[effort]);
  }
  return outcome;
}

std::vector<std::string> ToLines(const Pictures& pictures, const Outcome& outcome) {
  std::vector<std::string> lines = {
      "# Bytes of the files that each effort writes, and a signature over them: made by",
      "# `signature_check tests/signature.txt --update`, compared by `ctest -R signature`.",
      "# picture | width x height x channels, bits | fast | standard | best"};
  std::array<size_t, kEfforts.size()> sums{};
  for (size_t i = 0; i < pictures.size(); ++i) {
    const auto& [name, image] = pictures[i];
    std::ostringstream line;
    line << name << " | " << image.width << "x" << image.height << "x" << image.channels << ", "
         << image.bit_depth;
    for (size_t effort = 0; effort < kEfforts.size(); ++effort) {
      line << " | " << outcome.sizes[i][effort];
      sums[effort] += outcome.sizes[i][effort];
    }
    lines.push_back(line.str());
  }
  std::string sum = "sum | ", signature = "signature | ";
  for (size_t effort = 0; effort < kEfforts.size(); ++effort) {
    sum += " | " + std::to_string(sums[effort]);
    signature += " | " + outcome.signatures[effort];
  }
  lines.push_back(sum);
  lines.push_back(signature);
  return lines;
}

std::vector<std::string> ReadLines(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// True if the table says the same; else shows what changed.
bool Compare(const std::vector<std::string>& lines, const std::string& table) {
  const std::vector<std::string> expected = ReadLines(table);
  if (lines == expected) return true;
  for (size_t i = 0; i < std::max(lines.size(), expected.size()); ++i) {
    const std::string before = i < expected.size() ? expected[i] : "",
                      now = i < lines.size() ? lines[i] : "";
    if (before != now) std::printf("- %s\n+ %s\n", before.c_str(), now.c_str());
  }
  std::printf("Not what %s says. If that is wanted: signature_check %s --update\n", table.c_str(),
              table.c_str());
  return false;
}

int Run(const std::string& table, bool update) {
  Require(flz_model_count() > 0, ErrorCode::kUnknownModel,
          "no model is built in: efforts standard and best have none to run");
  const Pictures pictures = testing::SignaturePictures();
  std::vector<std::string> first;
  bool same = true;
  for (const std::string& target : SupportedSimdTargets()) {
    Require(ForceSimdTarget(target), ErrorCode::kInvalidArgument, "target cannot be forced");
    const Outcome outcome = EncodeAll(pictures);
    const std::vector<std::string> lines = ToLines(pictures, outcome);
    if (first.empty()) first = lines;
    same = same && lines == first;
    std::printf("%-18s", target.c_str());
    for (size_t effort = 0; effort < kEfforts.size(); ++effort) {
      std::printf("  %s %s", kEfforts[effort], outcome.signatures[effort].c_str());
    }
    // In the form that scripts/check-platforms.sh compares.
    const std::string all = outcome.signatures[0] + outcome.signatures[1] + outcome.signatures[2];
    std::printf("  signature efforts-%s\n", Hex(XXH3_64bits(all.data(), all.size())).c_str());
    std::fflush(stdout);
    if (update) break;
  }
  if (update) {
    std::ofstream file(table, std::ios::trunc);
    for (const std::string& line : first) file << line << "\n";
    Require(static_cast<bool>(file), ErrorCode::kIo, "the table cannot be written");
    return 0;
  }
  if (!same) std::printf("Not the same with every instruction set.\n");
  return Compare(first, table) && same ? 0 : 1;
}

}  // namespace
}  // namespace flowzip

int main(int argc, char** argv) {
  const bool update = argc == 3 && std::strcmp(argv[2], "--update") == 0;
  if (argc != 2 && !update) {
    std::fprintf(stderr, "usage: signature_check TABLE [--update]\n");
    return 2;
  }
  try {
    return flowzip::Run(argv[1], update);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "signature_check: %s\n", error.what());
    return 1;
  }
}
