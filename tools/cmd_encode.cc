// SPDX-License-Identifier: BSD-3-Clause
// flowzip encode IN... [-o OUT.flz | --output-dir DIR]
#include <algorithm>
#include <chrono>
#include <cstdio>

#include "codec/codec.h"
#include "codec/memory.h"
#include "model/embedded.h"
#include "model/simd_targets.h"
#include "tools/cli_common.h"
#include "tools/picture_file.h"

namespace flowzip {
namespace {

struct Arguments {
  CommonOptions common;
  FileArguments files;
  bool verify = true, strip = false, recover_colour = true;
};

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// What the encoder needs, and the picture that it is given; verifying takes no more than that.
uint64_t MemoryFor(const Image& image, const EncodeOptions& options) {
  FileInfo info;
  info.width = image.width;
  info.height = image.height;
  info.channels = image.channels;
  info.bit_depth = image.bit_depth;
  const Model& model = options.model != nullptr ? *options.model : DefaultModel();
  const uint64_t samples = SampleMemory(info);
  return AddMemory(
      EncodeMemory(info, model, options.jobs, MemoryLeft(options.max_memory, samples)), samples);
}

void Verify(const Image& image, ByteSpan file, const EncodeOptions& encoder, bool quiet) {
  Progress progress("verifying", quiet);
  DecodeOptions options;
  options.model_override = encoder.model;
  options.jobs = encoder.jobs;
  options.max_pixels = UINT64_MAX;
  options.max_memory = MemoryLeft(encoder.max_memory, image.samples.size() + file.size());
  const Image again = Decode(file, options, nullptr, progress.Callback());
  Require(SameImage(again, image), ErrorCode::kCorrupt,
          "internal error: what was encoded does not decode to the same");
}

void EncodeOne(const FileTask& task, const EncodeOptions& options, const Arguments& arguments) {
  const CommonOptions& common = arguments.common;
  const std::string input = InputName(task.input), output = OutputName(task.output);
  Image image = WithFile(input, [&] {
    const std::vector<uint8_t> bytes = ReadInput(task.input, common.force, common.max_memory);
    return ReadPicture(bytes, common.max_pixels, [&](const Image& header) {
      RequireMemory(MemoryFor(header, options), common.max_memory);
    });
  });
  if (arguments.strip) StripMetadata(image);
  // Before the work, so that an output that cannot be is refused at once.
  const auto file =
      WithFile(output, [&] { return std::make_unique<Output>(task.output, common.force); });

  double encode_seconds = 0, verify_seconds = 0;
  const std::vector<uint8_t> bytes = WithFile(input, [&] {
    Clock::time_point start = Clock::now();
    std::vector<uint8_t> result;
    {
      Progress progress("encoding", common.quiet);
      EncodeOptions rest = options;
      rest.max_memory = MemoryLeft(options.max_memory, image.samples.size());
      result = Encode(image, rest, nullptr, progress.Callback());
    }
    encode_seconds = SecondsSince(start);
    start = Clock::now();
    if (arguments.verify) Verify(image, result, options, common.quiet);
    verify_seconds = SecondsSince(start);
    return result;
  });
  WithFile(output, [&] {
    file->Write(bytes);
    file->Commit(task.input);
  });
  if (common.quiet) return;
  std::fprintf(stderr, "%s: %zu bytes, %.3f bits per sub-pixel\n", output.c_str(), bytes.size(),
               8.0 * static_cast<double>(bytes.size()) / static_cast<double>(image.sub_pixels()));
  if (!common.verbose) return;
  std::fprintf(stderr, "  %u x %u, %d channels of %d bits; %d threads, %s, at most %s of memory\n",
               image.width, image.height, image.channels, image.bit_depth, common.jobs,
               ActiveSimdTarget().c_str(), HumanBytes(MemoryFor(image, options)).c_str());
  std::fprintf(stderr, "  encoded in %.2f s (%.2f megapixels/s)", encode_seconds,
               1e-6 * image.width * image.height / std::max(encode_seconds, 1e-9));
  if (arguments.verify) std::fprintf(stderr, ", verified in %.2f s", verify_seconds);
  std::fprintf(stderr, "\n");
}

void Run(const Arguments& arguments) {
  const std::vector<FileTask> tasks =
      PlanFiles(arguments.files, {".png", ".pgm", ".ppm", ".pnm", ".pbm", ".pam"}, ".flz");
  const std::shared_ptr<const Model> model = Prepare(arguments.common);
  EncodeOptions options;
  options.model = model.get();
  options.jobs = arguments.common.jobs;
  options.recover_colour = arguments.recover_colour;
  options.max_memory = arguments.common.max_memory;
  ForEachFile(tasks, [&](const FileTask& task) { EncodeOne(task, options, arguments); });
}

}  // namespace

void AddEncodeCommand(CLI::App& app, Action& run) {
  CLI::App* command = app.add_subcommand("encode", "Compress PNG or PNM images into .flz files");
  const auto arguments = std::make_shared<Arguments>();
  AddFileArguments(*command, arguments->files, "PNG or PNM images", "IN with .flz for .png");
  command->add_flag("--verify,!--no-verify", arguments->verify,
                    "Decode the result and compare before writing it [on]");
  command->add_flag("--strip", arguments->strip, "Leave out metadata");
  command->add_flag("--recover-colour,!--no-recover-colour", arguments->recover_colour,
                    "Find and code the YCbCr or PhotoCD values that RGB was converted from [on]");
  AddCommonOptions(*command, arguments->common, true);
  AddEffortOption(*command, arguments->common);
  AddLimitOptions(*command, arguments->common);
  command->callback([arguments, &run] { run = [arguments] { Run(*arguments); }; });
}

}  // namespace flowzip
