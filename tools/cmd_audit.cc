// SPDX-License-Identifier: BSD-3-Clause
// flowzip audit MANIFEST...: is everything there that the manifests say, and as they say?
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>

#include "codec/options/limits.h"
#include "tools/batch/batch.h"
#include "tools/batch/manifest.h"
#include "tools/batch/sha256.h"
#include "tools/codec_calls.h"
#include "tools/picture_file.h"

namespace flowzip {
namespace {

struct Arguments {
  CommonOptions common;
  BatchOptions batch;
  std::vector<std::string> manifests;
  std::string sample;
  uint64_t seed = 0;
  bool pixels = false, sources = false;
};

// "500" files, or "1%" of them.
size_t SampleSize(const std::string& text, size_t all) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  const bool percent = *end == '%' && end[1] == 0;
  if (text.empty() || (*end != 0 && !percent) || !(number > 0) || (percent && number > 100) ||
      text.find_first_not_of("0123456789.%") != std::string::npos) {
    throw UsageError("--sample: \"" + text + "\" is neither a number of files nor a per cent of them");
  }
  const double count = percent ? std::ceil(static_cast<double>(all) * number / 100) : std::ceil(number);
  return static_cast<size_t>(std::min(count, static_cast<double>(all)));
}

void Keep(std::vector<FileRecord>& records, size_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  for (size_t i = 0; i < count; ++i) {  // std::sample and std::shuffle differ between libraries
    std::swap(records[i], records[i + random() % (records.size() - i)]);
  }
  records.resize(count);
}

Image Decoded(ByteSpan bytes, const DecoderHandle& decoder, const CommonOptions& common) {
  const flz_info info = OpenFile(decoder, bytes);
  return DecodeOpen(decoder, info, bytes.size(), common);
}

// Throws unless the output is as the record says.
void CheckOutput(const FileRecord& then, OneFile& one, const DecoderHandle& decoder,
                 const Arguments& arguments) {
  const FileBytes bytes = ReadFile(then.output, arguments.common.max_memory);
  one.record.size = bytes.size();
  if (bytes.size() != then.output_size) {
    throw Error(ErrorCode::kCorrupt, "has " + std::to_string(bytes.size()) + " bytes, not the " +
                                         std::to_string(then.output_size) + " of the manifest");
  }
  if (!then.output_sha256.empty()) {
    one.record.sha256 = Sha256Of(bytes);
    Require(one.record.sha256 == then.output_sha256, ErrorCode::kCorrupt,
            "has not the checksum of the manifest");
  }
  if (!arguments.pixels) return;
  Require(!then.pixels_sha256.empty(), ErrorCode::kInvalidArgument,
          "has no checksum of pixels in the manifest");
  Check(flz_decoder_set_threads(decoder.get(), one.share.Enter(bytes.size())), decoder);
  const bool flowzip = flz_signature(bytes.data(), bytes.size()) == FLZ_OK;
  const Image image = flowzip ? Decoded(bytes, decoder, arguments.common)
                              : ReadPicture(FileBytes(bytes), arguments.common.max_pixels);
  one.record.pixels_sha256 = PixelSha256(image);
  Require(one.record.pixels_sha256 == then.pixels_sha256, ErrorCode::kCorrupt,
          "has other pixels than the manifest");
}

// A source that is gone was moved; one that is there must be the one that was encoded.
void CheckSource(const FileRecord& then) {
  struct stat status;
  if (stat(then.path.c_str(), &status) != 0) return;
  const FileBytes bytes = ReadFile(then.path);
  Require(then.sha256.empty() || Sha256Of(bytes) == then.sha256, ErrorCode::kCorrupt,
          "has changed since");
}

std::string AuditOne(const FileRecord& then, OneFile& one, const DecoderHandle& decoder,
                     const Arguments& arguments) {
  if (then.status == FileStatus::kFailed) throw FileError(then.path, "failed: " + then.reason);
  WithFile(then.output, [&] { CheckOutput(then, one, decoder, arguments); });
  if (arguments.sources) WithFile(then.path, [&] { CheckSource(then); });
  one.record.status = FileStatus::kDone;
  return Printable(then.output) + ": ok\n";
}

void Run(const Arguments& arguments) {
  Manifest manifest;
  for (const std::string& path : arguments.manifests) {
    WithFile(path, [&] {
      ReadFile(path);  // one that is not there has nothing to say, which here is an error
      ReadManifest(path, manifest);
    });
  }
  std::vector<FileRecord> records;
  for (auto& [key, record] : manifest) {
    if (record.command == "encode" || record.command == "decode") {
      records.push_back(std::move(record));
    }
  }
  if (records.empty()) throw FileError(arguments.manifests[0], "has no record of any file");
  if (!arguments.sample.empty()) {
    Keep(records, SampleSize(arguments.sample, records.size()), arguments.seed);
  }
  std::vector<FileTask> tasks;
  for (const FileRecord& record : records) {
    tasks.push_back({record.output.empty() ? record.path : record.output, ""});
  }
  const FileList none;
  BatchRun run{.command = "audit",
               .common = arguments.common,
               .batch = arguments.batch,
               .tasks = std::move(tasks),
               .list = none,
               .stream = stdout,
               .always_lines = false,
               .make = {}};
  run.make = [&]() -> FileFn {
    auto decoder = std::make_shared<const DecoderHandle>(
        WithFile("decoder", [&] { return NewDecoder(arguments.common); }));
    return [decoder, &records, &arguments](OneFile& file) {
      return AuditOne(records[file.number], file, *decoder, arguments);
    };
  };
  RunBatch(run);
}

}  // namespace

void AddAuditCommand(CLI::App& app, Action& run) {
  CLI::App* command =
      app.add_subcommand("audit", "Check an archive against the manifests of encode or decode");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("MANIFESTS", arguments->manifests, "Manifests (docs/archive.md)")->required();
  command
      ->add_option("--sample", arguments->sample, "Only so many files, or per cent of them, by chance")
      ->check(CLI::Validator(
          [](std::string& text) { return std::string(text.empty() ? "is empty" : ""); }, ""))
      ->type_name("N|N%");
  command->add_option("--seed", arguments->seed, "Which ones; the same seed chooses the same")
      ->type_name("NUMBER");
  command->add_flag("--pixels", arguments->pixels, "Decode, and compare the pixels' checksum");
  command->add_flag("--sources", arguments->sources,
                    "Compare sources that are still there, too");
  command->add_flag("--json", arguments->batch.json, "Print a line of JSON for each file");
  AddCommonOptions(*command, arguments->common, false);
  AddLimitOptions(*command, arguments->common);
  command->callback([arguments, &run] { run = [arguments] { Run(*arguments); }; });
}

}  // namespace flowzip
