// SPDX-License-Identifier: BSD-3-Clause
// The samples of a PNG file, compressed on several threads.
#pragma once

#include <cstdio>

#include "codec/picture/image.h"

namespace flowzip {

// Whether WriteIdat knows that kind of picture: whole bytes, no palette, not interlaced.
bool IdatInPieces(const Image& image);

// Writes the IDAT chunks: a megabyte of rows each, filtered by "up" and deflated at level 1 with
// the rows before as a dictionary, so that pieces need not wait for each other. The same bytes
// for any number of threads. Throws Error if writing fails.
void WriteIdat(const Image& image, int jobs, std::FILE* stream);

}  // namespace flowzip
