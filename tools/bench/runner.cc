// SPDX-License-Identifier: BSD-3-Clause
// Codecs take turns, image by image and repeat by repeat, so that a machine that slows
// down slows all of them: the ratios hold better than the speeds.
#include "tools/bench/runner.h"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>

#include "codec/api/codec.h"
#include "model/simd_targets.h"
#include "tools/bench/pnm.h"
#include "tools/bench/selection.h"
#include "tools/png_io.h"
#include "tools/read_file.h"

namespace flowzip::bench {
namespace {

template <class F>
Seconds Time(const F& body) {
  using Clock = std::chrono::steady_clock;
  const std::clock_t cpu = std::clock();
  const Clock::time_point wall = Clock::now();
  body();
  return {std::chrono::duration<double>(Clock::now() - wall).count(),
          static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC};
}

// One codec on one image.
class Job {
 public:
  Job(const Codec& codec, const ImageInfo& info, const Image& image, const RunOptions& options,
      Launcher& launcher, Cell& cell)
      : codec_(codec),
        info_(info),
        image_(image),
        options_(options),
        launcher_(launcher),
        cell_(cell) {}

  void Run(int repeat) {
    if (codec_.is_shipped_file()) {
      cell_.bytes = info_.file_bytes;
      file_ = info_.path;
    } else if (Wanted(kEncodeWhole, repeat)) {
      EncodeWhole(repeat);
    }
    if (Wanted(kDecodeWhole, repeat)) DecodeWhole();
    if (codec_.encode && Wanted(kEncodeInside, repeat)) EncodeInside();
    if (codec_.decode && Wanted(kDecodeInside, repeat)) DecodeInside();
  }
  // What the program wrote last.
  const std::string& file() const { return file_; }

 private:
  [[noreturn]] void Fail(const std::string& reason) const {
    throw RunError(info_.path, codec_.name + ": " + reason);
  }

  bool Wanted(Operation operation, int repeat) const {
    const auto& runs = cell_.runs[operation].seconds;
    return repeat == 0 || (!runs.empty() && runs.front().wall < options_.repeat_below);
  }

  // Returns the file that was written.
  std::string RunCommand(const std::string& pattern, const std::string& in, Operation operation) {
    Replacements with;
    with.in = in;
    with.out = launcher_.directory() + (IsEncode(operation) ? "/file-" : "/back-") + codec_.name;
    with.model = codec_.model_file;
    with.jobs = options_.codecs.jobs;
    with.color = image_.channels >= 3;
    with.alpha = image_.channels % 2 == 0;
    const Command command = Expand(pattern, codec_.shell, with);
    std::error_code ignored;
    std::filesystem::remove(command.out, ignored);
    const Usage usage = launcher_.Run(command.argv);
    const std::string verb = IsEncode(operation) ? "encoder" : "decoder";
    if (usage.status != 0) {
      Fail(verb + " failed with status " + std::to_string(usage.status) +
           (usage.message.empty() ? "" : " (" + usage.message + ")"));
    }
    if (!std::filesystem::exists(command.out)) Fail(verb + " wrote no file");
    Runs& runs = cell_.runs[operation];
    runs.seconds.push_back(usage.seconds);
    runs.peak_bytes = std::max(runs.peak_bytes, usage.peak_bytes);
    return command.out;
  }

  void EncodeWhole(int repeat) {
    file_ = RunCommand(codec_.encode_command, launcher_.directory() + "/source.png", kEncodeWhole);
    const uint64_t bytes = std::filesystem::file_size(file_);
    if (repeat > 0 && bytes != cell_.bytes) Fail("two runs wrote files of different size");
    cell_.bytes = bytes;
  }

  void DecodeWhole() {
    const std::string path = RunCommand(codec_.decode_command, file_, kDecodeWhole);
    Image image;
    try {
      image = ReadPixels(path);
    } catch (const std::exception& error) {
      Fail(std::string("what it decoded cannot be read: ") + error.what());
    }
    Compare(image, "");
  }

  void EncodeInside() {
    std::vector<uint8_t> file;
    const auto body = [&] { file = codec_.encode(image_); };
    cell_.runs[kEncodeInside].seconds.push_back(Time(body));
    // The program may keep the rows of the PNG file where those are smaller; the library has pixels.
    const bool kept_rows = codec_.family == "flowzip" && file.size() > cell_.bytes;
    if (file.size() != cell_.bytes && !kept_rows) {
      Fail("library and program write files of different size");
    }
  }

