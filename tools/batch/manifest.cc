// SPDX-License-Identifier: BSD-3-Clause
#include "tools/batch/manifest.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <utility>

#include "tools/read_file.h"

namespace flowzip {
namespace {

class FileLock {
 public:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {
    while (flock(descriptor, LOCK_EX) != 0 && errno == EINTR) {
    }  // a file system without locks has one writer
  }
  ~FileLock() { flock(descriptor_, LOCK_UN); }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int descriptor_;
};

// Whether a crash left a line without its end.
bool LacksEnd(int descriptor) {
  struct stat status;
  char last = '\n';
  return fstat(descriptor, &status) == 0 && status.st_size > 0 &&
         pread(descriptor, &last, 1, status.st_size - 1) == 1 && last != '\n';
}

}  // namespace

ManifestWriter::ManifestWriter(const std::string& path)
    : descriptor_(open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {
  if (descriptor_ < 0) throw SystemError(errno);
}

ManifestWriter::~ManifestWriter() { close(descriptor_); }

void ManifestWriter::Append(const std::string& lines) {
  if (lines.empty()) return;
  const FileLock lock(descriptor_);
  const std::string text = LacksEnd(descriptor_) ? "\n" + lines : lines;
  for (size_t done = 0; done < text.size();) {
    const ssize_t count = write(descriptor_, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw SystemError(count < 0 ? errno : EIO);
    done += static_cast<size_t>(count);
  }
  // A pipe or a device has nothing to wait for, and says so.
  if (fdatasync(descriptor_) != 0 && errno != EINVAL && errno != EROFS) throw SystemError(errno);
}

std::string ManifestKey(const std::string& command, const std::string& path) {
  return command + " " + path;
}

void ReadManifest(const std::string& path, Manifest& into) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (access(path.c_str(), F_OK) != 0 && errno == ENOENT) return;
    throw SystemError(errno != 0 ? errno : EIO);
  }
  for (std::string line; std::getline(file, line);) {
    if (std::optional<FileRecord> record = ParseRecord(line)) {
      std::string key = ManifestKey(record->command, record->path);
      into.insert_or_assign(std::move(key), std::move(*record));
    }
  }
  if (file.bad()) throw SystemError(EIO);
}

}  // namespace flowzip
