// SPDX-License-Identifier: BSD-3-Clause
// First inputs of the fuzz targets:  make_seeds FOLDER  writes FOLDER/TARGET/seed-*.
#include <filesystem>
#include <fstream>

#include "rans/escape.h"
#include "tests/converted.h"
#include "tests/fuzz/harness.h"
#include "tests/picture_kinds.h"
#ifdef FLOWZIP_HAVE_PNG
#include "tools/png_io.h"
#endif

namespace flowzip {
namespace {

std::string g_folder;

std::string Path(const std::string& target, const std::string& name) {
  std::filesystem::create_directories(g_folder + "/" + target);
  return g_folder + "/" + target + "/seed-" + name;
}
void Save(const std::string& target, const std::string& name, const std::vector<uint8_t>& bytes) {
  std::ofstream(Path(target, name), std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

std::vector<Image> Pictures() {
  return {
      testing::Noise(1, 1, 1, 1),   testing::Flat(20, 3, 3, 200), testing::Noise(9, 5, 3, 2),
      testing::Scene(24, 17, 3, 3), testing::Scene(30, 20, 1, 4), testing::Checkerboard(12, 10, 3),
      testing::Gradient(33, 31, 3), testing::Scene(40, 1, 3, 5),  testing::Scene(3, 50, 1, 6)};
}

void MakeFiles() {
  int number = 0;
  for (const Image& image : Pictures()) {
    for (const int tile_log2 : {4, 5}) {
      EncodeOptions options;
      options.model = &fuzz::Micro();
      options.tile_log2 = tile_log2;
      const auto file = Encode(image, options);
      Save("decode", std::to_string(number), file);
      options.coding = Coding::kRaster;
      Save("decode", "raster-" + std::to_string(number), Encode(image, options));
      options.coding = number % 2 == 0 ? Coding::kNetwork : Coding::kAdaptive;
      Save("decode", "network-" + std::to_string(number), Encode(image, options));
      if (number % 3 == 0) {
        Save("container", std::to_string(number), file);
        std::vector<uint8_t> call = file;  // its last byte are the harness's flags
        call.push_back(static_cast<uint8_t>(number * 37));
        Save("capi", std::to_string(number), call);
      }
      ++number;
    }
#ifdef FLOWZIP_HAVE_PNG
    WritePng(image, Path("png", std::to_string(number)));
#endif
    std::vector<uint8_t> pixels = {static_cast<uint8_t>(image.width - 1),
                                   static_cast<uint8_t>(image.height - 1),
                                   static_cast<uint8_t>(image.channels / 2)};
    pixels.insert(pixels.end(), image.samples.begin(), image.samples.end());
    Save("pixels", std::to_string(number), pixels);
    for (const int kind : {128, 192}) {  // by the autoregressive flow; deep
      pixels[2] = static_cast<uint8_t>(kind + image.channels / 2 + number % 2 * 2);
      Save("pixels", "network-" + std::to_string(number) + "-" + std::to_string(kind), pixels);
    }
  }
  // Deep and squeezed network tiles.
  EncodeOptions options;
  options.model = &fuzz::Micro();
  options.coding = Coding::kNetwork;
  for (const int depth : {10, 16}) {
    for (int channels = 1; channels <= 4; ++channels) {
      const Image image = testing::OfKind({channels, depth, 3}, 13, 11, static_cast<uint32_t>(depth));
      Save("decode", "network-deep-" + std::to_string(depth) + "-" + std::to_string(channels),
           Encode(image, options));
    }
  }
  for (const int conversion : {1, 2}) {
    for (const bool rows : {false, true}) {
      const Image image =
          testing::Converted(testing::Scene(25, 23, 3, 8), conversion, 1, true, rows);
      Save("decode", "network-half-" + std::to_string(2 * conversion + rows),
           Encode(image, options));
    }
  }
}

void MakeModels() {
  Model model = fuzz::Micro();
  Save("model", "least", model.Serialize());
  model = testing::TinyModel(7, {2, 1, 2});
  Save("model", "block", model.Serialize());
}

void MakeStreams() {
  testing::Random random(7);
  for (const int lanes : {1, 2, 4, 16}) {
    SymbolLog log;
    for (int i = 0; i < 200; ++i) log.AddExpGolomb(random.Word() % 1000, 3);
    std::vector<uint8_t> bytes = {
        static_cast<uint8_t>(lanes - 1), 3, 8, 0xFF, 0xFF, 0xFF, 0xFF, 0, 64, 0, 128, 0, 192};
    const std::vector<uint8_t> stream = log.EncodeAll(lanes);
    bytes.insert(bytes.end(), stream.begin(), stream.end());
    Save("rans", "golomb-" + std::to_string(lanes), bytes);
    bytes[3] = bytes[4] = bytes[5] = bytes[6] = 0x1B;
    Save("rans", "mixed-" + std::to_string(lanes), bytes);
  }
}

}  // namespace
}  // namespace flowzip

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  flowzip::g_folder = argv[1];
  flowzip::MakeFiles();
  flowzip::MakeModels();
  flowzip::MakeStreams();
}
