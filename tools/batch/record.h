// SPDX-License-Identifier: BSD-3-Clause
// What became of one file: a line of JSON, on standard output (--json) and in manifests
// (docs/archive.md has the definition).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace flowzip {

enum class FileStatus { kDone, kSkipped, kFailed };

struct FileRecord {
  std::string command;  // encode, decode or test
  std::string path, output;
  FileStatus status = FileStatus::kFailed;
  std::string reason;  // why it was skipped, or failed
  uint64_t size = 0;
  int64_t mtime_ns = 0;  // of the source, since 1970
  uint64_t output_size = 0;
  uint32_t width = 0, height = 0;  // 0: not known
  int channels = 0, bit_depth = 0;
  // SHA-256 in hexadecimal; empty: not asked for.
  std::string sha256, output_sha256, pixels_sha256;
  std::string effort;     // of encode
  double finished = 0;  // seconds since 1970

  // Sets size and time of the source; 0 where there is none.
  void LookAtSource();
  // One line, with its end.
  std::string Json() const;
};

// Nothing for a line that is none: cut short by a crash, or another's.
std::optional<FileRecord> ParseRecord(const std::string& line);

}  // namespace flowzip
