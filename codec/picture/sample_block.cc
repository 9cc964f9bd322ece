// SPDX-License-Identifier: BSD-3-Clause
#include "codec/picture/sample_block.h"

#include <algorithm>
#include <cstring>

namespace flowzip {

std::array<Rect, 2> ProbeParts(const Rect& rect) {
  constexpr uint32_t kSide = 112;
  const uint32_t width = std::min(kSide, rect.width), height = std::min(kSide, rect.height);
  const auto part = [&](uint32_t quarter) -> Rect {
    return {rect.x + (rect.width - width) * quarter / 4,
            rect.y + (rect.height - height) * quarter / 4, width, height};
  };
  return {part(1), part(3)};
}

SampleBlock ReadBlock(const Image& image, const Rect& rect, int first, int end) {
  end = std::min(end, image.channels);
  SampleBlock block;
  block.width = static_cast<int>(rect.width);
  block.height = static_cast<int>(rect.height);
  block.channels = end - first;
  block.bit_depth = image.bit_depth;
  block.samples.reserve(block.count());
  const size_t bytes = image.bytes_per_sample();
  for (uint32_t y = 0; y < rect.height; ++y) {
    const uint8_t* pixel = image.At(rect.x, rect.y + y);
    for (uint32_t x = 0; x < rect.width; ++x, pixel += image.pixel_bytes()) {
      for (int c = first; c < end; ++c) {
        uint16_t sample = pixel[c];
        if (bytes == 2) std::memcpy(&sample, pixel + 2 * c, sizeof(sample));
        block.samples.push_back(sample);
      }
    }
  }
  return block;
}

void WriteBlock(const SampleBlock& block, const Rect& rect, int first, Image* image) {
  const size_t bytes = image->bytes_per_sample();
  const uint16_t* from = block.samples.data();
  for (uint32_t y = 0; y < rect.height; ++y) {
    uint8_t* pixel = image->At(rect.x, rect.y + y);
    for (uint32_t x = 0; x < rect.width; ++x, pixel += image->pixel_bytes()) {
      for (int c = first; c < first + block.channels; ++c, ++from) {
        if (bytes == 2) {
          std::memcpy(pixel + 2 * c, from, sizeof(*from));
        } else {
          pixel[c] = static_cast<uint8_t>(*from);
        }
      }
    }
  }
}

std::vector<uint8_t> PackRaw(const SampleBlock& block) {
  std::vector<uint8_t> bytes;
  const size_t row = size_t(block.width) * block.channels;
  for (int y = 0; y < block.height; ++y) {
    const uint16_t* samples = block.samples.data() + y * row;
    uint32_t pending = 0;
    int bits = 0;
    for (size_t i = 0; i < row; ++i) {
      if (block.bit_depth > 8) {
        bytes.push_back(static_cast<uint8_t>(samples[i]));
        bytes.push_back(static_cast<uint8_t>(samples[i] >> 8));
        continue;
      }
      pending = pending << block.bit_depth | samples[i];
      bits += block.bit_depth;
      if (bits >= 8) bytes.push_back(static_cast<uint8_t>(pending >> (bits -= 8)));
    }
    if (bits > 0) bytes.push_back(static_cast<uint8_t>(pending << (8 - bits)));
  }
  return bytes;
}

uint64_t RawBytes(const Image& image, const Rect& rect) {
  const uint64_t bits = image.bit_depth > 8 ? 16 : static_cast<uint64_t>(image.bit_depth);
  return (uint64_t{rect.width} * static_cast<uint64_t>(image.channels) * bits + 7) / 8 *
         rect.height;
}

void UnpackRaw(ByteSpan bytes, int largest, SampleBlock* block) {
  const size_t row = size_t(block->width) * block->channels;
  const size_t row_bytes = block->bit_depth > 8 ? 2 * row : (row * block->bit_depth + 7) / 8;
  Require(bytes.size() == row_bytes * block->height, ErrorCode::kCorrupt,
          "raw samples of another size");
  block->samples.resize(block->count());
  for (int y = 0; y < block->height; ++y) {
    ByteReader reader(bytes.subspan(y * row_bytes, row_bytes));
    uint32_t pending = 0;
    int bits = 0;
    for (size_t i = 0; i < row; ++i) {
      uint32_t sample;
      if (block->bit_depth > 8) {
        sample = reader.Get<uint16_t>();
      } else {
        if (bits < block->bit_depth) {
          pending = pending << 8 | reader.Get<uint8_t>();
          bits += 8;
        }
        bits -= block->bit_depth;
        sample = pending >> bits & ((1u << block->bit_depth) - 1);
      }
      Require(static_cast<int>(sample) <= largest, ErrorCode::kCorrupt, "sample out of range");
      block->samples[y * row + i] = static_cast<uint16_t>(sample);
    }
    Require((pending & ((1u << bits) - 1)) == 0, ErrorCode::kCorrupt, "padding is not zero");
  }
}

}  // namespace flowzip
