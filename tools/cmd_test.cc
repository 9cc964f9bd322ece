// SPDX-License-Identifier: BSD-3-Clause
// flowzip test FILE...: decodes, checks every checksum, writes nothing.
#include <cstdio>

#include "codec/tiles/memory.h"
#include "tools/codec_calls.h"

namespace flowzip {
namespace {

struct Arguments {
  CommonOptions common;
  std::vector<std::string> inputs;
};

void TestOne(const std::string& path, const DecoderHandle& decoder, const CommonOptions& common) {
  const std::string name = InputName(path);
  WithFile(name, [&] {
    const FileBytes bytes = ReadInput(path, false, common.max_memory);
    const flz_info info = OpenFile(decoder, bytes);
    {
      HandleProgress progress("testing", decoder, common.quiet);
      Check(flz_decoder_check(decoder.get()), decoder);
    }
    if (common.quiet) return;
    std::printf("%s: ok", name.c_str());
    if (common.verbose) {
      std::printf(", %u x %u, %u channels of %u bits, model %s, at most %s of memory", info.width,
                  info.height, info.channels, info.bit_depth, HashName(info.model_hash).c_str(),
                  HumanBytes(flz_decoder_memory(decoder.get()) + bytes.size()).c_str());
    }
    std::printf("\n");
  });
}

void Run(const Arguments& arguments) {
  ApplySimd(arguments.common);
  const DecoderHandle decoder = WithFile("decoder", [&] { return NewDecoder(arguments.common); });
  ForEachFile(arguments.inputs,
              [&](const std::string& path) { TestOne(path, decoder, arguments.common); });
}

}  // namespace

void AddTestCommand(CLI::App& app, Action& run) {
  CLI::App* command = app.add_subcommand("test", "Decode .flz files and check them, write nothing");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("FILES", arguments->inputs, ".flz files; - is standard input")->required();
  AddCommonOptions(*command, arguments->common, false);
  AddLimitOptions(*command, arguments->common);
  command->callback([arguments, &run] { run = [arguments] { Run(*arguments); }; });
}

}  // namespace flowzip
