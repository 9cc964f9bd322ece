// SPDX-License-Identifier: BSD-3-Clause
#include "tools/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <mutex>

#include "tools/read_file.h"

namespace flowzip {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

// What the signal handler has to remove: the one temporary file of this process.
std::atomic<const char*> g_temporary{nullptr};
static_assert(std::atomic<const char*>::is_always_lock_free, "used in a signal handler");

void RemoveAndDie(int number) {
  if (const char* name = g_temporary.load()) unlink(name);
  signal(number, SIG_DFL);  // and die of it, so that the caller sees why
  raise(number);
}

void InstallHandlers() {
  static std::once_flag once;
  std::call_once(once, [] {
    for (const int number : kSignals) {
      struct sigaction action = {};
      sigaction(number, nullptr, &action);
      if (action.sa_handler != SIG_DFL) continue;  // under nohup, SIGHUP is ignored
      action.sa_handler = RemoveAndDie;
      sigaction(number, &action, nullptr);
    }
  });
}

// Holds signals back while the file and g_temporary disagree.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : kSignals) sigaddset(&set, number);
    pthread_sigmask(SIG_BLOCK, &set, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

AtomicFile::AtomicFile(const std::string& path, bool overwrite)
    : path_(path), overwrite_(overwrite) {
  struct stat status;
  // What is no file is written directly, also through a link: /dev/stdout is a link to a pipe
  // that has no name of its own, and must not be renamed over.
  if (stat(path_.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
    stream_ = std::fopen(path_.c_str(), "wb");
    if (stream_ == nullptr) throw SystemError(errno);
    return;
  }
  if (lstat(path_.c_str(), &status) == 0) {
    if (S_ISLNK(status.st_mode)) {
      if (char* target = realpath(path_.c_str(), nullptr)) {
        path_ = target;
        std::free(target);
        if (lstat(path_.c_str(), &status) != 0) throw SystemError(errno);
      }
    }
    if (S_ISDIR(status.st_mode)) throw SystemError(EISDIR);
    Require(overwrite_, ErrorCode::kIo, "exists already; --force overwrites it");
  }
  OpenTemporary();
}

void AtomicFile::OpenTemporary() {
  InstallHandlers();
  const std::string name = DirectoryOf(path_) + "/.flowzip-XXXXXX";
  const SignalsBlocked blocked;
  temporary_ = name;
  const int descriptor = mkostemp(temporary_.data(), O_CLOEXEC);
  if (descriptor < 0) {
    const int number = errno;
    temporary_.clear();
    throw SystemError(number);
  }
  g_temporary.store(temporary_.c_str());
  // mkostemp makes private files; the result is to have the permissions of any other.
  const mode_t mask = umask(0);
  umask(mask);
  fchmod(descriptor, 0666 & ~mask);
  stream_ = fdopen(descriptor, "wb");
  if (stream_ == nullptr) {
    const int number = errno;
    close(descriptor);
    unlink(temporary_.c_str());
    g_temporary.store(nullptr);
    throw SystemError(number);
  }
}

AtomicFile::~AtomicFile() {
  if (stream_ != nullptr) std::fclose(stream_);
  if (temporary_.empty()) return;
  const SignalsBlocked blocked;
  unlink(temporary_.c_str());
  g_temporary.store(nullptr);
}

void AtomicFile::Write(ByteSpan bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), stream_) != bytes.size()) {
    throw SystemError(errno);
  }
}

void AtomicFile::Commit() {
  if (std::ferror(stream_) || std::fflush(stream_) != 0) throw SystemError(errno);
  if (!temporary_.empty() && time_) {
    const timespec times[2] = {*time_, *time_};  // access, modification
    futimens(fileno(stream_), times);            // a file system that cannot keeps its own
  }
  // A device has nothing to be flushed to, and says so.
  if (!temporary_.empty() && fsync(fileno(stream_)) != 0) throw SystemError(errno);
  std::FILE* stream = stream_;
  stream_ = nullptr;
  if (std::fclose(stream) != 0) throw SystemError(errno);
  if (!temporary_.empty()) Rename();
}

void AtomicFile::Rename() {
  const SignalsBlocked blocked;
  int result = renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(),
                         overwrite_ ? 0 : RENAME_NOREPLACE);
  if (result != 0 && (errno == EINVAL || errno == ENOSYS)) {
    // A file system without RENAME_NOREPLACE; the constructor has checked the name.
    result = std::rename(temporary_.c_str(), path_.c_str());
  }
  if (result != 0) throw SystemError(errno);
  g_temporary.store(nullptr);
  temporary_.clear();
  // The new name survives a power failure only when the directory is on the disk too.
  // Some file systems refuse that for directories, which is no failure of ours.
  const int directory = open(DirectoryOf(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory >= 0) {
    fsync(directory);
    close(directory);
  }
}

}  // namespace flowzip
