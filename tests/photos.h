// SPDX-License-Identifier: BSD-3-Clause
// The bundled photographs, and where the network spends the bits of a picture.
#pragma once

#include <string>

#include "codec/api/codec.h"
#include "tools/png_io.h"

namespace flowzip::testing {

// "colorado", "dome", "dunes", "moon-gray".
inline Image Photo(const std::string& name) {
  return ReadPng(FLOWZIP_SOURCE_DIR "/data/photos/" + name + ".png");
}

// With what FindAnomalies needs.
inline PixelBits DetailedBits(const Image& image) {
  PixelBits bits;
  bits.with_detail = true;
  EncodeOptions options;
  options.coding = Coding::kNetwork;
  options.jobs = 2;
  options.pixel_bits = &bits;
  Encode(image, options);
  return bits;
}

}  // namespace flowzip::testing
