// SPDX-License-Identifier: BSD-3-Clause
#include "tools/picture_file.h"

#include <cerrno>
#include <utility>

#include "tools/atomic_file.h"
#include "tools/heap_pages.h"
#include "tools/png_chunks.h"
#include "tools/pnm_io.h"
#include "tools/read_file.h"

namespace flowzip {

PictureReader::PictureReader(FileBytes file, uint64_t max_pixels, const ImageCheck& check,
                             PngMending* mending)
    : file_(std::move(file)) {
  if (!IsPnm(file_)) {
    const std::string other = ForeignFile(file_);
    if (!other.empty()) throw Error(ErrorCode::kUnsupported, other);
    png_.emplace(file_, max_pixels, check, mending);
    return;
  }
  pnm_ = FromPnm(file_, max_pixels);
  Release(file_);
  if (check) check(pnm_);
}

void PictureReader::ReadRows(uint32_t rows) {
  if (file_.empty()) return;  // all have been read
  png_->ReadRows(rows);
  if (keep_) return;
  if (rows < png_->image().height) {
    DiscardPages(file_.data(), png_->read_to());
  } else {
    Release(file_);
  }
}

std::vector<uint8_t> PictureReader::DeflatedRows(const std::string& path) const {
  if (keep_) return flowzip::DeflatedRows(SplitPng(file_));
  const FileBytes again = ReadFile(path);
  return flowzip::DeflatedRows(SplitPng(again));
}

Image ReadPicture(FileBytes file, uint64_t max_pixels) {
  PictureReader reader(std::move(file), max_pixels);
  reader.ReadRows(reader.image().height);
  return std::move(reader.image());
}

Image ReadPicture(const std::string& path, uint64_t max_pixels) {
  return ReadPicture(ReadFile(path), max_pixels);
}

void WritePicture(const Image& image, const PictureFormat& format, std::FILE* stream, int jobs) {
  if (!format.pnm) {
    Require(
        IsOrdinaryTuple(image), ErrorCode::kUnsupported,
        "the samples are of a PAM file's own tuple type, which PNG does not have (--format pam)");
    WritePng(image, stream, jobs);
    return;
  }
  ForPnm(image, *format.pnm, [&](ByteSpan bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), stream) != bytes.size())
      throw SystemError(errno);
  });
}

}  // namespace flowzip
