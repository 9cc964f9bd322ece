// SPDX-License-Identifier: BSD-3-Clause
#include "tools/bench/pnm.h"

#include <algorithm>
#include <cstring>

#include "tools/picture_file.h"
#include "tools/pnm_io.h"

namespace flowzip::bench {
namespace {

int Sample(const Image& image, size_t pixel, int channel) {
  const size_t i = pixel * image.channels + std::min(channel, image.channels - 1);
  if (image.bytes_per_sample() == 1) return image.samples[i];
  uint16_t value;
  std::memcpy(&value, &image.samples[2 * i], 2);
  return value;
}

}  // namespace

Image PlainPixels(const Image& image) {
  Image plain = WithoutPalette(image);
  plain.chunks.clear();
  plain.interlaced = false;
  if (plain.bit_depth < 8 && plain.max_value == 0) {
    const int step = 255 / plain.largest();
    for (uint8_t& sample : plain.samples) sample = static_cast<uint8_t>(sample * step);
    plain.bit_depth = 8;
  }
  return plain;
}

Image ReadPixels(const std::string& path) { return PlainPixels(ReadPicture(path)); }

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
