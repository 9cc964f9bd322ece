// SPDX-License-Identifier: BSD-3-Clause
// What many files that are worked on side by side leave behind beside their outputs: lines,
// progress, the manifest, and, once a result is safe, no source.
#pragma once

#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tools/atomic_file.h"
#include "tools/batch/manifest.h"
#include "tools/batch/record.h"

namespace flowzip {

struct ReportOptions {
  bool quiet = false;
  bool lines = false;         // print each file's own line
  bool json = false;          // records on standard output
  std::FILE* stream = stderr;  // for the lines
  std::string manifest;       // to append to; empty: none
};

class BatchReport {
 public:
  // `bytes` of sources in all, for the progress line. Throws FileError.
  BatchReport(const ReportOptions& options, size_t files, uint64_t bytes);
  ~BatchReport();
  BatchReport(const BatchReport&) = delete;
  BatchReport& operator=(const BatchReport&) = delete;

  // File number `i` has ended; for any thread. Lines come in the order of the numbers. `remove`: the
  // source goes as soon as result and manifest are on the disk, unless it has changed since the
  // record's size and time were taken.
  void Ended(size_t i, FileRecord record, const std::string& line, bool remove = false);
  // A resumed file, of which there is a record already.
  void Resumed(size_t i);
  // All have. Prints the sum.
  void Finish(const std::string& passed_over);

  FolderSync& folders() { return folders_; }
  bool failed() const { return failed_ > 0; }

 private:
  void Print(size_t i, const std::string& line, bool complaint);
  void ShowProgress();
  void HideProgress();
  void Flush();

  const ReportOptions options_;
  const size_t files_;
  const uint64_t bytes_;
  const bool terminal_;
  const std::chrono::steady_clock::time_point start_;
  FolderSync folders_;
  std::unique_ptr<ManifestWriter> manifest_;

  std::mutex mutex_;
  size_t next_line_ = 0;  // to be printed
  std::map<size_t, std::pair<std::string, bool>> waiting_lines_;
  std::string waiting_records_;
  std::vector<FileRecord> waiting_removals_;
  std::chrono::steady_clock::time_point flushed_, shown_;
  bool is_shown_ = false;
  size_t done_ = 0, skipped_ = 0, failed_ = 0;
  uint64_t in_ = 0, out_ = 0, seen_ = 0;
};

}  // namespace flowzip
