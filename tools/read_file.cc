// SPDX-License-Identifier: BSD-3-Clause
#include "tools/read_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

namespace flowzip {
namespace {

// The bytes that a regular file has; 0 of what has no size.
size_t SizeOf(std::FILE* stream) {
  struct stat status;
  if (fstat(fileno(stream), &status) != 0 || !S_ISREG(status.st_mode)) return 0;
  return static_cast<size_t>(status.st_size);
}

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File OpenToRead(const std::string& path) {
  File file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (file == nullptr) throw SystemError(errno);
  return file;
}

}  // namespace

Error SystemError(int number) {
  return Error(ErrorCode::kIo, std::generic_category().message(number));
}

FileBytes ReadFile(const std::string& path, uint64_t max_bytes) {
  return ReadStream(OpenToRead(path).get(), max_bytes);
}

FileBytes ReadBeginning(const std::string& path, size_t most) {
  const File file = OpenToRead(path);
  FileBytes bytes(most);
  errno = 0;
  bytes.resize(std::fread(bytes.data(), 1, most, file.get()));
  if (std::ferror(file.get())) throw SystemError(errno);
  return bytes;
}

FileBytes ReadStream(std::FILE* stream, uint64_t max_bytes) {
  FileBytes bytes;
  constexpr size_t kLeastBlock = size_t{1} << 15, kMostBlock = size_t{1} << 20;
  // One byte more, so that the first block sees the file's end.
  const auto whole = static_cast<size_t>(std::min<uint64_t>(SizeOf(stream), max_bytes));
  size_t block = std::max(kLeastBlock, whole + 1);
  bytes.reserve(block);
  for (;; block = std::clamp(2 * block, kLeastBlock, kMostBlock)) {
    const size_t before = bytes.size();
    bytes.resize(before + block);
    errno = 0;
    const size_t count = std::fread(bytes.data() + before, 1, block, stream);
    bytes.resize(before + count);
    if (std::ferror(stream)) throw SystemError(errno);  // a directory, for one
    Require(bytes.size() <= max_bytes, ErrorCode::kLimit, "is larger than the limit of memory");
    if (count < block) return bytes;
  }
}

}  // namespace flowzip
