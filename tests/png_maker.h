// SPDX-License-Identifier: BSD-3-Clause
// Makes PNG files of every kind for the tests, by libpng, with samples from a formula.
#pragma once

#include <png.h>

#include <cstdint>
#include <vector>

namespace flowzip::testing {

struct PngKind {
  int color_type = PNG_COLOR_TYPE_RGB;
  int bit_depth = 8;
  bool interlaced = false;
  bool transparent_color = false;  // a tRNS chunk
};

// Byte i of row y of the packed samples.
inline uint8_t SampleByte(uint32_t y, size_t i) {
  return static_cast<uint8_t>(3 * i + 5 * y + (i * y >> 4) + (i * 7919 + y * 104729) % 11);
}

inline std::vector<uint8_t> MakePng(uint32_t width, uint32_t height, const PngKind& kind) {
  std::vector<uint8_t> file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &file,
      [](png_structp self, png_bytep bytes, size_t count) {
        auto* to = static_cast<std::vector<uint8_t>*>(png_get_io_ptr(self));
        to->insert(to->end(), bytes, bytes + count);
      },
      nullptr);
  png_set_IHDR(png, info, width, height, kind.bit_depth, kind.color_type,
               kind.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  if (kind.color_type == PNG_COLOR_TYPE_PALETTE) {
    std::vector<png_color> palette(size_t{1} << kind.bit_depth);
    for (size_t i = 0; i < palette.size(); ++i) palette[i].red = static_cast<png_byte>(i);
    png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  }
  if (kind.transparent_color) {
    const png_color_16 color = {0, 1, 2, 3, 4};
    png_set_tRNS(png, info, nullptr, 0, &color);
  }
  png_write_info(png, info);
  const int passes = png_set_interlace_handling(png);
  std::vector<uint8_t> row(png_get_rowbytes(png, info));
  for (int pass = 0; pass < passes; ++pass) {
    for (uint32_t y = 0; y < height; ++y) {
      for (size_t i = 0; i < row.size(); ++i) row[i] = SampleByte(y, i);
      png_write_row(png, row.data());
    }
  }
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return file;
}

}  // namespace flowzip::testing
