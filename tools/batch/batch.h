// SPDX-License-Identifier: BSD-3-Clause
// Drives a command over many files, side by side, restartable: what encode, decode, test and audit
// share.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tools/batch/file_list.h"
#include "tools/batch/record.h"
#include "tools/batch/report.h"
#include "tools/batch/work_slots.h"
#include "tools/cli_common.h"
#include "tools/file_plan.h"

namespace flowzip {

struct BatchOptions {
  ListArguments list;
  bool json = false;
  // Of encode and decode:
  bool skip_existing = false, dry_run = false, remove = false, resume = false;
  std::string manifest;
};

// IN..., -r, --follow-links, --files-from, --files-from0, --shard and --json.
void AddListOptions(CLI::App& command, BatchOptions& batch, const std::string& what);
// --skip-existing, --dry-run, --rm, --manifest and --resume.
void AddOutputOptions(CLI::App& command, BatchOptions& batch);
// Throws UsageError for options that contradict each other.
void CheckBatchOptions(const BatchOptions& batch, const std::vector<FileTask>& tasks);

// Whether an output that exists is compared with what would be written.
bool ComparesExisting(const BatchOptions& batch, const CommonOptions& common);
// What to say of one that holds something else.
std::string HoldsSomethingElse(const BatchOptions& batch);

// What a command does with one file. Sets what it learns in `record`, whose path, output, size and
// time are there; throws FileError. `share` is to be entered before memory is taken and computing
// begins. Returns the file's own line.
struct OneFile {
  size_t number;  // of the task
  const FileTask& task;
  FileRecord& record;
  WorkShare& share;
  FolderSync& folders;
  bool alone;     // shows its own progress
  bool hashes;    // are wanted
  bool keep_source = false;  // has what the output has not: --rm leaves it
};
using FileFn = std::function<std::string(OneFile& file)>;

// Calls what make() made, once for each thread, for all tasks. Throws SomeFailed at the end if any
// failed, each having been complained about.
struct BatchRun {
  std::string command;                 // encode, decode, test, audit
  const CommonOptions& common;
  const BatchOptions& batch;
  std::vector<FileTask> tasks;
  const FileList& list;
  std::FILE* stream = stderr;  // for lines
  bool always_lines = false;   // also of many files
  std::function<FileFn()> make;
};
void RunBatch(const BatchRun& run);

}  // namespace flowzip
