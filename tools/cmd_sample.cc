// SPDX-License-Identifier: BSD-3-Clause
// flowzip sample -o OUT.png --size WxH: a picture the model makes up (analysis/sampler.h).
#include <cstdio>

#include "analysis/sampler.h"
#include "tools/cli_common.h"
#include "tools/file_plan.h"
#include "tools/picture_file.h"

namespace flowzip {
namespace {

struct Arguments {
  CommonOptions common;
  std::string output, size = "512x512", from;
  uint64_t seed = 0;
  double temperature = 1;
  uint32_t keep = 0;
  bool gray = false;
};

bool ParseSize(const std::string& text, SampleOptions& options) {
  char end = 0;
  return std::sscanf(text.c_str(), "%5ux%5u%c", &options.width, &options.height, &end) == 2 &&
         options.width >= 1 && options.width <= kMaxSampleSide && options.height >= 1 &&
         options.height <= kMaxSampleSide;
}

void Run(const Arguments& arguments) {
  const PictureFormat format = FormatOfOutput(arguments.output);
  const std::shared_ptr<const Model> model = Prepare(arguments.common);
  SampleOptions options;
  options.model = model.get();
  options.jobs = arguments.common.jobs;
  options.seed = arguments.seed;
  options.temperature = arguments.temperature;
  options.channels = arguments.gray ? 1 : 3;
  options.kept_rows = arguments.keep;
  ParseSize(arguments.size, options);
  Image from;
  if (!arguments.from.empty()) {
    from = WithFile(arguments.from, [&] { return ReadPng(arguments.from); });
    options.from = &from;
    CheckNotSameFile(arguments.from, arguments.output);
  }
  SampleStats stats;
  WithFile(OutputName(arguments.output), [&] {
    Output file(arguments.output, arguments.common.force);
    WritePicture(Sample(options, &stats), format, file.stream());
    file.Commit(kStandardStream);
  });
  if (!arguments.common.quiet) {
    std::fprintf(stderr, "%s: made of %llu random bits; %.2f %% of the values moved into range\n",
                 Printable(OutputName(arguments.output)).c_str(), static_cast<unsigned long long>(stats.random_bits),
                 100.0 * static_cast<double>(stats.moved) /
                     static_cast<double>(std::max<uint64_t>(stats.symbols, 1)));
  }
}

}  // namespace

void AddSampleCommand(CLI::App& app, Action& run) {
  CLI::App* command = app.add_subcommand("sample", "Let the model make up a picture");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("-o,--output", arguments->output, "Image to write, - for standard output")
      ->type_name("FILE")
      ->required();
  CLI::Option* size = command->add_option("--size", arguments->size, "Size, at most 4096x4096")
                          ->type_name("WxH")
                          ->capture_default_str()
                          ->check([](const std::string& text) {
                            SampleOptions ignored;
                            return ParseSize(text, ignored) ? std::string() : "not a size: " + text;
                          });
  command->add_option("--seed", arguments->seed, "Which picture")->capture_default_str();
  command
      ->add_option("--temperature", arguments->temperature,
                   "Width of the distributions; 1 is the model as it is")
      ->check(CLI::Range(1.0 / 16, 16.0))
      ->capture_default_str();
  CLI::Option* from =
      command
          ->add_option("--from", arguments->from, "PNG whose size, kind and fitted filters to take")
          ->type_name("FILE")
          ->excludes(size);
  command->add_option("--keep", arguments->keep, "With --from: how many of its first rows to keep")
      ->type_name("ROWS")
      ->capture_default_str()
      ->needs(from);
  command->add_flag("--gray", arguments->gray, "A gray picture")->excludes(from);
  AddCommonOptions(*command, arguments->common, true);
  AddEffortOption(*command, arguments->common);
  command->callback([arguments, &run] { run = [arguments] { Run(*arguments); }; });
}

}  // namespace flowzip
