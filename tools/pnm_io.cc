// SPDX-License-Identifier: BSD-3-Clause
#include "tools/pnm_io.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "codec/picture/marks.h"
#include "codec/options/limits.h"
#include "tools/pnm_header.h"

namespace flowzip {
namespace {

constexpr char kCutShort[] = "PNM file is cut short";

void SwapPairs(uint8_t* bytes, size_t count) {
  for (size_t i = 0; i + 1 < count; i += 2) std::swap(bytes[i], bytes[i + 1]);
}

void ReadText(PnmScanner& scanner, bool bits, Image* image) {
  const size_t count = image->sub_pixels();
  image->samples.resize(image->row_bytes() * image->height);
  for (size_t i = 0; i < count; ++i) {
    // In a bitmap, 1 is black.
    const auto sample = static_cast<uint16_t>(
        bits ? 1 - scanner.Bit() : scanner.Number("sample", 0, static_cast<uint32_t>(image->largest())));
    if (image->bytes_per_sample() == 2) {
      std::memcpy(&image->samples[2 * i], &sample, 2);
    } else {
      image->samples[i] = static_cast<uint8_t>(sample);
    }
  }
}

void ReadBitmap(ByteSpan bytes, Image* image) {
  const size_t row = (size_t{image->width} + 7) / 8;
  image->samples.resize(image->row_bytes() * image->height);
  for (uint32_t y = 0; y < image->height; ++y) {
    for (uint32_t x = 0; x < image->width; ++x) {
      const int black = bytes[y * row + x / 8] >> (7 - x % 8) & 1;
      image->samples[size_t{y} * image->width + x] = static_cast<uint8_t>(1 - black);
    }
  }
}

void ReadBinary(ByteSpan bytes, Image* image) {
  image->samples.assign(bytes.begin(), bytes.end());
  if (image->bytes_per_sample() == 2 && kLittleEndian) {
    SwapPairs(image->samples.data(), image->samples.size());
  }
}

ByteSpan AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

std::string_view AsText(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Whether the text is the header of just that picture.
bool IsHeaderOf(const Image& picture, ByteSpan text) {
  try {
    PnmScanner scanner(text);
    const Image header = ReadPnmHeader(scanner, text[1] - '0');
    scanner.EndOfText();
    return scanner.rest().empty() && header.width == picture.width &&
           header.height == picture.height && header.channels == picture.channels &&
           header.largest() == picture.largest();
  } catch (const Error&) {
    return false;
  }
}

// The header that the source had, if it was of that kind and no other picture's.
std::string HeaderFor(const Image& picture, PnmKind kind) {
  const Chunk* source = FindChunk(picture, kSourceMark);
  const int number = static_cast<int>(kind);
  if (source != nullptr && source->data.size() > 2 && IsPnm(source->data) &&
      source->data[1] - '0' == number && IsHeaderOf(picture, source->data)) {
    return std::string(AsText(source->data));
  }
  return MakePnmHeader(picture, number);
}

// Only the kind, where the text is as this program writes it; text files become binary ones.
Chunk SourceMark(const Image& image, int number, ByteSpan text) {
  const int binary = number <= 3 ? number + 3 : number;
  std::string header(AsText(text));
  header[1] = static_cast<char>('0' + binary);
  if (header == MakePnmHeader(image, binary) || !IsHeaderOf(image, AsBytes(header))) {
    header.resize(2);
  }
  return MakeChunk(kSourceMark, AsBytes(header));
}

// What follows the picture is kept, unless it is another picture, of which only one would be.
void KeepTail(ByteSpan rest, bool text, Image* image) {
  const auto is_space = [](uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  size_t from = 0;
  while (from < rest.size() && is_space(rest[from])) ++from;
  Require(!(IsPnm(rest.subspan(from)) && rest.size() > from + 2 && is_space(rest[from + 2])),
          ErrorCode::kUnsupported,
          "holds several pictures, and a .flz file holds one; pnmsplit makes files of them");
  if (text) rest = rest.subspan(from);  // the white space of numbers
  if (!rest.empty()) image->chunks.push_back(MakeChunk(kTailMark, rest));
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
  const std::string header = HeaderFor(picture, kind);
  put(AsBytes(header));
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
  if (const Chunk* tail = FindChunk(picture, kTailMark)) put(tail->data);
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
  PnmScanner scanner(file);
  Image image = ReadPnmHeader(scanner, number);
  RequirePixels(image.width, image.height, max_pixels);
  const size_t words = scanner.position();
  ByteSpan rest;
  if (number <= 3) {
    // Every sample needs a character at least.
    Require(image.sub_pixels() <= file.size(), ErrorCode::kTruncated, kCutShort);
    ReadText(scanner, number == 1, &image);
    rest = scanner.rest();
  } else {
    scanner.EndOfText();
    const size_t row = number == 4 ? (size_t{image.width} + 7) / 8 : image.row_bytes();
    Require(scanner.rest().size() / row >= image.height, ErrorCode::kTruncated, kCutShort);
    const ByteSpan bytes = scanner.rest().first(row * image.height);
    number == 4 ? ReadBitmap(bytes, &image) : ReadBinary(bytes, &image);
    rest = scanner.rest().subspan(bytes.size());
  }
  try {
    CheckImage(image);
  } catch (const Error& error) {
    throw Error(ErrorCode::kCorrupt, error.what());
  }
  image.chunks.push_back(
      SourceMark(image, number, file.first(std::min(words + 1, file.size()))));
  KeepTail(rest, number <= 3, &image);
  return image;
}

std::optional<PnmKind> SourcePnm(const Image& image) {
  const Chunk* source = FindChunk(image, kSourceMark);
  if (source == nullptr || !IsPnm(source->data) || source->data[1] < '4') return std::nullopt;
  return static_cast<PnmKind>(source->data[1] - '0');
}

bool IsOrdinaryTuple(const Image& image) {
  const Chunk* source = FindChunk(image, kSourceMark);
  if (source == nullptr || source->data.size() <= 2 || source->data[1] != '7') return true;
  const std::string type = TupleType(AsText(source->data));
  return type.empty() || type.starts_with("BLACKANDWHITE") || type.starts_with("GRAYSCALE") ||
         type.starts_with("RGB");
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
