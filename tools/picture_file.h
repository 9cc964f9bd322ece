// SPDX-License-Identifier: BSD-3-Clause
// Picture files of either family: told apart by their first bytes when read, by the name's
// extension when written.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "codec/picture/image.h"
#include "tools/picture_format.h"
#include "tools/png_chunks.h"
#include "tools/png_io.h"
#include "tools/png_reader.h"
#include "tools/read_file.h"

namespace flowzip {

// A picture's file while its rows are read; its pages go back to the system as they have been.
class PictureReader {
 public:
  // PNG or PNM. Throws as ReadPng and FromPnm do, and says what other files are. `check` is asked
  // before a PNG's samples are allocated, and once a PNM, of which all rows are there at once, is
  // read. `mending` is for PNG.
  PictureReader(FileBytes file, uint64_t max_pixels, const ImageCheck& check = {},
                PngMending* mending = nullptr);

  Image& image() { return png_ ? png_->image() : pnm_; }

  // As PngReader::ReadRows.
  void ReadRows(uint32_t rows);

  // Bytes of a PNG file's compressed rows; 0 of others.
  uint64_t deflated_bytes() const { return png_ ? png_->deflated_bytes() : 0; }
  // Those rows, of what was read from `path`: from there once more, or, where that cannot be, from
  // memory, if Keep() was called before any rows were read. Throws as ReadFile and SplitPng do.
  void Keep() { keep_ = true; }
  std::vector<uint8_t> DeflatedRows(const std::string& path) const;

 private:
  FileBytes file_;
  bool keep_ = false;
  std::optional<PngReader> png_;
  Image pnm_;
};

Image ReadPicture(FileBytes file, uint64_t max_pixels = kDefaultPngPixels);
Image ReadPicture(const std::string& path, uint64_t max_pixels = kDefaultPngPixels);

// Throws kUnsupported or kIo; the caller flushes.
void WritePicture(const Image& image, const PictureFormat& format, std::FILE* stream, int jobs = 1);

}  // namespace flowzip
