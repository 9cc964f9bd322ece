// SPDX-License-Identifier: BSD-3-Clause
// png_samples FILE.png: the samples of a PNG file on standard output, raw.
//
// Shares no code with flowzip, so that `cmp` of two outputs is an independent check.
#include <png.h>

#include <csetjmp>
#include <cstdio>

int main(int argc, char** argv) {
  std::FILE* file = argc == 2 ? std::fopen(argv[1], "rb") : nullptr;
  if (file == nullptr) {
    std::fprintf(stderr, "usage: png_samples FILE.png\n");
    return 2;
  }
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  if (setjmp(png_jmpbuf(png))) return 1;  // libpng has said why
  png_init_io(png, file);
  png_read_png(png, info, PNG_TRANSFORM_IDENTITY, nullptr);
  png_bytepp rows = png_get_rows(png, info);
  for (png_uint_32 y = 0; y < png_get_image_height(png, info); ++y) {
    std::fwrite(rows[y], 1, png_get_rowbytes(png, info), stdout);
  }
  png_destroy_read_struct(&png, &info, nullptr);
  std::fclose(file);
  return std::fflush(stdout) == 0 ? 0 : 1;
}