  void DecodeInside() {
    const FileBytes file = ReadFile(file_);
    Image image;
    const auto body = [&] { image = codec_.decode(file); };
    cell_.runs[kDecodeInside].seconds.push_back(Time(body));
    Compare(image, " (as a library)");
  }

  void Compare(const Image& image, const std::string& where) const {
    const std::string difference = Difference(image_, image);
    if (!difference.empty()) Fail("decodes to other pixels" + where + ": " + difference);
  }

  const Codec& codec_;
  const ImageInfo& info_;
  const Image& image_;
  const RunOptions& options_;
  Launcher& launcher_;
  Cell& cell_;
  std::string file_;
};

void RunImage(const RunOptions& options, Launcher& launcher, size_t index, Results& results,
              const StatusFn& status) {
  const ImageInfo& info = results.images[index];
  const Image image = ReadPixels(info.path);
  // Rivals would keep metadata: all get the same picture, without any.
  WritePng(image, launcher.directory() + "/source.png");
  std::vector<Job> jobs;
  for (size_t c = 0; c < results.codecs.size(); ++c) {
    jobs.emplace_back(results.codecs[c], info, image, options, launcher, results.cells[c][index]);
  }
  for (int repeat = 0; repeat < options.repeats; ++repeat) {
    for (size_t i = 0; i < jobs.size(); ++i) {
      // Forth and back, so that nobody always runs after the same one.
      const size_t c = repeat % 2 == 0 ? i : jobs.size() - 1 - i;
      status("image " + std::to_string(index + 1) + "/" + std::to_string(results.images.size()) +
             ", round " + std::to_string(repeat + 1) + "/" + std::to_string(options.repeats) +
             ": " + results.codecs[c].name);
      try {
        jobs[c].Run(repeat);
      } catch (const RunError&) {
        throw;
      } catch (const std::exception& error) {
        throw RunError(info.path, results.codecs[c].name + ": " + error.what());
      }
    }
  }
  for (size_t c = 0; c < results.codecs.size(); ++c) {
    if (!results.codecs[c].is_flowzip()) continue;
    DecodeOptions decode;
    decode.model_override = results.codecs[c].model.get();
    decode.jobs = options.codecs.jobs;
    DecodeStats stats;
    Decode(ReadFile(jobs[c].file()), decode, &stats);
    results.cells[c][index].stats = std::move(stats.tiles);
  }
}

void MakeHeatMaps(const RunOptions& options, Results& results, const StatusFn& status) {
  const size_t codec = DefaultFlowzip(results);
  if (codec == kNoCodec) return;
  for (const size_t image : HardestImages(results, codec)) {
    if (static_cast<int>(results.heat_maps.size()) >= options.heat_maps) break;
    status("where the bits are: " + results.images[image].name);
    EncodeOptions encode;
    encode.model = results.codecs[codec].model.get();
    encode.coding = results.codecs[codec].coding;
    encode.jobs = options.codecs.jobs;
    encode.recover_colour = options.codecs.recover_colour;
    HeatMap map;
    map.image = image;
    encode.pixel_bits = &map.bits;
    Encode(ReadPixels(results.images[image].path), encode);
    results.heat_maps.push_back(std::move(map));
  }
}

}  // namespace

Results RunBenchmark(const RunOptions& options, Launcher& launcher, const StatusFn& status) {
  Results results;
  results.machine = DescribeMachine();
  results.machine.simd =
      options.codecs.simd.empty() ? SupportedSimdTargets().front() : options.codecs.simd;
  results.version = FLOWZIP_VERSION;
  results.scratch = std::filesystem::path(launcher.directory()).parent_path().string();
  results.repeats = options.repeats;
  results.jobs = options.codecs.jobs;
  results.repeat_below = options.repeat_below;
  status("looking for codecs and images");
  ChooseCodecs(options, launcher, results);
  ChooseImages(options, results);
  DropUnfit(results);
  ChooseReference(options, results);
  results.cells.assign(results.codecs.size(), std::vector<Cell>(results.images.size()));
  for (size_t i = 0; i < results.images.size(); ++i) {
    RunImage(options, launcher, i, results, status);
  }
  MakeHeatMaps(options, results, status);
  results.machine.load_after = LoadAverage();
  return results;
}

}  // namespace flowzip::bench
