// SPDX-License-Identifier: BSD-3-Clause
// Manifests: a record per line, only ever appended to, whole after a crash but for a last line that
// readers pass over.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tools/batch/record.h"

namespace flowzip {

class ManifestWriter {
 public:
  // Opens or makes the file. Throws kIo.
  explicit ManifestWriter(const std::string& path);
  ~ManifestWriter();
  ManifestWriter(const ManifestWriter&) = delete;
  ManifestWriter& operator=(const ManifestWriter&) = delete;

  // Appends whole lines, under a lock that other writers of the file heed, and waits until they are
  // on the disk. Throws kIo.
  void Append(const std::string& lines);

 private:
  int descriptor_;
};

// The last record of each source, by command and path. A file that is not there has none.
using Manifest = std::map<std::string, FileRecord>;
std::string ManifestKey(const std::string& command, const std::string& path);
// Throws kIo.
void ReadManifest(const std::string& path, Manifest& into);

}  // namespace flowzip
