// SPDX-License-Identifier: BSD-3-Clause
#include "tools/batch/report.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "codec/options/limits.h"
#include "tools/cli_common.h"
#include "tools/read_file.h"

namespace flowzip {
namespace {

using Clock = std::chrono::steady_clock;
// Results wait so long, or for so many others, for the flush that makes them safe.
constexpr auto kFlushAfter = std::chrono::seconds(1);
constexpr size_t kFlushBytes = 64 << 10;

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string Duration(double seconds) {
  char text[48];
  const auto whole = static_cast<long long>(seconds + 0.5);
  if (whole >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", whole / 60, whole % 60);
  }
  return text;
}

std::string Ratio(uint64_t out, uint64_t in) {
  if (in == 0) return "";
  char text[32];
  std::snprintf(text, sizeof text, ", %.1f %%", 100.0 * static_cast<double>(out) / static_cast<double>(in));
  return text;
}

// Why it was not removed; empty if it was.
std::string Remove(const FileRecord& source) {
  FileRecord now;
  now.path = source.path;
  now.LookAtSource();
  if (now.size == 0) return "";  // gone already
  if (now.size != source.size || now.mtime_ns != source.mtime_ns) return "it has changed meanwhile";
  return unlink(source.path.c_str()) == 0 ? "" : SystemError(errno).what();
}

}  // namespace

BatchReport::BatchReport(const ReportOptions& options, size_t files, uint64_t bytes)
    : options_(options),
      files_(files),
      bytes_(bytes),
      terminal_(!options.quiet && files > 1 && isatty(STDERR_FILENO) != 0),
      start_(Clock::now()),
      flushed_(start_),
      shown_(start_) {
  if (options_.manifest.empty()) return;
  manifest_ = WithFile(options_.manifest,
                       [&] { return std::make_unique<ManifestWriter>(options_.manifest); });
}

BatchReport::~BatchReport() { HideProgress(); }

void BatchReport::Ended(size_t i, FileRecord record, const std::string& line,
                        bool remove) {
  const std::lock_guard lock(mutex_);
  const bool complaint = record.status == FileStatus::kFailed;
  seen_ += record.size;
  if (complaint) {
    ++failed_;
  } else {
    if (record.status == FileStatus::kSkipped) {
      ++skipped_;
    } else {
      ++done_;
      in_ += record.size;
      out_ += record.output_size;
    }
  }
  record.finished = Seconds(std::chrono::system_clock::now().time_since_epoch());
  const std::string json = options_.json || manifest_ ? record.Json() : "";
  if (options_.json) {
    std::fputs(json.c_str(), stdout);
    std::fflush(stdout);
  }
  if (manifest_) waiting_records_ += json;
  if (remove) waiting_removals_.push_back(record);
  Print(i, line, complaint);
  if (Clock::now() - flushed_ > kFlushAfter || waiting_records_.size() > kFlushBytes) Flush();
  ShowProgress();
}

void BatchReport::Resumed(size_t i) {
  const std::lock_guard lock(mutex_);
  ++skipped_;
  Print(i, "", false);
}

// First the names of the results, then the records that speak of them, and only then do sources go.
void BatchReport::Flush() {
  folders_.Flush();
  if (manifest_) {
    WithFile(options_.manifest, [&] { manifest_->Append(std::exchange(waiting_records_, {})); });
  }
  for (const FileRecord& source : std::exchange(waiting_removals_, {})) {
    const std::string problem = Remove(source);
    if (problem.empty()) continue;
    HideProgress();
    Complain(source.path + ": not removed: " + problem, kFailed);
    ++failed_;
  }
  flushed_ = Clock::now();
}

void BatchReport::Print(size_t i, const std::string& line, bool complaint) {
  waiting_lines_.emplace(i, std::pair(line, complaint));
  for (auto it = waiting_lines_.begin(); it != waiting_lines_.end() && it->first == next_line_;
       it = waiting_lines_.erase(it), ++next_line_) {
    const auto& [text, complains] = it->second;
    if (text.empty() || (!complains && !options_.lines)) continue;
    HideProgress();
    if (complains) {
      Complain(text, kFailed);
    } else {
      std::fputs(text.c_str(), options_.stream);
    }
  }
}

void BatchReport::ShowProgress() {
  if (!terminal_ || Clock::now() - shown_ < std::chrono::milliseconds(200)) return;
  shown_ = Clock::now();
  const size_t ended = done_ + skipped_ + failed_;
  const double part = bytes_ > 0 ? static_cast<double>(seen_) / static_cast<double>(bytes_) : 0;
  std::string line = std::to_string(ended) + " of " + std::to_string(files_) + " files, " +
                     HumanBytes(seen_) + " of " + HumanBytes(bytes_) + Ratio(out_, in_);
  if (part > 0 && Seconds(shown_ - start_) > 2) {
    line += ", " + Duration(Seconds(shown_ - start_) * (1 - part) / part) + " left";
  }
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
  std::fflush(stderr);
  is_shown_ = true;
}

void BatchReport::HideProgress() {
  if (!std::exchange(is_shown_, false)) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
}

void BatchReport::Finish(const std::string& passed_over) {
  const std::lock_guard lock(mutex_);
  Flush();
  HideProgress();
  if (options_.quiet || (files_ == 1 && passed_over.empty())) return;
  std::string line = std::to_string(done_) + (done_ == 1 ? " file" : " files");
  if (out_ > 0) line += ": " + HumanBytes(in_) + " to " + HumanBytes(out_) + Ratio(out_, in_);
  if (skipped_ > 0) line += ", " + std::to_string(skipped_) + " done before";
  if (failed_ > 0) line += ", " + std::to_string(failed_) + " failed";
  line += passed_over;
  std::fprintf(stderr, "%s in %s\n", line.c_str(), Duration(Seconds(Clock::now() - start_)).c_str());
}

}  // namespace flowzip
