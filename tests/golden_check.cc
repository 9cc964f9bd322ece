// SPDX-License-Identifier: BSD-3-Clause
// The golden files on this platform: decoded, and encoded again, with every instruction set.
//
//   golden_check FOLDER       FOLDER: tests/golden
//
// One line per instruction set: how many files decode to their pixels, how many are written
// again byte for byte, and a signature: a hash over all of these bytes and over what the
// embedded model makes of a test picture. Equal signatures are equal codecs. Needs neither
// Catch2 nor libpng, so that scripts/check-platforms.sh can build it for any platform.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdio>
#include <string>

#include "codec/api/codec.h"
#include "model/embedded.h"
#include "model/simd_targets.h"
#include "tests/golden_files.h"
#include "tests/tiny_model.h"
#include "tests/with_preview.h"

namespace flowzip {
namespace {

uint64_t Hash(ByteSpan bytes, uint64_t seed = 0) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

bool DecodesRight(const testing::GoldenFile& golden, const Model& model, Image* image) {
  DecodeOptions options;
  options.model_override = &model;
  *image = Decode(golden.bytes, options);
  return image->width == golden.width && image->height == golden.height &&
         image->channels == golden.channels &&
         HashName(Hash(testing::LittleEndianSamples(*image))) == golden.hash;
}

// What the embedded model writes, decoded again.
std::vector<uint8_t> DefaultModelBytes() {
  Require(!EmbeddedModels().empty(), ErrorCode::kUnknownModel, "no model is built in");
  const Image image = testing::Scene(70, 52, 3, 33);
  std::vector<uint8_t> file = Encode(image, {});
  Require(Decode(file, {}).samples == image.samples, ErrorCode::kCorrupt,
          "the embedded model does not give back its picture");
  return file;
}

// True if all is as it should be with the target that is forced.
bool CheckTarget(const std::string& target, const std::vector<testing::GoldenFile>& goldens,
                 const Model& model) {
  size_t decoded = 0, encoded = 0;
  uint64_t signature = Hash(DefaultModelBytes());
  for (const testing::GoldenFile& golden : goldens) {
    try {
      Image image;
      const bool right = DecodesRight(golden, model, &image);
      EncodeOptions options;
      options.model = &model;
      options.tile_log2 = Probe(golden.bytes).tile_log2;
      options.coding = testing::CodingOf(golden);
      const FileInfo info = ParseHeader(golden.bytes);
      const std::vector<uint8_t> again =
          info.is_whole() ? EncodeDeflated(image, testing::StreamOf(golden), options)
                          : Encode(image, options);
      if (info.preview.channels > 0) DecodePreview(info, golden.bytes);  // has its own checksum
      const bool same = again == testing::WithPreview(golden.bytes, std::nullopt);
      decoded += right;
      encoded += same;
      if (!right) std::printf("  %s: other pixels\n", golden.name.c_str());
      if (!same) std::printf("  %s: other bytes\n", golden.name.c_str());
      signature = Hash(again, Hash(testing::LittleEndianSamples(image), signature));
    } catch (const Error& error) {
      std::printf("  %s: %s\n", golden.name.c_str(), error.what());
    }
  }
  std::printf("%-18s decoded %zu/%zu  encoded %zu/%zu  signature %s\n", target.c_str(), decoded,
              goldens.size(), encoded, goldens.size(), HashName(signature).c_str());
  std::fflush(stdout);
  return decoded == goldens.size() && encoded == goldens.size();
}

int Run(const std::string& folder) {
  const Model model = testing::ReadGoldenModel(folder);
  const std::vector<testing::GoldenFile> goldens = testing::ReadGoldens(folder);
  bool right = true;
  for (const std::string& target : SupportedSimdTargets()) {
    Require(ForceSimdTarget(target), ErrorCode::kInvalidArgument, "target cannot be forced");
    right = CheckTarget(target, goldens, model) && right;
  }
  return right ? 0 : 1;
}

}  // namespace
}  // namespace flowzip

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: golden_check FOLDER\n");
    return 2;
  }
  try {
    return flowzip::Run(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "golden_check: %s\n", error.what());
    return 1;
  }
}
