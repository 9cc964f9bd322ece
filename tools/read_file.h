// SPDX-License-Identifier: BSD-3-Clause
// Reads a whole file into memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace flowzip {

// An Error of code kIo that says what the operating system said. `number` is an errno.
Error SystemError(int number);

// Throws kIo if the file cannot be read. Works on pipes and devices too.
std::vector<uint8_t> ReadFile(const std::string& path);

}  // namespace flowzip
