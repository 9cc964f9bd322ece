// SPDX-License-Identifier: BSD-3-Clause
// What a file has beside its bytes: permissions, owner, time, extended attributes.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace flowzip {

struct FileTraits {
  mode_t mode = 0;
  uid_t user = 0;
  gid_t group = 0;
  timespec time{};  // of modification
  std::vector<std::pair<std::string, std::string>> attributes{};  // those that users set
};

// Of a regular file, through links; nothing of anything else. `attributes`: those too.
std::optional<FileTraits> TraitsOf(const std::string& path, bool attributes);

// Gives an open file owner and permissions, and none to anybody who did not have them: where the
// group cannot be given, its members get what all others have. Returns whether both were given.
bool GiveOwner(int descriptor, const FileTraits& traits);

// Throws kIo for an attribute that the file system does not take.
void GiveAttributes(int descriptor, const FileTraits& traits);

}  // namespace flowzip
