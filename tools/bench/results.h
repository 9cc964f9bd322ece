// SPDX-License-Identifier: BSD-3-Clause
// What a benchmark measured, and the sums that reports show.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "codec/account/pixel_bits.h"
#include "codec/account/tile_stats.h"
#include "tools/bench/codec_table.h"
#include "tools/bench/launcher.h"

namespace flowzip::bench {

struct ImageInfo {
  std::string path, name;
  uint64_t file_bytes = 0;
  uint32_t width = 0, height = 0;
  int channels = 0, bit_depth = 0;

  double pixels() const { return static_cast<double>(width) * height; }
  double sub_pixels() const { return pixels() * channels; }
};

// One operation, repeated.
struct Runs {
  std::vector<Seconds> seconds;
  uint64_t peak_bytes = 0;  // whole processes only

  Seconds Median() const;  // wall and CPU each
};

// The four things that are timed. "Whole" is a process from its start to its end, reading
// and writing files; "inside" is a call in this process, from memory to memory.
enum Operation { kEncodeWhole, kDecodeWhole, kEncodeInside, kDecodeInside, kOperations };
inline bool IsEncode(int operation) {
  return operation == kEncodeWhole || operation == kEncodeInside;
}

// One codec on one image.
struct Cell {
  uint64_t bytes = 0;
  Runs runs[kOperations];
  TileStats stats;  // flowzip only
};

struct Skipped {
  std::string name, reason;
};

struct HeatMap {
  size_t image = 0;
  PixelBits bits;
};

struct Machine {
  std::string cpu, system, load_before, load_after, date, simd;
  int cores = 0;
};

struct Results {
  Machine machine;
  std::string command_line, version;
  std::string scratch;  // the folder of the files in between
  int repeats = 1, jobs = 1;
  double repeat_below = 0;
  size_t reference = 0;  // the codec that percentages refer to

  std::vector<Codec> codecs;
  std::vector<ImageInfo> images;
  std::vector<std::vector<Cell>> cells;  // [codec][image]
  std::vector<Skipped> missing;          // codecs
  std::vector<Skipped> skipped;          // images
  std::vector<HeatMap> heat_maps;

  double pixels() const;
  double sub_pixels() const;
};

// Megapixels per second; 0 where there is nothing to measure.
struct Rate {
  double wall = 0, cpu = 0;
};

struct Summary {
  uint64_t bytes = 0;
  double bits_per_sub_pixel = 0, percent = 0;  // of the reference, less 100
  Rate rates[kOperations];                     // all pixels by the sum of the medians
  uint64_t peak_bytes[kOperations] = {};       // of the worst image
};
Summary Summarize(const Results& results, size_t codec);

double BitsPerSubPixel(const Results& results, size_t codec, size_t image);

// flowzip only: where the bits went, all per sub-pixel of all images.
struct ModelBits {
  std::array<double, kChannels> channel{};  // as in TileStats
  double side = 0;                          // filters and exceptions
  double other = 0;                         // tiles and channels coded without it
  double total = 0;                         // all of that: the model's -log2 p
  double overhead = 0;                      // bits in the file beyond that
};
ModelBits SumModelBits(const Results& results, size_t codec);

// Of points (smaller x is better, larger y is better) those that no other one beats in
// both, by growing x.
std::vector<size_t> ParetoFront(const std::vector<std::pair<double, double>>& points);

// The codec that stands for flowzip, its default model; kNoCodec if it is not in the run.
inline constexpr size_t kNoCodec = static_cast<size_t>(-1);
size_t DefaultFlowzip(const Results& results);

// Images by falling bits per sub-pixel of that codec.
std::vector<size_t> HardestImages(const Results& results, size_t codec);

// The processor, the system and the time.
Machine DescribeMachine();
std::string LoadAverage();

}  // namespace flowzip::bench
