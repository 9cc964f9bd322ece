// SPDX-License-Identifier: BSD-3-Clause
// Parts of a picture, and pictures of every 2nd, 4th or 8th column and row.
#pragma once

#include "codec/options/options.h"

namespace flowzip {

// The part of the picture that is asked for. Throws kInvalidArgument.
Rect WantedRegion(const FileInfo& info, const DecodeOptions& options);

// What is left of `rect` at that scale: the columns and rows that are multiples of 2^scale_log2,
// divided by it.
Rect Reduced(const Rect& rect, int scale_log2);

// Where in the reduced picture lies what Decode gives; its size is the picture's.
Rect DecodedRect(const FileInfo& info, const DecodeOptions& options);

}  // namespace flowzip
