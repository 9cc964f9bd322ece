// SPDX-License-Identifier: BSD-3-Clause
// libpng's errors, which it reports by longjmp.
#pragma once

#include <png.h>

#include <csetjmp>
#include <cstring>

namespace flowzip {

// What reading and writing share: the message of the error that libpng jumped out with.
//
// A function that calls setjmp holds no object with a destructor, and no local that changes after
// setjmp; all state lives in what derives from this, outside the jump.
struct PngSession {
  png_structp png = nullptr;
  png_infop info = nullptr;
  char message[200] = "";

  static void IgnoreWarning(png_structp, png_const_charp) {}

  [[noreturn]] static void Fail(png_structp png, png_const_charp message) {
    auto* session = static_cast<PngSession*>(png_get_error_ptr(png));
    std::strncpy(session->message, message, sizeof(session->message) - 1);
    png_longjmp(png, 1);
  }
};

}  // namespace flowzip
