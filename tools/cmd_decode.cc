// SPDX-License-Identifier: BSD-3-Clause
// flowzip decode IN.flz [-o OUT.png]
#include <cstdio>

#include "codec/codec.h"
#include "tools/atomic_file.h"
#include "tools/cli_common.h"
#include "tools/picture_file.h"
#include "tools/read_file.h"

namespace flowzip {
namespace {

struct Arguments {
  CommonOptions common;
  std::string input, output, region, scale;
};

// "x,y,width,height"
Rect ParseRegion(const std::string& text) {
  Rect rect;
  char rest = 0;
  Require(std::sscanf(text.c_str(), "%u,%u,%u,%u%c", &rect.x, &rect.y, &rect.width, &rect.height,
                      &rest) == 4 &&
              text.find('-') == std::string::npos && rect.width > 0,
          ErrorCode::kInvalidArgument, "a region is four numbers: x,y,width,height");
  return rect;
}

int ParseScale(const std::string& text) {
  for (int log2 = 0; log2 <= 3; ++log2) {
    if (text == "1/" + std::to_string(1 << log2)) return log2;
  }
  Require(text == "1", ErrorCode::kInvalidArgument, "the scale is 1, 1/2, 1/4 or 1/8");
  return 0;
}

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
    if (!arguments.region.empty()) options.region = ParseRegion(arguments.region);
    if (!arguments.scale.empty()) options.scale_log2 = ParseScale(arguments.scale);
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
  command->add_option("--region", arguments->region, "Only this part: x,y,width,height")
      ->type_name("X,Y,W,H");
  command->add_option("--scale", arguments->scale, "Every 2nd, 4th or 8th pixel: 1/2, 1/4, 1/8")
      ->type_name("SCALE");
  AddCommonOptions(*command, arguments->common, true);
  command->callback([arguments, &run] { run = [arguments] { Run(*arguments); }; });
}

}  // namespace flowzip
