// SPDX-License-Identifier: BSD-3-Clause
// flowzip encode IN.png [-o OUT.flz]
#include <cstdio>

#include "codec/codec.h"
#include "tools/atomic_file.h"
#include "tools/cli_common.h"
#include "tools/picture_file.h"

namespace flowzip {
namespace {

struct Arguments {
  CommonOptions common;
  std::string input, output;
  bool verify = true, strip = false, recover_colour = true;
};

void Verify(const Image& image, ByteSpan file, const Model* model, const Arguments& arguments) {
  Progress progress("verifying", arguments.common.quiet);
  DecodeOptions options;
  options.model_override = model;
  options.jobs = arguments.common.jobs;
  const Image again = Decode(file, options, nullptr, progress.Callback());
  Require(SameImage(again, image),
          ErrorCode::kCorrupt, "internal error: what was encoded does not decode to the same");
}

void Run(const Arguments& arguments) {
  const std::string output =
      arguments.output.empty() ? DerivedName(arguments.input, ".png", ".flz") : arguments.output;
  const std::unique_ptr<const Model> model = Prepare(arguments.common);
  Image image = WithFile(arguments.input, [&] { return ReadPicture(arguments.input); });
  if (arguments.strip) StripMetadata(image);
  CheckNotSameFile(arguments.input, output);
  // Before the work, so that an output that cannot be is refused at once.
  const auto file = WithFile(
      output, [&] { return std::make_unique<AtomicFile>(output, arguments.common.force); });

  const std::vector<uint8_t> bytes = WithFile(arguments.input, [&] {
    EncodeOptions options;
    options.model = model.get();
    options.jobs = arguments.common.jobs;
    options.recover_colour = arguments.recover_colour;
    Progress progress("encoding", arguments.common.quiet);
    std::vector<uint8_t> result = Encode(image, options, nullptr, progress.Callback());
    if (arguments.verify) Verify(image, result, model.get(), arguments);
    return result;
  });
  WithFile(output, [&] {
    file->Write(bytes);
    file->Commit();
  });
  if (!arguments.common.quiet) {
    std::fprintf(stderr, "%s: %zu bytes, %.3f bits per sub-pixel\n", output.c_str(), bytes.size(),
                 8.0 * static_cast<double>(bytes.size()) / static_cast<double>(image.sub_pixels()));
  }
}

}  // namespace

void AddEncodeCommand(CLI::App& app, Action& run) {
  CLI::App* command = app.add_subcommand("encode", "Compress a PNG or PNM image into a .flz file");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("IN", arguments->input, "PNG image")->required();
  command->add_option("-o,--output", arguments->output, "Output [IN with .flz for .png]")
      ->type_name("FILE");
  command->add_flag("--verify,!--no-verify", arguments->verify,
                    "Decode the result and compare before writing it [on]");
  command->add_flag("--strip", arguments->strip, "Leave out metadata");
  command->add_flag("--recover-colour,!--no-recover-colour", arguments->recover_colour,
                    "Find and code the YCbCr or PhotoCD values that RGB was converted from [on]");
  AddCommonOptions(*command, arguments->common, true);
  command->callback([arguments, &run] { run = [arguments] { Run(*arguments); }; });
}

}  // namespace flowzip
