// SPDX-License-Identifier: BSD-3-Clause
// flowzip test FILE...: decodes, checks every checksum, writes nothing.
#include <cstdio>

#include "codec/options/limits.h"
#include "tools/batch/batch.h"
#include "tools/codec_calls.h"

namespace flowzip {
namespace {

struct Arguments {
  CommonOptions common;
  BatchOptions batch;
};

std::string TestOne(OneFile& one, const DecoderHandle& decoder, const CommonOptions& common) {
  const std::string name = InputName(one.task.input);
  return WithFile(name, [&] {
    const FileBytes bytes = ReadInput(one.task.input, false, common.max_memory);
    one.record.size = bytes.size();
    Check(flz_decoder_set_threads(decoder.get(), one.share.wanted()), decoder);
    const flz_info info = OpenFile(decoder, bytes);
    one.record.width = info.width;
    one.record.height = info.height;
    one.record.channels = static_cast<int>(info.channels);
    one.record.bit_depth = static_cast<int>(info.bit_depth);
    const int threads = one.share.Enter(AddMemory(flz_decoder_memory(decoder.get()), bytes.size()));
    Check(flz_decoder_set_threads(decoder.get(), threads), decoder);
    {
      HandleProgress progress("testing", decoder, common.quiet || !one.alone);
      Check(flz_decoder_check(decoder.get()), decoder);
    }
    one.record.status = FileStatus::kDone;
    std::string line = Printable(name) + ": ok";
    if (common.verbose) {
      char text[160];
      std::snprintf(text, sizeof text, ", %u x %u, %u channels of %u bits, model %s, at most %s of memory",
                    info.width, info.height, info.channels, info.bit_depth,
                    HashName(info.model_hash).c_str(),
                    HumanBytes(flz_decoder_memory(decoder.get()) + bytes.size()).c_str());
      line += text;
    }
    return line + "\n";
  });
}

void Run(const Arguments& arguments) {
  ApplySimd(arguments.common);
  const FileList list = ListFiles(arguments.batch.list, {".flz"});
  std::vector<FileTask> tasks;
  for (const ListedFile& file : list.files) tasks.push_back({file.path, ""});
  const auto new_decoder = [&] {
    return WithFile("decoder", [&] { return NewDecoder(arguments.common); });
  };
  new_decoder();
  RunBatch({.command = "test",
            .common = arguments.common,
            .batch = arguments.batch,
            .tasks = std::move(tasks),
            .list = list,
            .stream = stdout,
            .always_lines = true,
            .make = [&]() -> FileFn {
              const std::shared_ptr<const DecoderHandle> decoder =
                  std::make_shared<const DecoderHandle>(new_decoder());
              return [decoder, &arguments](OneFile& file) {
                return TestOne(file, *decoder, arguments.common);
              };
            }});
}

}  // namespace

void AddTestCommand(CLI::App& app, Action& run) {
  CLI::App* command = app.add_subcommand("test", "Decode .flz files and check them, write nothing");
  const auto arguments = std::make_shared<Arguments>();
  AddListOptions(*command, arguments->batch, ".flz files, and with -r folders");
  AddCommonOptions(*command, arguments->common, false);
  AddLimitOptions(*command, arguments->common);
  command->callback([arguments, &run] { run = [arguments] { Run(*arguments); }; });
}

}  // namespace flowzip
