// SPDX-License-Identifier: BSD-3-Clause
#include "tools/picture_file.h"

#include <cerrno>

#include "tools/atomic_file.h"
#include "tools/pnm_io.h"
#include "tools/read_file.h"

namespace flowzip {

Image ReadPicture(ByteSpan file, uint64_t max_pixels, const ImageCheck& check, int jobs) {
  if (!IsPnm(file)) return ReadPng(file, max_pixels, check, jobs);
  Image image = FromPnm(file, max_pixels);
  if (check) check(image);
  return image;
}

Image ReadPicture(const std::string& path, uint64_t max_pixels) {
  return ReadPicture(ReadFile(path), max_pixels);
}

void WritePicture(const Image& image, const std::string& name, std::FILE* stream, int jobs) {
  PnmKind kind;
  if (!PnmKindOf(name, &kind)) {
    WritePng(image, stream, jobs);
    return;
  }
  ForPnm(image, kind, [&](ByteSpan bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), stream) != bytes.size())
      throw SystemError(errno);
  });
}

}  // namespace flowzip
