// SPDX-License-Identifier: BSD-3-Clause
// Reads tests/golden: what the files decode to and their models, for golden_test and
// golden_check.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "codec/api/codec.h"
#include "codec/coders/raster/raster_tile.h"
#include "codec/tiles/tile_modes.h"
#include "codec/tiles/tile_payload.h"
#include "model/model.h"
#include "tools/read_file.h"

namespace flowzip::testing {

// Samples as golden files' hashes see them: those above 8 bits low byte first, on every machine.
inline std::vector<uint8_t> LittleEndianSamples(const Image& image) {
  std::vector<uint8_t> bytes(image.samples.begin(), image.samples.end());
  if constexpr (!kLittleEndian) {
    if (image.bytes_per_sample() == 2) {
      for (size_t i = 0; i + 1 < bytes.size(); i += 2) std::swap(bytes[i], bytes[i + 1]);
    }
  }
  return bytes;
}

struct GoldenFile {
  std::string name, hash;  // XXH3-64 of the samples, 16 hexadecimal digits
  std::string sum;         // XXH32, for docs/reference_decoder.py
  uint32_t width = 0, height = 0;
  int channels = 0;
  std::vector<uint8_t> bytes;
};

// The model of all files in FOLDER that need one.
inline Model ReadGoldenModel(const std::string& folder) {
  return Model::Parse(ReadFile(folder + "/tiny.flzm"));
}

// How a golden file was encoded, as its name says or its first tile shows: files of each way are
// among them.
inline Coding CodingOf(const GoldenFile& golden) {
  if (golden.name.starts_with("fast-")) return Coding::kFast;
  if (golden.name.starts_with("best-")) return Coding::kThorough;
  if (golden.name.starts_with("differences-")) return Coding::kSmallest;
  const ByteSpan file(golden.bytes);
  const ByteSpan payload = SplitTiles(ParseHeader(file), file)[0].payload;
  return IsAdaptive(payload)                         ? Coding::kAdaptive
         : NeedsModel(payload)                       ? Coding::kNetwork
         : FindMode(payload)->coder == &kRasterCoder ? Coding::kRaster
                                                     : Coding::kContexts;
}

// The zlib stream of a deflated picture's file.
inline ByteSpan StreamOf(const GoldenFile& golden) {
  return SplitTiles(ParseHeader(golden.bytes), golden.bytes)[0].payload.subspan(1);
}

// All of FOLDER/manifest.txt, in its order.
inline std::vector<GoldenFile> ReadGoldens(const std::string& folder) {
  std::vector<GoldenFile> goldens;
  std::ifstream manifest(folder + "/manifest.txt");
  for (GoldenFile g; manifest >> g.name >> g.width >> g.height >> g.channels >> g.hash >> g.sum;) {
    const FileBytes bytes = ReadFile(folder + "/" + g.name);
    g.bytes.assign(bytes.begin(), bytes.end());
    goldens.push_back(g);
  }
  Require(!goldens.empty(), ErrorCode::kIo, "no golden files");
  return goldens;
}

}  // namespace flowzip::testing
