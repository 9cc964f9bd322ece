// SPDX-License-Identifier: BSD-3-Clause
// Reads a whole file into memory.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "base/error.h"

namespace flowzip {

// An Error of code kIo that says what the operating system said. `number` is an errno.
Error SystemError(int number);

// Throws kIo if the file cannot be read, kLimit if it has more than `max_bytes`. Works on pipes
// and devices too.
std::vector<uint8_t> ReadFile(const std::string& path, uint64_t max_bytes = UINT64_MAX);
// The same for what is left of an open stream.
std::vector<uint8_t> ReadStream(std::FILE* stream, uint64_t max_bytes = UINT64_MAX);

}  // namespace flowzip
