// SPDX-License-Identifier: BSD-3-Clause
// flowzip decode IN.flz [-o OUT.png]
#include <cstdio>

#include "codec/codec.h"
#include "tools/atomic_file.h"
#include "tools/cli_common.h"
#include "tools/png_io.h"
#include "tools/read_file.h"

namespace flowzip {
namespace {

struct Arguments {
  CommonOptions common;
  std::string input, output;
  bool recover = false;
};

// What --recover could not save, tile by tile; throws unless nothing was wrong.
void Report(const Recovery& recovery, const Arguments& arguments, const std::string& output) {
  if (recovery.intact()) return;
  for (const LostTile& lost : recovery.lost) {
    std::fprintf(stderr, "flowzip: %s: lost: tile %llu, %u x %u pixels at (%u, %u): %s\n",
                 arguments.input.c_str(), static_cast<unsigned long long>(lost.tile + 1),
                 lost.rect.width, lost.rect.height, lost.rect.x, lost.rect.y,
                 lost.reason.c_str());
  }
  const uint64_t saved = recovery.tiles - recovery.lost.size();
  throw FileError(arguments.input,
                  (recovery.damage.empty() ? "damaged" : recovery.damage) + "; " +
                      std::to_string(saved) + " of " + std::to_string(recovery.tiles) +
                      " tiles recovered exactly in " + output +
                      (recovery.lost.empty() ? "" : ", gray in the place of the others"));
}

void Run(const Arguments& arguments) {
  const std::string output =
      arguments.output.empty() ? DerivedName(arguments.input, ".flz", ".png") : arguments.output;
  const std::unique_ptr<const Model> model = Prepare(arguments.common);
  const std::vector<uint8_t> bytes =
      WithFile(arguments.input, [&] { return ReadFile(arguments.input); });
  // What is no .flz file at all is said before anything about the output.
  if (!arguments.recover) WithFile(arguments.input, [&] { Probe(bytes); });
  CheckNotSameFile(arguments.input, output);
  const auto file = WithFile(
      output, [&] { return std::make_unique<AtomicFile>(output, arguments.common.force); });

  Recovery recovery;
  const Image image = WithFile(arguments.input, [&] {
    DecodeOptions options;
    options.model_override = model.get();
    options.jobs = arguments.common.jobs;
    if (arguments.recover) options.recovery = &recovery;
    Progress progress("decoding", arguments.common.quiet);
    return Decode(bytes, options, nullptr, progress.Callback());
  });
  WithFile(output, [&] {
    WritePng(image, file->stream());
    file->Commit();
  });
  Report(recovery, arguments, output);
}

}  // namespace

void AddDecodeCommand(CLI::App& app, Action& run) {
  CLI::App* command = app.add_subcommand("decode", "Restore the PNG image of a .flz file");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("IN", arguments->input, ".flz file")->required();
  command->add_option("-o,--output", arguments->output, "Output [IN with .png for .flz]")
      ->type_name("FILE");
  command->add_flag("--recover", arguments->recover,
                    "Of a damaged file, decode the tiles that are whole; exit 1 if any is not");
  AddCommonOptions(*command, arguments->common, true);
  command->callback([arguments, &run] { run = [arguments] { Run(*arguments); }; });
}

}  // namespace flowzip
