// SPDX-License-Identifier: BSD-3-Clause
// The text that Netpbm files begin with (pbm(5), pgm(5), ppm(5), pam(5)).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "codec/picture/image.h"

namespace flowzip {

// Reads words and numbers, past white space and comments. Throws kTruncated at the end.
class PnmScanner {
 public:
  explicit PnmScanner(ByteSpan file) : file_(file) {}

  // The next word; '#' starts a comment up to the end of the line.
  std::string_view Word();
  // kCorrupt, naming `what`, for anything but a number from `least` to `most`.
  uint32_t Number(const char* what, uint32_t least, uint32_t most);
  // The next 0 or 1, where they need no space between them.
  uint32_t Bit();
  // What is left of the line, without white space around it; past the line's end.
  std::string_view Line();
  // Exactly one white space, which ends the text of a binary file.
  void EndOfText();

  size_t position() const { return at_; }
  ByteSpan rest() const { return file_.subspan(at_); }

 private:
  std::string_view Text(size_t from, size_t to) const {
    return {reinterpret_cast<const char*>(file_.data()) + from, to - from};
  }
  ByteSpan file_;
  size_t at_ = 2;
};

// Size, channels and largest sample; `scanner` stands behind the last word. Throws kTruncated,
// kCorrupt, or kUnsupported for what PAM knows and this program does not.
Image ReadPnmHeader(PnmScanner& scanner, int number);

// The text of a binary file of that number (4 to 7).
std::string MakePnmHeader(const Image& image, int number);

// A PAM file's tuple type, its lines joined by spaces; empty if the text has none.
std::string TupleType(std::string_view header);

}  // namespace flowzip
