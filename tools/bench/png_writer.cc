// SPDX-License-Identifier: BSD-3-Clause
#include "tools/bench/png_writer.h"

#include <png.h>

#include <csetjmp>
#include <new>

#include "base/error.h"

namespace flowzip::bench {
namespace {

// Lets no C++ object live across libpng's longjmp.
bool WriteRows(png_structp png, png_infop info, const Image& image, int level) {
  if (setjmp(png_jmpbuf(png))) return false;
  constexpr int kColorTypes[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA,
                                 PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_compression_level(png, level);
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_ALL_FILTERS);
  png_set_IHDR(png, info, image.width, image.height, image.bit_depth, kColorTypes[image.channels],
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  if (image.bit_depth == 16 && kLittleEndian) png_set_swap(png);
  for (uint32_t y = 0; y < image.height; ++y) {
    png_write_row(png, image.samples.data() + y * image.row_bytes());
  }
  png_write_end(png, info);
  return true;
}

}  // namespace

std::vector<uint8_t> PngBytes(const Image& image, int level) {
  std::vector<uint8_t> file;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png != nullptr ? png_create_info_struct(png) : nullptr;
  if (info == nullptr) {
    png_destroy_write_struct(&png, nullptr);
    throw std::bad_alloc();
  }
  png_set_write_fn(
      png, &file,
      [](png_structp self, png_bytep bytes, size_t count) {
        auto* to = static_cast<std::vector<uint8_t>*>(png_get_io_ptr(self));
        to->insert(to->end(), bytes, bytes + count);
      },
      nullptr);
  const bool done = WriteRows(png, info, image, level);
  png_destroy_write_struct(&png, &info);
  Require(done, ErrorCode::kInvalidArgument, "libpng cannot write this picture");
  return file;
}

}  // namespace flowzip::bench
