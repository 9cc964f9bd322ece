// SPDX-License-Identifier: BSD-3-Clause
// flowzip decode IN.flz... [-o OUT.png | --output-dir DIR] [--recover]
#include <cstdio>

#include "codec/codec.h"
#include "codec/recover.h"
#include "tools/codec_calls.h"
#include "tools/png_io.h"

namespace flowzip {
namespace {

struct Arguments {
  CommonOptions common;
  FileArguments files;
  bool recover = false;
};

// What --recover could not save, tile by tile; throws unless nothing was wrong.
void Report(const Recovery& recovery, const std::string& input, const std::string& output) {
  if (recovery.intact()) return;
  for (const LostTile& lost : recovery.lost) {
    std::fprintf(stderr, "flowzip: %s: lost: tile %llu, %u x %u pixels at (%u, %u): %s\n",
                 input.c_str(), static_cast<unsigned long long>(lost.tile + 1), lost.rect.width,
                 lost.rect.height, lost.rect.x, lost.rect.y, lost.reason.c_str());
  }
  const uint64_t saved = recovery.tiles - recovery.lost.size();
  throw FileError(input, (recovery.damage.empty() ? "damaged" : recovery.damage) + "; " +
                             std::to_string(saved) + " of " + std::to_string(recovery.tiles) +
                             " tiles recovered exactly in " + output +
                             (recovery.lost.empty() ? "" : ", gray in the place of the others"));
}

Image DecodeWhole(ByteSpan bytes, const DecoderHandle& decoder, const CommonOptions& common) {
  const flz_info info = OpenFile(decoder, bytes);
  HandleProgress progress("decoding", decoder, common.quiet);
  return DecodeOpen(decoder, info, bytes.size(), common);
}

Image DecodeRest(ByteSpan bytes, const CommonOptions& common, Recovery* recovery) {
  const std::shared_ptr<const Model> model = Prepare(common);
  DecodeOptions options;
  options.model_override = model.get();
  options.jobs = common.jobs;
  options.max_pixels = common.max_pixels;
  options.max_memory = common.max_memory;
  options.recovery = recovery;
  Progress progress("decoding", common.quiet);
  return Decode(bytes, options, nullptr, progress.Callback());
}

void DecodeOne(const FileTask& task, const DecoderHandle& decoder, const Arguments& arguments) {
  const CommonOptions& common = arguments.common;
  const std::string input = InputName(task.input), output = OutputName(task.output);
  const std::vector<uint8_t> bytes =
      WithFile(input, [&] { return ReadInput(task.input, common.force, common.max_memory); });
  // What is no .flz file at all is said before anything about the output.
  if (!arguments.recover) WithFile(input, [&] { return OpenFile(decoder, bytes); });
  const auto file =
      WithFile(output, [&] { return std::make_unique<Output>(task.output, common.force); });
  Recovery recovery;
  const Image image = WithFile(input, [&] {
    return arguments.recover ? DecodeRest(bytes, common, &recovery)
                             : DecodeWhole(bytes, decoder, common);
  });
  WithFile(output, [&] {
    WritePng(image, file->stream());
    file->Commit(task.input);
  });
  if (common.verbose && !common.quiet) {
    std::fprintf(stderr, "%s: %u x %u, %d channels of %d bits\n", output.c_str(), image.width,
                 image.height, image.channels, image.bit_depth);
  }
  Report(recovery, input, output);
}

void Run(const Arguments& arguments) {
  ApplySimd(arguments.common);
  const std::vector<FileTask> tasks = PlanFiles(arguments.files, {".flz"}, ".png");
  const DecoderHandle decoder = WithFile("decoder", [&] { return NewDecoder(arguments.common); });
  ForEachFile(tasks, [&](const FileTask& task) { DecodeOne(task, decoder, arguments); });
}

}  // namespace

void AddDecodeCommand(CLI::App& app, Action& run) {
  CLI::App* command = app.add_subcommand("decode", "Restore the PNG images of .flz files");
  const auto arguments = std::make_shared<Arguments>();
  AddFileArguments(*command, arguments->files, ".flz files", "IN with .png for .flz");
  command->add_flag("--recover", arguments->recover,
                    "Of damaged files, decode the tiles that are whole; exit 1 if any is not");
  AddCommonOptions(*command, arguments->common, true);
  AddLimitOptions(*command, arguments->common);
  command->callback([arguments, &run] { run = [arguments] { Run(*arguments); }; });
}

}  // namespace flowzip
