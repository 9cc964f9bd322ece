// SPDX-License-Identifier: BSD-3-Clause
// flowzip decode IN.flz [-o OUT.png]
#include "codec/codec.h"
#include "tools/atomic_file.h"
#include "tools/cli_common.h"
#include "tools/picture_file.h"
#include "tools/read_file.h"

namespace flowzip {
namespace {

struct Arguments {
  CommonOptions common;
  std::string input, output;
};

void Run(const Arguments& arguments) {
  const std::string output =
      arguments.output.empty() ? DerivedName(arguments.input, ".flz", ".png") : arguments.output;
  const std::unique_ptr<const Model> model = Prepare(arguments.common);
  const std::vector<uint8_t> bytes =
      WithFile(arguments.input, [&] { return ReadFile(arguments.input); });
  // What is no .flz file at all is said before anything about the output.
  WithFile(arguments.input, [&] { Probe(bytes); });
  CheckNotSameFile(arguments.input, output);
  const auto file = WithFile(
      output, [&] { return std::make_unique<AtomicFile>(output, arguments.common.force); });

  const Image image = WithFile(arguments.input, [&] {
    DecodeOptions options;
    options.model_override = model.get();
    options.jobs = arguments.common.jobs;
    Progress progress("decoding", arguments.common.quiet);
    return Decode(bytes, options, nullptr, progress.Callback());
  });
  WithFile(output, [&] {
    WritePicture(image, output, file->stream());
    file->Commit();
  });
}

}  // namespace

void AddDecodeCommand(CLI::App& app, Action& run) {
  CLI::App* command = app.add_subcommand("decode", "Restore the PNG image of a .flz file");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("IN", arguments->input, ".flz file")->required();
  command->add_option("-o,--output", arguments->output, "Output [IN with .png for .flz]")
      ->type_name("FILE");
  AddCommonOptions(*command, arguments->common, true);
  command->callback([arguments, &run] { run = [arguments] { Run(*arguments); }; });
}

}  // namespace flowzip
