// SPDX-License-Identifier: BSD-3-Clause
// flowzip decode IN.flz... [-o OUT.png | --output-dir DIR]
#include <cstdio>

#include "tools/codec_calls.h"
#include "tools/png_io.h"

namespace flowzip {
namespace {

struct Arguments {
  CommonOptions common;
  FileArguments files;
};

void DecodeOne(const FileTask& task, const DecoderHandle& decoder, const CommonOptions& common) {
  const std::string input = InputName(task.input), output = OutputName(task.output);
  const std::vector<uint8_t> bytes =
      WithFile(input, [&] { return ReadInput(task.input, common.force, common.max_memory); });
  // What is no .flz file at all is said before anything about the output.
  const flz_info info = WithFile(input, [&] { return OpenFile(decoder, bytes); });
  const auto file =
      WithFile(output, [&] { return std::make_unique<Output>(task.output, common.force); });
  const Image image = WithFile(input, [&] {
    HandleProgress progress("decoding", decoder, common.quiet);
    return DecodeOpen(decoder, info, bytes.size(), common);
  });
  WithFile(output, [&] {
    WritePng(image, file->stream());
    file->Commit(task.input);
  });
  if (common.verbose && !common.quiet) {
    std::fprintf(stderr, "%s: %u x %u, %d channels of %d bits\n", output.c_str(), image.width,
                 image.height, image.channels, image.bit_depth);
  }
}

void Run(const Arguments& arguments) {
  ApplySimd(arguments.common);
  const std::vector<FileTask> tasks = PlanFiles(arguments.files, {".flz"}, ".png");
  const DecoderHandle decoder = WithFile("decoder", [&] { return NewDecoder(arguments.common); });
  ForEachFile(tasks, [&](const FileTask& task) { DecodeOne(task, decoder, arguments.common); });
}

}  // namespace

void AddDecodeCommand(CLI::App& app, Action& run) {
  CLI::App* command = app.add_subcommand("decode", "Restore the PNG images of .flz files");
  const auto arguments = std::make_shared<Arguments>();
  AddFileArguments(*command, arguments->files, ".flz files", "IN with .png for .flz");
  AddCommonOptions(*command, arguments->common, true);
  AddLimitOptions(*command, arguments->common);
  command->callback([arguments, &run] { run = [arguments] { Run(*arguments); }; });
}

}  // namespace flowzip
