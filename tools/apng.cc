// SPDX-License-Identifier: BSD-3-Clause
#include "tools/apng.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tools/png_io.h"

namespace flowzip {
namespace {

constexpr std::string_view kControl = "fcTL", kData = "fdAT", kPacked = "fzAT";
constexpr size_t kControlBytes = 26, kNumberBytes = 4;

uint32_t GetBigEndian(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

std::array<uint8_t, 4> BigEndian(uint32_t value) {
  return {static_cast<uint8_t>(value >> 24), static_cast<uint8_t>(value >> 16),
          static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
}

// The bytes that a function writes to a stream.
template <class F>
std::vector<uint8_t> Written(const F& write) {
  char* data = nullptr;
  size_t size = 0;
  std::FILE* stream = open_memstream(&data, &size);
  if (stream == nullptr) throw std::bad_alloc();
  try {
    write(stream);
  } catch (...) {
    std::fclose(stream);
    std::free(data);
    throw;
  }
  const bool closed = std::fclose(stream) == 0;
  std::vector<uint8_t> bytes(data, data + (closed ? size : 0));
  std::free(data);
  if (!closed) throw std::bad_alloc();
  return bytes;
}

// What lies in the IDAT chunks of a PNG file that this program wrote.
std::vector<uint8_t> SampleData(const std::vector<uint8_t>& png) {
  std::vector<uint8_t> data;
  for (size_t at = 8; at + 12 <= png.size();) {
    const size_t size = GetBigEndian(&png[at]);
    if (std::memcmp(&png[at + 4], "IDAT", 4) == 0) {
      data.insert(data.end(), png.begin() + static_cast<ptrdiff_t>(at + 8),
                  png.begin() + static_cast<ptrdiff_t>(at + 8 + size));
    }
    at += 12 + size;
  }
  return data;
}

// A picture of the animation's kind and the size that fcTL says; no samples.
Image FrameHeader(const Image& image, const Chunk& control) {
  Image frame;
  frame.width = GetBigEndian(&control.data[4]);
  frame.height = GetBigEndian(&control.data[8]);
  frame.channels = image.channels;
  frame.bit_depth = image.bit_depth;
  frame.indexed = image.indexed;
  frame.interlaced = image.interlaced;
  if (const Chunk* palette = FindChunk(image, "PLTE"); palette != nullptr && image.indexed) {
    frame.chunks.push_back(*palette);
  }
  return frame;
}

void PutChunk(std::string_view type, ByteSpan data, std::vector<uint8_t>& png) {
  const auto size = BigEndian(static_cast<uint32_t>(data.size()));
  png.insert(png.end(), size.begin(), size.end());
  png.insert(png.end(), type.begin(), type.end());
  png.insert(png.end(), data.begin(), data.end());
  const auto sum = BigEndian(static_cast<uint32_t>(
      crc32(crc32(0, nullptr, 0), &png[png.size() - data.size() - 4], static_cast<uInt>(data.size() + 4))));
  png.insert(png.end(), sum.begin(), sum.end());
}

// Reads the rows that `data` holds deflated, as the IDAT of a PNG file of the frame's kind.
Image ReadFrame(const Image& header, ByteSpan data, uint64_t max_pixels) {
  constexpr uint8_t kSignature[8] = {0x89, 'P', 'N', 'G', 0x0D, 0x0A, 0x1A, 0x0A};
  constexpr uint8_t kColorTypes[5] = {0, 0, 4, 2, 6};  // by channels
  std::vector<uint8_t> file(std::begin(kSignature), std::end(kSignature)), ihdr;
  for (const uint32_t side : {header.width, header.height}) {
    const auto bytes = BigEndian(side);
    ihdr.insert(ihdr.end(), bytes.begin(), bytes.end());
  }
  const uint8_t color = header.indexed ? 3 : kColorTypes[header.channels];
  ihdr.insert(ihdr.end(), {static_cast<uint8_t>(header.bit_depth), color, 0, 0,
                           static_cast<uint8_t>(header.interlaced ? 1 : 0)});
  PutChunk("IHDR", ihdr, file);
  if (!header.chunks.empty()) PutChunk("PLTE", header.chunks[0].data, file);
  PutChunk("IDAT", data, file);
  PutChunk("IEND", {}, file);
  return ReadPng(file, max_pixels);
}

// Numbers the chunks as a file has them in which every frame has one chunk of data.
void Number(std::vector<Chunk>& chunks) {
  uint32_t next = 0;
  for (Chunk& chunk : chunks) {
    if (chunk.name() == kPacked) ++next;
    const bool numbered = chunk.name() == kControl || chunk.name() == kData;
    if (!numbered || chunk.data.size() < kNumberBytes) continue;
    const auto number = BigEndian(next++);
    std::copy(number.begin(), number.end(), chunk.data.begin());
  }
}

struct Frame {
  size_t control = 0, first = 0, last = 0;  // indices of its chunks: fcTL, fdAT up to and with last
};

// The frames with chunks fdAT, if all numbers are in order; nothing otherwise.
std::optional<std::vector<Frame>> FindFrames(const std::vector<Chunk>& chunks) {
  std::vector<Frame> frames;
  uint32_t next = 0;
  std::optional<size_t> control;
  for (size_t i = 0; i < chunks.size(); ++i) {
    const Chunk& chunk = chunks[i];
    if (chunk.name() == kPacked) return std::nullopt;  // another's
    if (chunk.name() == kControl || chunk.name() == kData) {
      const bool whole = chunk.name() == kControl ? chunk.data.size() == kControlBytes
                                                  : chunk.data.size() > kNumberBytes;
      if (!whole || GetBigEndian(chunk.data.data()) != next++) return std::nullopt;
    }
    if (chunk.name() == kControl) control = i;
    if (chunk.name() != kData) continue;
    if (!frames.empty() && frames.back().last + 1 == i) {
      frames.back().last = i;
    } else if (control) {
      frames.push_back({*control, i, i});
      control.reset();
    } else {
      return std::nullopt;
    }
  }
  return frames;
}

}  // namespace

void PackFrames(Image& image, uint64_t max_pixels, const EncodeFrameFn& encode) {
  const std::optional<std::vector<Frame>> frames = FindFrames(image.chunks);
  if (!frames || frames->empty()) return;
  std::vector<Chunk> packed;
  size_t next = 0;
  try {
    for (const Frame& frame : *frames) {
      std::vector<uint8_t> data;
      for (size_t i = frame.first; i <= frame.last; ++i) {
        const std::vector<uint8_t>& more = image.chunks[i].data;
        data.insert(data.end(), more.begin() + kNumberBytes, more.end());
      }
      Image picture = ReadFrame(FrameHeader(image, image.chunks[frame.control]), data, max_pixels);
      const std::vector<uint8_t> file = encode(picture);
      if (file.size() >= data.size()) continue;
      packed.insert(packed.end(), image.chunks.begin() + static_cast<ptrdiff_t>(next),
                    image.chunks.begin() + static_cast<ptrdiff_t>(frame.first));
      packed.push_back(MakeChunk(kPacked, file));
      next = frame.last + 1;
    }
  } catch (const Error&) {  // a frame that is no picture, or too large: carried
    return;
  }
  packed.insert(packed.end(), image.chunks.begin() + static_cast<ptrdiff_t>(next), image.chunks.end());
  Number(packed);
  image.chunks = std::move(packed);
}

void UnpackFrames(Image& image, const DecodeFrameFn& decode) {
  if (FindChunk(image, kPacked) == nullptr) return;
  const Chunk* control = nullptr;
  for (Chunk& chunk : image.chunks) {
    if (chunk.name() == kPacked) {
      Require(control != nullptr, ErrorCode::kCorrupt, "malformed animation");
      const Image header = FrameHeader(image, *control), frame = decode(chunk.data);
      Require(frame.width == header.width && frame.height == header.height &&
                  SameKind(frame, header),
              ErrorCode::kCorrupt, "malformed animation");
      const std::vector<uint8_t> data =
          SampleData(Written([&](std::FILE* stream) { WritePng(frame, stream); }));
      chunk = MakeChunk(kData);
      chunk.data.resize(kNumberBytes);
      chunk.data.insert(chunk.data.end(), data.begin(), data.end());
    }
    if (chunk.name() == kControl) {
      Require(chunk.data.size() == kControlBytes, ErrorCode::kCorrupt, "malformed animation");
      control = &chunk;
    }
  }
  Number(image.chunks);
}

}  // namespace flowzip
