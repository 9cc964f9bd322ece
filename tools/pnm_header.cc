// SPDX-License-Identifier: BSD-3-Clause
#include "tools/pnm_header.h"

namespace flowzip {
namespace {

constexpr uint32_t kMostSide = 0x7FFFFFFF;
constexpr char kCutShort[] = "PNM file is cut short";

bool IsSpace(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

[[noreturn]] void Senseless(const std::string& what, std::string_view found) {
  throw Error(ErrorCode::kCorrupt, "PNM header makes no sense (" + what + " \"" +
                                       std::string(found.substr(0, 40)) + "\")");
}

void SetLargest(uint32_t largest, Image* image) {
  image->bit_depth = 1;
  while ((1U << image->bit_depth) - 1 < largest) ++image->bit_depth;
  if ((1U << image->bit_depth) - 1 != largest) image->max_value = static_cast<uint16_t>(largest);
}

// Lines of a word and a value, in any order, up to ENDHDR.
void ReadPamLines(PnmScanner& scanner, Image* image) {
  uint32_t largest = 0;
  for (std::string_view word = scanner.Word(); word != "ENDHDR"; word = scanner.Word()) {
    if (word == "WIDTH") {
      image->width = scanner.Number("WIDTH", 1, kMostSide);
    } else if (word == "HEIGHT") {
      image->height = scanner.Number("HEIGHT", 1, kMostSide);
    } else if (word == "DEPTH") {
      const uint32_t depth = scanner.Number("DEPTH", 1, UINT32_MAX);
      if (depth > 4) {
        throw Error(ErrorCode::kUnsupported,
                    "PAM file has " + std::to_string(depth) + " channels; flowzip takes 1 to 4");
      }
      image->channels = static_cast<int>(depth);
    } else if (word == "MAXVAL") {
      largest = scanner.Number("MAXVAL", 1, 65535);
    } else if (word == "TUPLTYPE") {
      scanner.Line();  // any text; kept with the header
    } else {
      Senseless("line", word);
    }
  }
  const char* missing = image->width == 0      ? "WIDTH"
                        : image->height == 0   ? "HEIGHT"
                        : image->channels == 0 ? "DEPTH"
                        : largest == 0         ? "MAXVAL"
                                               : nullptr;
  if (missing != nullptr) Senseless("without", missing);
  SetLargest(largest, image);
}

}  // namespace

std::string_view PnmScanner::Word() {
  while (at_ < file_.size() && (IsSpace(file_[at_]) || file_[at_] == '#')) {
    if (file_[at_] != '#') {
      ++at_;
      continue;
    }
    while (at_ < file_.size() && file_[at_] != '\n') ++at_;
  }
  const size_t from = at_;
  while (at_ < file_.size() && !IsSpace(file_[at_]) && file_[at_] != '#') ++at_;
  Require(at_ > from, ErrorCode::kTruncated, kCutShort);
  return Text(from, at_);
}

uint32_t PnmScanner::Number(const char* what, uint32_t least, uint32_t most) {
  const std::string_view word = Word();
  uint64_t value = 0;
  for (const char c : word) {
    if (c < '0' || c > '9' || value > UINT32_MAX) Senseless(what, word);
    value = 10 * value + static_cast<uint64_t>(c - '0');
  }
  if (value < least || value > most) Senseless(what, word);
  return static_cast<uint32_t>(value);
}

uint32_t PnmScanner::Bit() {
  while (at_ < file_.size() && IsSpace(file_[at_])) ++at_;
  Require(at_ < file_.size(), ErrorCode::kTruncated, kCutShort);
  const uint8_t c = file_[at_++];
  Require(c == '0' || c == '1', ErrorCode::kCorrupt, "PNM file makes no sense");
  return c - '0';
}

std::string_view PnmScanner::Line() {
  size_t from = at_;
  while (at_ < file_.size() && file_[at_] != '\n') ++at_;
  size_t to = at_;
  if (at_ < file_.size()) ++at_;
  while (from < to && IsSpace(file_[from])) ++from;
  while (to > from && IsSpace(file_[to - 1])) --to;
  return Text(from, to);
}

void PnmScanner::EndOfText() {
  Require(at_ < file_.size() && IsSpace(file_[at_]), ErrorCode::kTruncated, kCutShort);
  ++at_;
}

Image ReadPnmHeader(PnmScanner& scanner, int number) {
  Image image;
  if (number == 7) {
    ReadPamLines(scanner, &image);
    return image;
  }
  image.channels = number % 3 == 0 ? 3 : 1;
  image.width = scanner.Number("width", 1, kMostSide);
  image.height = scanner.Number("height", 1, kMostSide);
  SetLargest(number % 3 == 1 ? 1 : scanner.Number("largest sample", 1, 65535), &image);
  return image;
}

std::string MakePnmHeader(const Image& image, int number) {
  const std::string width = std::to_string(image.width), height = std::to_string(image.height),
                    largest = std::to_string(image.largest());
  if (number == 7) {
    const char* type = image.channels >= 3    ? "RGB"
                       : image.largest() == 1 ? "BLACKANDWHITE"
                                              : "GRAYSCALE";
    return "P7\nWIDTH " + width + "\nHEIGHT " + height + "\nDEPTH " +
           std::to_string(image.channels) + "\nMAXVAL " + largest + "\nTUPLTYPE " + type +
           (image.has_alpha() ? "_ALPHA" : "") + "\nENDHDR\n";
  }
  std::string header = std::string("P").append(std::to_string(number)) + "\n" + width + " " + height + "\n";
  if (number != 4) header += largest + "\n";
  return header;
}

std::string TupleType(std::string_view header) {
  PnmScanner scanner({reinterpret_cast<const uint8_t*>(header.data()), header.size()});
  std::string type;
  try {
    for (std::string_view word = scanner.Word(); word != "ENDHDR"; word = scanner.Word()) {
      if (word != "TUPLTYPE") {
        scanner.Line();
        continue;
      }
      if (!type.empty()) type += ' ';
      type += scanner.Line();
    }
  } catch (const Error&) {  // ends without ENDHDR: what there is
  }
  return type;
}

}  // namespace flowzip
