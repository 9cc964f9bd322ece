// SPDX-License-Identifier: BSD-3-Clause
// The one error type of the library: a code for programs, a sentence for people.
//
// Anything a file, a caller or the machine can cause throws Error; our own
// mistakes are asserts. No exception crosses the C API or main().
#pragma once

#include <stdexcept>
#include <string>

namespace flowzip {

// Frozen: values are part of the C API and of the exit documentation.
enum class ErrorCode {
  kInvalidArgument = 1,  // the caller asked for something that makes no sense
  kUnsupported = 2,      // a valid input of a kind this version does not take
  kTruncated = 3,        // the data end before they should
  kCorrupt = 4,          // the data contradict themselves or the format
  kUnknownModel = 5,     // the file names a model this decoder does not have
  kLimit = 6,            // a stated limit (pixels, memory) would be exceeded
  kIo = 7,               // the operating system refused a read or a write
};

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ErrorCode code() const { return code_; }

 private:
  ErrorCode code_;
};

// Throws Error(code, message) unless `ok`.
inline void Require(bool ok, ErrorCode code, const char* message) {
  if (!ok) [[unlikely]]
    throw Error(code, message);
}

}  // namespace flowzip
