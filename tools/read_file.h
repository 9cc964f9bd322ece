// SPDX-License-Identifier: BSD-3-Clause
// Reads a whole file into memory.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

#include "base/error.h"
#include "base/unset_vector.h"

namespace flowzip {

using FileBytes = UnsetVector<uint8_t>;

// An Error of code kIo that says what the operating system said. `number` is an errno.
Error SystemError(int number);

// Throws kIo if the file cannot be read, kLimit if it has more than `max_bytes`. Works on pipes
// and devices too.
FileBytes ReadFile(const std::string& path, uint64_t max_bytes = UINT64_MAX);
// Its first bytes: `most`, or fewer if it has no more.
FileBytes ReadBeginning(const std::string& path, size_t most);
// As ReadFile, for what is left of an open stream.
FileBytes ReadStream(std::FILE* stream, uint64_t max_bytes = UINT64_MAX);

}  // namespace flowzip
