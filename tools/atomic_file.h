// SPDX-License-Identifier: BSD-3-Clause
// An output file that appears under its name complete or not at all.
//
// Writes go to a temporary file in the same directory; Commit() flushes it to the disk
// and renames it. Without Commit(), by an exception or by SIGINT, SIGTERM or SIGHUP,
// the temporary file is removed and an existing file of the name stays as it was.
#pragma once

#include <cstdio>
#include <ctime>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace flowzip {

class AtomicFile {
 public:
  // Throws kIo if `path` exists and `overwrite` is false, or if no file can be made
  // there. A symbolic link is followed. A device or a pipe (/dev/null, say) is written
  // directly: renaming over it would destroy it.
  AtomicFile(const std::string& path, bool overwrite);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  std::FILE* stream() { return stream_; }
  void Write(ByteSpan bytes);

  // What the file shall have instead of the time of writing. No effect on devices.
  void SetModificationTime(const timespec& time) { time_ = time; }

  // Throws kIo if anything could not be written, or if the name was taken meanwhile.
  void Commit();

 private:
  void OpenTemporary();
  void Rename();

  std::string path_, temporary_;  // temporary_ is empty while nothing is to be removed
  bool overwrite_;
  std::FILE* stream_ = nullptr;
  std::optional<timespec> time_;
};

}  // namespace flowzip
