// SPDX-License-Identifier: BSD-3-Clause
#include "tools/batch/batch.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>

namespace flowzip {
namespace {

// Files that are under way together: some are read, or wait for the disk, while others compute. With
// pictures that take no longer than a flush, half as many more keep the processors busy.
int Workers(int jobs) { return jobs + std::max(2, jobs / 2); }

// The name without its extension, which of what decode writes is learnt only with the file.
std::string Stem(const std::string& command, const std::string& output) {
  return command == "decode" ? std::filesystem::path(output).replace_extension().string() : output;
}

// Whether the manifest has the file as done, with that output, and source and result are still
// those.
bool IsDone(const FileRecord& now, const Manifest& manifest) {
  const auto found = manifest.find(ManifestKey(now.command, now.path));
  if (found == manifest.end()) return false;
  const FileRecord& then = found->second;
  if (then.status == FileStatus::kFailed) return false;
  if (Stem(now.command, then.output) != Stem(now.command, now.output)) return false;
  struct stat status;
  if (stat(then.output.c_str(), &status) != 0 || !S_ISREG(status.st_mode) ||
      static_cast<uint64_t>(status.st_size) != then.output_size) {
    return false;
  }
  // A source that --rm has removed has no size any more.
  return stat(now.path.c_str(), &status) != 0 ||
         (then.size == now.size && then.mtime_ns == now.mtime_ns);
}

std::string PassedOver(const FileList& list) {
  std::string text;
  const auto add = [&](uint64_t count, const char* what) {
    if (count > 0) text += ", " + std::to_string(count) + what;
  };
  add(list.hidden, " hidden");
  add(list.links, " links");
  add(list.other, " other files");
  add(list.other_shards, " in other shards");
  return text.empty() ? "" : "; passed over: " + text.substr(2) + ";";
}

void DryRun(const BatchRun& run, const std::vector<FileRecord>& records, const Manifest& manifest) {
  for (const FileRecord& record : records) {
    struct stat status;
    const bool there = stat(record.output.c_str(), &status) == 0;
    const char* what = run.batch.resume && IsDone(record, manifest) ? "done before"
                       : there && run.batch.skip_existing           ? "would compare"
                       : there && !run.common.force                 ? "would refuse"
                                                                    : "would write";
    std::printf("%s: %s from %s\n", Printable(OutputName(record.output)).c_str(), what,
                Printable(InputName(record.path)).c_str());
  }
}

}  // namespace

void AddListOptions(CLI::App& command, BatchOptions& batch, const std::string& what) {
  command.add_option("IN", batch.list.inputs, what + "; - is standard input");
  command.add_flag("-r,--recursive", batch.list.recursive, "Go through folders");
  command.add_flag("--follow-links", batch.list.follow_links,
                   "With -r, follow symbolic links too");
  command
      .add_option("--files-from", batch.list.files_from,
                  "Names from a file, one a line; - is standard input")
      ->type_name("FILE");
  command.add_option("--files-from0", batch.list.files_from0, "The same, ended by zero bytes")
      ->type_name("FILE");
  command
      .add_option("--shard", batch.list.shard,
                  "Only the files of part I of N, which depends on their names alone")
      ->type_name("I/N");
  command.add_flag("--json", batch.json, "Print a line of JSON for each file");
}

void AddOutputOptions(CLI::App& command, BatchOptions& batch) {
  command.add_flag("--skip-existing", batch.skip_existing,
                   "Leave outputs that exist and hold just what would be written");
  command.add_flag("--dry-run", batch.dry_run, "Print what would be done, and do nothing");
  command.add_flag("--rm", batch.remove, "Remove each input once its output is verified and safe");
  command
      .add_option("--manifest", batch.manifest,
                  "Append a line of JSON for each file, with checksums")
      ->type_name("FILE");
  command.add_flag("--resume", batch.resume,
                   "Skip what the manifest has as done; compare other existing outputs");
}

void CheckBatchOptions(const BatchOptions& batch, const std::vector<FileTask>& tasks) {
  if (batch.resume && batch.manifest.empty()) throw UsageError("--resume: needs --manifest");
  if (batch.manifest == kStandardStream) {
    throw UsageError("--manifest: takes a file; --json prints such lines");
  }
  for (const FileTask& task : tasks) {
    if (batch.json && task.output == kStandardStream) {
      throw UsageError("--json: standard output has the file");
    }
  }
  if (!batch.remove) return;
  for (const FileTask& task : tasks) {
    struct stat status;
    const bool odd = stat(task.output.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
    if (task.input == kStandardStream || task.output == kStandardStream || odd) {
      throw UsageError("--rm: only where a file becomes a file");
    }
  }
}

bool ComparesExisting(const BatchOptions& batch, const CommonOptions& common) {
  return batch.skip_existing || batch.resume || (batch.remove && common.force);
}

std::string HoldsSomethingElse(const BatchOptions& batch) {
  return std::string("exists already and holds something else; ") +
         (batch.remove ? "--rm does not overwrite it" : "--force overwrites it");
}

void RunBatch(const BatchRun& run) {
  const size_t count = run.tasks.size();
  Manifest manifest;
  if (run.batch.resume) {
    WithFile(run.batch.manifest, [&] { ReadManifest(run.batch.manifest, manifest); });
  }
  std::vector<FileRecord> records(run.batch.dry_run ? count : 0);
  const auto begin = [&](size_t i) {
    FileRecord record;
    record.command = run.command;
    record.path = run.tasks[i].input;
    record.output = run.tasks[i].output;
    record.LookAtSource();
    return record;
  };
  if (run.batch.dry_run) {
    for (size_t i = 0; i < count; ++i) records[i] = begin(i);
    return DryRun(run, records, manifest);
  }
  uint64_t bytes = 0;
  for (size_t i = 0; count > 1 && i < count; ++i) bytes += begin(i).size;

  ReportOptions options;
  options.quiet = run.common.quiet;
  options.json = run.batch.json;
  options.manifest = run.batch.manifest;
  options.stream = run.stream;
  options.lines = !run.common.quiet && !run.batch.json &&
                  (count == 1 || run.common.verbose || run.always_lines);
  BatchReport report(options, count, bytes);
  bool problems = false;
  for (const std::string& problem : run.list.problems) {
    Complain(problem, kFailed);
    problems = true;
  }
  WorkSlots slots(run.common.jobs, run.common.max_memory);
  const int workers = count > 1 ? Workers(run.common.jobs) : 1;
  std::atomic<size_t> begun{0};
  RunSideBySide(count, workers, [&]() -> RunFn {
    return [&, one = run.make()](size_t i) {
      FileRecord record = begin(i);
      // A source that is to be removed is compared in any case.
      if (!run.batch.remove && IsDone(record, manifest)) return report.Resumed(i);
      // Whoever comes last may have the threads that nobody needs any more.
      const size_t left = count - std::min(count, begun++);
      const auto jobs = static_cast<size_t>(run.common.jobs);
      WorkShare share(slots, static_cast<int>(left >= jobs ? 1 : jobs / std::max<size_t>(left, 1)));
      std::string line;
      bool keep = false;
      try {
        if (!run.tasks[i].problem.empty()) throw FileError(record.output, run.tasks[i].problem);
        OneFile file{i,     run.tasks[i],     record,     share,
                     report.folders(), count == 1, !run.batch.manifest.empty()};
        line = one(file);
        keep = file.keep_source;
        share.Leave();
      } catch (const FileError& error) {
        record.status = FileStatus::kFailed;
        record.reason = error.what();
        line = error.what();
      }
      const bool remove = run.batch.remove && record.status != FileStatus::kFailed && !keep;
      report.Ended(i, record, line, remove);
    };
  });
  if (count > 0 || !problems) report.Finish(PassedOver(run.list));
  if (report.failed() || problems) throw SomeFailed{};
}

}  // namespace flowzip
