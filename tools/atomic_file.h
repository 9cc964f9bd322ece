// SPDX-License-Identifier: BSD-3-Clause
// An output file that appears under its name complete or not at all.
//
// Writes go to a temporary file in the same directory; Commit() flushes it to the disk
// and renames it. Without Commit(), by an exception or by a signal that can be caught,
// the temporary file is removed and an existing file of the name stays as it was.
#pragma once

#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "base/bytes.h"
#include "tools/file_traits.h"
#include "tools/temporary_files.h"

namespace flowzip {

// Folders with new names in them, which survive a power failure only when the folder is on the
// disk too: many files may wait for one flush of their folder. For several threads.
class FolderSync {
 public:
  void Add(const std::string& folder);
  // Flushes those that were added since the last time.
  void Flush();

 private:
  std::mutex mutex_;
  std::set<std::string> folders_;
};

// Flushes a file that may have been written just now, by whomever, and notes its folder.
// Throws kIo.
void FlushFile(const std::string& path, FolderSync& folders);

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

  // What the file shall have beside its bytes; without it, time and permissions of any new file.
  // An existing file's permissions and owner stay. No effect on devices.
  void SetTraits(FileTraits traits) { traits_ = std::move(traits); }

  // Throws kIo if anything could not be written, or if the name was taken meanwhile. A file that
  // has other names (hard links), or an owner that this process cannot give, is overwritten in
  // place, once the whole result is on the disk beside it. With `folders`, the new name is safe
  // when they have been flushed.
  void Commit(FolderSync* folders = nullptr);

 private:
  void GiveTraits();
  void Rename(FolderSync* folders);
  void CopyInPlace();

  std::string path_;
  bool overwrite_;
  std::FILE* stream_ = nullptr;
  std::unique_ptr<TemporaryFile> temporary_;  // none for what is written directly
  std::optional<FileTraits> traits_, existing_;
  bool in_place_ = false;
};

}  // namespace flowzip
