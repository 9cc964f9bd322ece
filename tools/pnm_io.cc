// SPDX-License-Identifier: BSD-3-Clause
#include "tools/pnm_io.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "codec/tiles/memory.h"

namespace flowzip {
namespace {

void SwapPairs(uint8_t* bytes, size_t count) {
  for (size_t i = 0; i + 1 < count; i += 2) std::swap(bytes[i], bytes[i + 1]);
}

bool IsSpace(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// The text part of a file.
class Scanner {
 public:
  explicit Scanner(ByteSpan file) : file_(file) {}

  // The next word; '#' starts a comment up to the end of the line.
  std::string_view Word() {
    while (at_ < file_.size() && (IsSpace(file_[at_]) || file_[at_] == '#')) {
      if (file_[at_] != '#') {
        ++at_;
        continue;
      }
      while (at_ < file_.size() && file_[at_] != '\n') ++at_;
    }
    const size_t from = at_;
    while (at_ < file_.size() && !IsSpace(file_[at_]) && file_[at_] != '#') ++at_;
    Require(at_ > from, ErrorCode::kTruncated, "PNM file is cut short");
    return {reinterpret_cast<const char*>(file_.data()) + from, at_ - from};
  }
  uint32_t Number(uint32_t least, uint32_t most) { return ToNumber(Word(), least, most); }
  // One digit, where they need no space between them.
  uint32_t Bit() {
    while (at_ < file_.size() && IsSpace(file_[at_])) ++at_;
    Require(at_ < file_.size(), ErrorCode::kTruncated, "PNM file is cut short");
    const uint8_t c = file_[at_++];
    Require(c == '0' || c == '1', ErrorCode::kCorrupt, "PNM file makes no sense");
    return c - '0';
  }
  // The binary part, after exactly one white space.
  ByteSpan Rest() {
    Require(at_ < file_.size() && IsSpace(file_[at_]), ErrorCode::kTruncated,
            "PNM file is cut short");
    return file_.subspan(at_ + 1);
  }

  static uint32_t ToNumber(std::string_view word, uint32_t least, uint32_t most) {
    uint64_t value = 0;
    for (const char c : word) {
      Require(c >= '0' && c <= '9' && value <= UINT32_MAX, ErrorCode::kCorrupt,
              "PNM header makes no sense");
      value = 10 * value + static_cast<uint64_t>(c - '0');
    }
    Require(value >= least && value <= most, ErrorCode::kCorrupt, "PNM header makes no sense");
    return static_cast<uint32_t>(value);
  }

 private:
  ByteSpan file_;
  size_t at_ = 2;
};

constexpr uint32_t kMostSide = 0x7FFFFFFF;

void SetLargest(uint32_t largest, Image* image) {
  image->bit_depth = 1;
  while ((1U << image->bit_depth) - 1 < largest) ++image->bit_depth;
  if ((1U << image->bit_depth) - 1 != largest) image->max_value = static_cast<uint16_t>(largest);
}

// The header of a PAM file: lines of a word and a value, in any order, up to ENDHDR.
void ReadPamHeader(Scanner& scanner, Image* image) {
  uint32_t largest = 0;
  for (std::string_view word = scanner.Word(); word != "ENDHDR"; word = scanner.Word()) {
    if (word == "WIDTH") {
      image->width = scanner.Number(1, kMostSide);
    } else if (word == "HEIGHT") {
      image->height = scanner.Number(1, kMostSide);
    } else if (word == "DEPTH") {
      image->channels = static_cast<int>(scanner.Number(1, 4));
    } else if (word == "MAXVAL") {
      largest = scanner.Number(1, 65535);
    } else if (word == "TUPLTYPE") {
      const std::string_view type = scanner.Word();
      Require(type.starts_with("BLACKANDWHITE") || type.starts_with("GRAYSCALE") ||
                  type.starts_with("RGB"),
              ErrorCode::kUnsupported, "PAM file of an unknown tuple type");
    } else {
      throw Error(ErrorCode::kCorrupt, "PNM header makes no sense");
    }
  }
  Require(image->width > 0 && image->height > 0 && image->channels > 0 && largest > 0,
          ErrorCode::kCorrupt, "PNM header makes no sense");
  SetLargest(largest, image);
}

void ReadText(Scanner& scanner, bool bits, Image* image) {
  const size_t count = image->sub_pixels();
  image->samples.resize(image->row_bytes() * image->height);
  for (size_t i = 0; i < count; ++i) {
    // In a bitmap, 1 is black.
    const auto sample = static_cast<uint16_t>(
        bits ? 1 - scanner.Bit() : scanner.Number(0, static_cast<uint32_t>(image->largest())));
    if (image->bytes_per_sample() == 2) {
      std::memcpy(&image->samples[2 * i], &sample, 2);
    } else {
      image->samples[i] = static_cast<uint8_t>(sample);
    }
  }
}

void ReadBitmap(ByteSpan bytes, Image* image) {
  const size_t row = (size_t{image->width} + 7) / 8;
  Require(bytes.size() / row >= image->height, ErrorCode::kTruncated, "PNM file is cut short");
  image->samples.resize(image->row_bytes() * image->height);
  for (uint32_t y = 0; y < image->height; ++y) {
    for (uint32_t x = 0; x < image->width; ++x) {
      const int black = bytes[y * row + x / 8] >> (7 - x % 8) & 1;
      image->samples[size_t{y} * image->width + x] = static_cast<uint8_t>(1 - black);
    }
  }
}

void ReadBinary(ByteSpan bytes, Image* image) {
  Require(bytes.size() / image->row_bytes() >= image->height, ErrorCode::kTruncated,
          "PNM file is cut short");
  const size_t size = image->row_bytes() * image->height;
  image->samples.assign(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
  if (image->bytes_per_sample() == 2 && kLittleEndian) SwapPairs(image->samples.data(), size);
}

std::string PamHeader(const Image& image) {
  const char* type = image.channels >= 3    ? "RGB"
                     : image.largest() == 1 ? "BLACKANDWHITE"
                                            : "GRAYSCALE";
  return "P7\nWIDTH " + std::to_string(image.width) + "\nHEIGHT " + std::to_string(image.height) +
         "\nDEPTH " + std::to_string(image.channels) + "\nMAXVAL " +
         std::to_string(image.largest()) + "\nTUPLTYPE " + type +
         (image.has_alpha() ? "_ALPHA" : "") + "\nENDHDR\n";
}

PnmKind Choose(const Image& image) {
  if (image.has_alpha()) return PnmKind::kArbitrary;
  if (image.channels == 3) return PnmKind::kColor;
  return image.largest() == 1 ? PnmKind::kBitmap : PnmKind::kGray;
}

}  // namespace

bool IsPnm(ByteSpan file) {
  return file.size() >= 2 && file[0] == 'P' && file[1] >= '1' && file[1] <= '7';
}

void ForPnm(const Image& picture, PnmKind kind, const std::function<void(ByteSpan)>& put) {
  if (picture.indexed) return ForPnm(WithoutPalette(picture), kind, put);
  if (kind == PnmKind::kSmallest) kind = Choose(picture);
  Require(kind != PnmKind::kBitmap || (picture.channels == 1 && picture.largest() == 1),
          ErrorCode::kUnsupported, "a PBM file has black and white only");
  Require(kind != PnmKind::kGray || picture.channels == 1, ErrorCode::kUnsupported,
          "a PGM file has gray only");
  Require(kind != PnmKind::kColor || picture.channels == 3, ErrorCode::kUnsupported,
          "a PPM file has RGB only");
  const std::string size = std::to_string(picture.width) + " " + std::to_string(picture.height),
                    number = std::to_string(static_cast<int>(kind)),
                    largest = std::to_string(picture.largest());
  const std::string header = kind == PnmKind::kArbitrary ? PamHeader(picture)
                             : kind == PnmKind::kBitmap  ? "P4\n" + size + "\n"
                                                         : std::string("P").append(number) + "\n" +
                                                              size + "\n" + largest + "\n";
  put({reinterpret_cast<const uint8_t*>(header.data()), header.size()});
  std::vector<uint8_t> bytes;
  for (uint32_t y = 0; y < picture.height; ++y) {
    const uint8_t* row = picture.Row(y);
    if (kind == PnmKind::kBitmap) {
      bytes.assign((size_t{picture.width} + 7) / 8, 0);
      for (uint32_t x = 0; x < picture.width; ++x) {
        bytes[x / 8] |= static_cast<uint8_t>((1 - row[x]) << (7 - x % 8));
      }
      put(bytes);
    } else if (picture.bytes_per_sample() == 2 && kLittleEndian) {
      bytes.assign(row, row + picture.row_bytes());
      SwapPairs(bytes.data(), bytes.size());
      put(bytes);
    } else {
      put({row, picture.row_bytes()});
    }
  }
}

std::vector<uint8_t> ToPnm(const Image& picture, PnmKind kind) {
  std::vector<uint8_t> file;
  ForPnm(picture, kind,
         [&](ByteSpan bytes) { file.insert(file.end(), bytes.begin(), bytes.end()); });
  return file;
}

Image FromPnm(ByteSpan file, uint64_t max_pixels) {
  Require(IsPnm(file), ErrorCode::kUnsupported, "neither a PNG nor a PNM file");
  const int number = file[1] - '0';
  Scanner scanner(file);
  Image image;
  if (number == 7) {
    ReadPamHeader(scanner, &image);
  } else {
    image.channels = number % 3 == 0 ? 3 : 1;
    image.width = scanner.Number(1, kMostSide);
    image.height = scanner.Number(1, kMostSide);
    SetLargest(number % 3 == 1 ? 1 : scanner.Number(1, 65535), &image);
  }
  RequirePixels(image.width, image.height, max_pixels);
  if (number <= 3) {
    // Every sample needs a character at least.
    Require(image.sub_pixels() <= file.size(), ErrorCode::kTruncated, "PNM file is cut short");
    ReadText(scanner, number == 1, &image);
  } else if (number == 4) {
    ReadBitmap(scanner.Rest(), &image);
  } else {
    ReadBinary(scanner.Rest(), &image);
  }
  try {
    CheckImage(image);
  } catch (const Error& error) {
    throw Error(ErrorCode::kCorrupt, error.what());
  }
  return image;
}

bool PnmKindOf(const std::string& path, PnmKind* kind) {
  constexpr struct {
    std::string_view extension;
    PnmKind kind;
  } kKinds[] = {{".pbm", PnmKind::kBitmap},
                {".pgm", PnmKind::kGray},
                {".ppm", PnmKind::kColor},
                {".pnm", PnmKind::kSmallest},
                {".pam", PnmKind::kArbitrary}};
  for (const auto& entry : kKinds) {
    if (!std::string_view(path).ends_with(entry.extension)) continue;
    *kind = entry.kind;
    return true;
  }
  return false;
}

Image WithoutPalette(const Image& image) {
  if (!image.indexed) return image;
  const Chunk* palette = FindChunk(image, "PLTE");
  Require(palette != nullptr, ErrorCode::kInvalidArgument, "no valid palette");
  const Chunk* alpha = FindChunk(image, "tRNS");
  Image out = image;
  out.indexed = false;
  out.bit_depth = 8;
  out.channels = alpha != nullptr ? 4 : 3;
  std::erase_if(out.chunks, [](const Chunk& chunk) {
    return chunk.name() == "PLTE" || chunk.name() == "tRNS" || chunk.name() == "hIST" ||
           chunk.name() == "bKGD" || chunk.name() == "sBIT";
  });
  out.samples.clear();
  out.samples.reserve(out.row_bytes() * out.height);
  for (const uint8_t index : image.samples) {
    Require(3 * size_t{index} < palette->data.size(), ErrorCode::kUnsupported,
            "the picture has indices beyond its palette");
    out.samples.insert(out.samples.end(), palette->data.begin() + 3 * index,
                       palette->data.begin() + 3 * index + 3);
    if (alpha == nullptr) continue;
    out.samples.push_back(index < alpha->data.size() ? alpha->data[index] : 255);
  }
  return out;
}

}  // namespace flowzip
