// SPDX-License-Identifier: BSD-3-Clause
// A PNG file whose rows are read as they are needed, by libpng.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/bytes.h"
#include "codec/picture/image.h"
#include "tools/png_chunks.h"

namespace flowzip {

// Asked before any samples are allocated, with everything but them; may throw.
using ImageCheck = std::function<void(const Image& header)>;

class PngReader {
 public:
  // Reads everything but the samples; verifies the checksums of all. `file` must stay.
  // Throws as ReadPng does.
  PngReader(ByteSpan file, uint64_t max_pixels, const ImageCheck& check = {},
            PngMending* mending = nullptr);
  ~PngReader();

  // Its samples are indeterminate until they are read.
  Image& image() { return image_; }

  // Returns when the first `rows` rows are there; an interlaced file is read whole. With the last
  // row, the file's end is read. Not to be called again once it has thrown.
  void ReadRows(uint32_t rows);

  // Bytes of the file's compressed rows.
  uint64_t deflated_bytes() const { return deflated_bytes_; }

  // What is before this offset in the file is not read again.
  size_t read_to() const;

 private:
  class Session;
  Image image_;
  ByteSpan file_;
  uint64_t deflated_bytes_ = 0;
  std::unique_ptr<Session> session_;
};

}  // namespace flowzip
