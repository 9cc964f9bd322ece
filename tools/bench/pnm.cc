// SPDX-License-Identifier: BSD-3-Clause
#include "tools/bench/pnm.h"

#include <algorithm>
#include <cstring>

#include "tools/png_io.h"
#include "tools/read_file.h"

namespace flowzip::bench {
namespace {

constexpr bool kLittleEndian = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;

void SwapPairs(uint8_t* bytes, size_t count) {
  for (size_t i = 0; i + 1 < count; i += 2) std::swap(bytes[i], bytes[i + 1]);
}

// The next number of a PNM header, after white space and comments.
uint32_t HeaderNumber(ByteSpan file, size_t& at) {
  for (bool comment = false; at < file.size(); ++at) {
    if (file[at] == '#') comment = true;
    if (file[at] == '\n') comment = false;
    if (!comment && file[at] >= '0' && file[at] <= '9') break;
  }
  uint64_t value = 0;
  for (; at < file.size() && file[at] >= '0' && file[at] <= '9' && value <= UINT32_MAX; ++at) {
    value = 10 * value + (file[at] - '0');
  }
  Require(value >= 1 && value <= UINT32_MAX, ErrorCode::kCorrupt, "PNM header makes no sense");
  return static_cast<uint32_t>(value);
}

int Sample(const Image& image, size_t pixel, int channel) {
  const size_t i = pixel * image.channels + std::min(channel, image.channels - 1);
  if (image.bytes_per_sample() == 1) return image.samples[i];
  uint16_t value;
  std::memcpy(&value, &image.samples[2 * i], 2);
  return value;
}

}  // namespace

std::vector<uint8_t> ToPnm(const Image& image) {
  Require(image.channels == 1 || image.channels == 3, ErrorCode::kUnsupported,
          "PNM has no alpha channel");
  const std::string header = std::string(image.channels == 1 ? "P5\n" : "P6\n") +
                             std::to_string(image.width) + " " + std::to_string(image.height) +
                             "\n" + std::to_string((1 << image.bit_depth) - 1) + "\n";
  std::vector<uint8_t> file(header.begin(), header.end());
  file.insert(file.end(), image.samples.begin(), image.samples.end());
  if (image.bytes_per_sample() == 2 && kLittleEndian) {
    SwapPairs(file.data() + header.size(), image.samples.size());
  }
  return file;
}

Image FromPnm(ByteSpan file) {
  Require(file.size() >= 2 && file[0] == 'P' && (file[1] == '5' || file[1] == '6'),
          ErrorCode::kUnsupported, "neither PNG nor binary PGM or PPM");
  Image image;
  image.channels = file[1] == '5' ? 1 : 3;
  size_t at = 2;
  image.width = HeaderNumber(file, at);
  image.height = HeaderNumber(file, at);
  const uint32_t maximum = HeaderNumber(file, at);
  ++at;  // exactly one white space
  while (image.bit_depth < 16 && (1U << image.bit_depth) - 1 < maximum) ++image.bit_depth;
  Require((1U << image.bit_depth) - 1 == maximum, ErrorCode::kUnsupported, "odd maximum in PNM");
  const size_t pixels = uint64_t{image.width} * image.height;
  Require(at <= file.size() && pixels <= (file.size() - at) / (image.row_bytes() / image.width),
          ErrorCode::kTruncated, "PNM file is cut short");
  const size_t bytes = image.row_bytes() * image.height;
  image.samples.assign(file.begin() + at, file.begin() + at + bytes);
  if (image.bytes_per_sample() == 2 && kLittleEndian) SwapPairs(image.samples.data(), bytes);
  return image;
}

Image ReadPicture(const std::string& path) {
  const std::vector<uint8_t> file = ReadFile(path);
  return !file.empty() && file[0] == 'P' ? FromPnm(file) : ReadPng(file);
}

std::string Difference(const Image& wanted, const Image& got) {
  if (wanted.width != got.width || wanted.height != got.height) {
    return std::to_string(got.width) + " x " + std::to_string(got.height) + " pixels instead of " +
           std::to_string(wanted.width) + " x " + std::to_string(wanted.height);
  }
  if (wanted.bit_depth != got.bit_depth) {
    return std::to_string(got.bit_depth) + " bits per sample instead of " +
           std::to_string(wanted.bit_depth);
  }
  if (wanted.channels == got.channels && wanted.samples == got.samples) return "";
  const bool alpha = wanted.channels % 2 == 0;
  if ((got.channels % 2 == 0) != alpha) return "alpha channel differs";
  const int channels = std::max(wanted.channels, got.channels);
  const size_t pixels = uint64_t{wanted.width} * wanted.height;
  if (alpha && wanted.channels != got.channels) return "number of channels differs";
  for (size_t i = 0; i < pixels; ++i) {
    for (int c = 0; c < channels; ++c) {
      if (Sample(wanted, i, c) != Sample(got, i, c)) {
        return "first at pixel (" + std::to_string(i % wanted.width) + ", " +
               std::to_string(i / wanted.width) + "), channel " + std::to_string(c);
      }
    }
  }
  return "";
}

}  // namespace flowzip::bench
