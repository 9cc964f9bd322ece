// SPDX-License-Identifier: BSD-3-Clause
#include "tools/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>
#include <vector>

#include "tools/read_file.h"

namespace flowzip {
namespace {

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// It can only be read by changing it, which other threads should see once at most.
mode_t CreationMask() {
  static const mode_t mask = [] {
    const mode_t was = umask(077);
    umask(was);
    return was;
  }();
  return mask;
}

// Some file systems refuse that for folders, which is no failure of ours.
void SyncFolder(const std::string& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {
    if (number < 0) throw SystemError(errno);
  }
  ~Descriptor() { close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }

 private:
  int number_;
};

void CopyBytes(int from, int to, off_t size) {
  std::vector<uint8_t> block(1 << 20);
  for (off_t at = 0; at < size;) {
    const ssize_t got = pread(from, block.data(), block.size(), at);
    if (got <= 0) throw SystemError(got < 0 ? errno : EIO);
    for (ssize_t done = 0; done < got;) {
      const ssize_t put = pwrite(to, block.data() + done, static_cast<size_t>(got - done), at + done);
      if (put <= 0) throw SystemError(put < 0 ? errno : EIO);
      done += put;
    }
    at += got;
  }
}

}  // namespace

void FolderSync::Add(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  folders_.insert(folder);
}

void FolderSync::Flush() {
  std::set<std::string> folders;
  {
    const std::lock_guard lock(mutex_);
    folders.swap(folders_);
  }
  for (const std::string& folder : folders) SyncFolder(folder);
}

void FlushFile(const std::string& path, FolderSync& folders) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fsync(file.get()) != 0) throw SystemError(errno);
  folders.Add(FolderOf(path));
}

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
    existing_ = TraitsOf(path_, false);
    in_place_ = status.st_nlink > 1;
  }
  temporary_ = std::make_unique<TemporaryFile>(FolderOf(path_));
  stream_ = fdopen(temporary_->descriptor(), "wb");
  if (stream_ == nullptr) {
    const int number = errno;
    close(temporary_->descriptor());
    throw SystemError(number);
  }
}

AtomicFile::~AtomicFile() {
  if (stream_ != nullptr) std::fclose(stream_);
}

void AtomicFile::Write(ByteSpan bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), stream_) != bytes.size()) {
    throw SystemError(errno);
  }
}

void AtomicFile::Commit(FolderSync* folders) {
  if (std::ferror(stream_) || std::fflush(stream_) != 0) throw SystemError(errno);
  if (temporary_ != nullptr) {
    GiveTraits();
    // A device has nothing to be flushed to, and says so.
    if (fsync(fileno(stream_)) != 0) throw SystemError(errno);
    if (in_place_) CopyInPlace();
  }
  std::FILE* stream = std::exchange(stream_, nullptr);
  if (std::fclose(stream) != 0) throw SystemError(errno);
  if (temporary_ != nullptr && !in_place_) Rename(folders);
  temporary_.reset();
}

void AtomicFile::GiveTraits() {
  const int descriptor = fileno(stream_);
  if (existing_) {
    if (!GiveOwner(descriptor, *existing_) && access(path_.c_str(), W_OK) == 0) in_place_ = true;
  } else if (traits_) {
    traits_->mode &= ~CreationMask();
    GiveOwner(descriptor, *traits_);
  } else {
    fchmod(descriptor, 0666 & ~CreationMask());
  }
  if (!traits_) return;
  GiveAttributes(descriptor, *traits_);
  const timespec times[2] = {traits_->time, traits_->time};  // access, modification
  futimens(descriptor, times);  // a file system that cannot keeps its own
}

void AtomicFile::Rename(FolderSync* folders) {
  const std::string from = temporary_->path();
  int result = renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, path_.c_str(),
                         overwrite_ ? 0 : RENAME_NOREPLACE);
  if (result != 0 && (errno == EINVAL || errno == ENOSYS)) {
    // A file system without RENAME_NOREPLACE; the constructor has checked the name.
    result = std::rename(from.c_str(), path_.c_str());
  }
  if (result != 0) throw SystemError(errno);
  temporary_->Forget();
  if (folders != nullptr) {
    folders->Add(FolderOf(path_));
  } else {
    SyncFolder(FolderOf(path_));
  }
}

// The temporary file keeps the result until the other is complete.
void AtomicFile::CopyInPlace() {
  const Descriptor to(open(path_.c_str(), O_WRONLY | O_CLOEXEC));
  struct stat result, before;
  if (fstat(fileno(stream_), &result) != 0 || fstat(to.get(), &before) != 0) {
    throw SystemError(errno);
  }
  // A disk that is full is found out before a byte of the old file is gone.
  if (result.st_size > before.st_size &&
      fallocate(to.get(), 0, before.st_size, result.st_size - before.st_size) != 0 &&
      (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
    const int number = errno;
    if (ftruncate(to.get(), before.st_size) != 0) throw SystemError(errno);
    throw SystemError(number);
  }
  CopyBytes(fileno(stream_), to.get(), result.st_size);
  if (ftruncate(to.get(), result.st_size) != 0) throw SystemError(errno);
  if (traits_) {
    GiveAttributes(to.get(), *traits_);
    const timespec times[2] = {traits_->time, traits_->time};
    futimens(to.get(), times);
  }
  if (fsync(to.get()) != 0) throw SystemError(errno);
}

}  // namespace flowzip
