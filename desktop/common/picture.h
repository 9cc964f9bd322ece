// SPDX-License-Identifier: BSD-3-Clause
// A .flz file as programs of the desktop want it: RGB or RGBA of 8 or 16 bits, the colour profile,
// EXIF and XMP. Over the C interface alone; no function throws but for want of memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "flowzip/flowzip.h"

namespace flowzip_desktop {

using Bytes = std::vector<uint8_t>;

// How many of a file's first bytes tell its size in pixels: at most that many and one byte more are
// worth waiting for. 0 where `data`, its beginning, is enough or wrong.
size_t BytesForHeader(const void* data, size_t size);

class Picture {
 public:
  Picture();

  // The bytes, which may be the header's alone, must stay where they are. False: see message().
  bool Open(const void* data, size_t size);

  const flz_info& info() const { return info_; }
  const char* message() const { return flz_decoder_message(decoder_.get()); }
  flz_status status() const { return status_; }

  bool has_alpha() const { return alpha_; }
  bool gray() const { return !(info_.flags & FLZ_INDEXED) && info_.channels < 3; }

  // From PNG's chunks iCCP, eXIf, iTXt; empty where there is none.
  const Bytes& icc() const { return icc_; }
  const Bytes& exif() const { return exif_; }
  const std::string& xmp() const { return xmp_; }
  // EXIF's, 1 to 8; 1 where it says nothing.
  int orientation() const { return orientation_; }

  // The whole picture: three samples a pixel, or four where it has alpha.
  bool DecodeTo8(uint8_t* pixels, size_t stride);
  bool DecodeTo16(uint16_t* pixels, size_t stride);

  // Whether the stored preview is good enough for a picture shrunk to that size: thumbnails, of
  // which it has a third of the pixels on a side.
  bool PreviewServes(uint32_t width, uint32_t height) const;
  // preview_width x preview_height pixels.
  bool DecodePreviewTo8(uint8_t* pixels, size_t stride);

 private:
  struct Free {
    void operator()(flz_decoder* decoder) const { flz_decoder_free(decoder); }
  };
  void TakeChunk(const flz_chunk& chunk);
  bool Succeeded(flz_status status);
  template <class T>
  bool Decode(T* pixels, size_t stride);

  std::unique_ptr<flz_decoder, Free> decoder_;
  flz_info info_ = {};
  flz_status status_ = FLZ_OK;
  bool alpha_ = false;
  Bytes palette_, transparency_, icc_, exif_;
  std::string xmp_;
  int orientation_ = 1;
};

}  // namespace flowzip_desktop
