// SPDX-License-Identifier: BSD-3-Clause
// Temporary files that no signal leaves behind.
#pragma once

#include <string>

namespace flowzip {

// Makes a private file ".flowzip-XXXXXX" in that folder and opens it for reading and writing.
// Until it is forgotten, every signal that ends the process and can be caught removes it first.
class TemporaryFile {
 public:
  // Throws kIo.
  explicit TemporaryFile(const std::string& folder);
  // Removes it unless it was forgotten. The descriptor is the caller's to close.
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }
  int descriptor() const { return descriptor_; }

  // It has another name now.
  void Forget();

 private:
  std::string path_;
  int descriptor_ = -1, slot_ = -1;
};

}  // namespace flowzip
