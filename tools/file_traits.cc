// SPDX-License-Identifier: BSD-3-Clause
#include "tools/file_traits.h"

#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "tools/read_file.h"

namespace flowzip {
namespace {

// In the name space that needs no privilege.
std::vector<std::pair<std::string, std::string>> AttributesOf(const std::string& path) {
  std::vector<std::pair<std::string, std::string>> attributes;
  const ssize_t size = listxattr(path.c_str(), nullptr, 0);
  if (size <= 0) return attributes;
  std::string names(static_cast<size_t>(size), '\0');
  const ssize_t got = listxattr(path.c_str(), names.data(), names.size());
  if (got <= 0) return attributes;
  names.resize(static_cast<size_t>(got));
  for (size_t at = 0; at < names.size(); at += std::strlen(&names[at]) + 1) {
    const std::string name(&names[at]);
    if (!name.starts_with("user.")) continue;
    const ssize_t bytes = getxattr(path.c_str(), name.c_str(), nullptr, 0);
    if (bytes < 0) throw SystemError(errno);
    std::string value(static_cast<size_t>(bytes), '\0');
    const ssize_t read = getxattr(path.c_str(), name.c_str(), value.data(), value.size());
    if (read < 0) throw SystemError(errno);
    value.resize(static_cast<size_t>(read));
    attributes.emplace_back(name, std::move(value));
  }
  return attributes;
}

}  // namespace

std::optional<FileTraits> TraitsOf(const std::string& path, bool attributes) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  FileTraits traits;
  traits.mode = status.st_mode & 0777;
  traits.user = status.st_uid;
  traits.group = status.st_gid;
  traits.time = status.st_mtim;
  if (attributes) traits.attributes = AttributesOf(path);
  return traits;
}

bool GiveOwner(int descriptor, const FileTraits& traits) {
  const auto no_change = static_cast<uid_t>(-1);
  bool given = fchown(descriptor, no_change, traits.group) == 0;
  mode_t mode = traits.mode;
  if (!given) mode = (mode & ~mode_t{070}) | ((mode & 7) << 3 & (mode & 070));
  struct stat status;
  if (fstat(descriptor, &status) == 0 && status.st_uid != traits.user) {
    given = fchown(descriptor, traits.user, static_cast<gid_t>(-1)) == 0 && given;
  }
  return fchmod(descriptor, mode) == 0 && given;
}

void GiveAttributes(int descriptor, const FileTraits& traits) {
  for (const auto& [name, value] : traits.attributes) {
    if (fsetxattr(descriptor, name.c_str(), value.data(), value.size(), 0) != 0) {
      throw Error(ErrorCode::kIo, "extended attribute " + name + ": " + SystemError(errno).what());
    }
  }
}

}  // namespace flowzip
