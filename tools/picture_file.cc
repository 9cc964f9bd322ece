// SPDX-License-Identifier: BSD-3-Clause
#include "tools/picture_file.h"

#include <cerrno>
#include <utility>

#include "base/huge_pages.h"
#include "tools/atomic_file.h"
#include "tools/pnm_io.h"
#include "tools/read_file.h"

namespace flowzip {

PictureReader::PictureReader(FileBytes file, uint64_t max_pixels, const ImageCheck& check)
    : file_(std::move(file)) {
  if (!IsPnm(file_)) {
    png_.emplace(file_, max_pixels, check);
    return;
  }
  pnm_ = FromPnm(file_, max_pixels);
  Release(file_);
  if (check) check(pnm_);
}

void PictureReader::ReadRows(uint32_t rows) {
  if (file_.empty()) return;  // all have been read
  png_->ReadRows(rows);
  if (rows < png_->image().height) {
    DiscardPages(file_.data(), png_->read_to());
  } else {
    Release(file_);
  }
}

Image ReadPicture(FileBytes file, uint64_t max_pixels) {
  PictureReader reader(std::move(file), max_pixels);
  reader.ReadRows(reader.image().height);
  return std::move(reader.image());
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
