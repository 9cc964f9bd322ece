// SPDX-License-Identifier: BSD-3-Clause
#include "tools/picture_file.h"

#include <cerrno>

#include "tools/atomic_file.h"
#include "tools/pnm_io.h"
#include "tools/read_file.h"

namespace flowzip {

Image ReadPicture(ByteSpan file, uint64_t max_pixels) {
  return IsPnm(file) ? FromPnm(file, max_pixels) : ReadPng(file, max_pixels);
}

Image ReadPicture(const std::string& path, uint64_t max_pixels) {
  return ReadPicture(ReadFile(path), max_pixels);
}

void WritePicture(const Image& image, const std::string& name, std::FILE* stream) {
  PnmKind kind;
  if (!PnmKindOf(name, &kind)) {
    WritePng(image, stream);
    return;
  }
  const std::vector<uint8_t> file = ToPnm(image, kind);
  if (std::fwrite(file.data(), 1, file.size(), stream) != file.size()) throw SystemError(errno);
}

}  // namespace flowzip
