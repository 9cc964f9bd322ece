// SPDX-License-Identifier: BSD-3-Clause
#include "codec/picture/image.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "codec/picture/marks.h"

namespace flowzip {
namespace {

constexpr uint32_t kMostPixelsASide = 0x7FFFFFFF;

// Scans only where values above the limit can be stored.
bool SamplesWithin(const Image& image, const Rect& rect, int largest) {
  const bool bytes = image.bytes_per_sample() == 1;
  if (largest >= (bytes ? 255 : 65535)) return true;
  for (uint32_t y = rect.y; y < rect.y + rect.height; ++y) {
    const uint8_t* row = image.At(rect.x, y);
    const uint8_t* end = row + rect.width * image.pixel_bytes();
    if (bytes && std::any_of(row, end, [&](uint8_t s) { return s > largest; })) return false;
    for (; !bytes && row < end; row += 2) {
      uint16_t sample;
      std::memcpy(&sample, row, sizeof(sample));
      if (sample > largest) return false;
    }
  }
  return true;
}

}  // namespace

Chunk MakeChunk(std::string_view type, ByteSpan data) {
  Chunk chunk;
  std::copy_n(type.begin(), 4, chunk.type.begin());
  chunk.data.assign(data.begin(), data.end());
  return chunk;
}

bool IsChunkType(std::string_view letters) {
  return std::all_of(letters.begin(), letters.end(),
                     [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); });
}

bool MarksInPlace(const std::vector<Chunk>& chunks) {
  int places = 0;
  for (const Chunk& chunk : chunks) {
    const std::string_view name = chunk.name();
    if (name == kSamplesMark && (!chunk.data.empty() || ++places > 1)) return false;
    if (name == kSourceMark) {
      const bool known = chunk.data.size() >= 2 && chunk.data[0] == 'P' && chunk.data[1] >= '4' &&
                         chunk.data[1] <= '7';
      if (!known || &chunk != &chunks.front()) return false;
    }
    if (name == kTailMark && &chunk != &chunks.back()) return false;
  }
  return true;
}

bool IsPaletteSize(size_t bytes) { return bytes > 0 && bytes % 3 == 0 && bytes <= size_t{3} * 256; }

const Chunk* FindChunk(const Image& image, std::string_view type) {
  const auto found = std::find_if(image.chunks.begin(), image.chunks.end(),
                                  [&](const Chunk& chunk) { return chunk.name() == type; });
  return found == image.chunks.end() ? nullptr : &*found;
}

namespace {

// Leaves out a palette's colours that no pixel has; the others keep their order.
void StripPalette(Image& image) {
  const auto chunk = [&](std::string_view type) {
    return std::find_if(image.chunks.begin(), image.chunks.end(),
                        [&](const Chunk& c) { return c.name() == type; });
  };
  const auto colours = chunk("PLTE"), alphas = chunk("tRNS");
  if (colours == image.chunks.end()) return;
  std::array<bool, 256> used{};
  for (const uint8_t index : image.samples) used[index] = true;
  const size_t size = std::min<size_t>(colours->data.size() / 3, used.size());
  if (std::find(used.begin() + static_cast<ptrdiff_t>(size), used.end(), true) != used.end()) {
    return;  // CheckImage refuses it
  }
  std::array<uint8_t, 256> place{};
  std::vector<uint8_t> left, alphas_left;
  for (size_t i = 0; i < size; ++i) {
    if (!used[i]) continue;
    place[i] = static_cast<uint8_t>(left.size() / 3);
    left.insert(left.end(), &colours->data[3 * i], &colours->data[3 * i] + 3);
    if (alphas == image.chunks.end()) continue;
    alphas_left.push_back(i < alphas->data.size() ? alphas->data[i] : uint8_t{255});
  }
  colours->data = std::move(left);
  for (uint8_t& index : image.samples) index = place[index];
  while (!alphas_left.empty() && alphas_left.back() == 255) alphas_left.pop_back();
  if (alphas == image.chunks.end()) return;
  alphas->data = std::move(alphas_left);
  if (alphas->data.empty()) image.chunks.erase(alphas);
}

}  // namespace

void StripMetadata(Image& image) {
  std::erase_if(image.chunks, [&](const Chunk& chunk) {
    return !(chunk.name() == "PLTE" && image.indexed) && chunk.name() != "tRNS" &&
           chunk.name() != kSourceMark;
  });
  for (Chunk& chunk : image.chunks) {
    if (chunk.name() == kSourceMark) chunk.data.resize(std::min<size_t>(chunk.data.size(), 2));
  }
  if (image.indexed) StripPalette(image);
}

void CheckImage(const Image& image) {
  CheckHeader(image);
  CheckSamples(image, {0, 0, image.width, image.height});
}

void CheckSamples(const Image& image, const Rect& rect) {
  Require(SamplesWithin(image, rect, image.largest()), ErrorCode::kInvalidArgument,
          "the image has samples above its largest");
}

void CheckHeader(const Image& image) {
  const auto require = [](bool ok, const char* why) {
    Require(ok, ErrorCode::kInvalidArgument, why);
  };
  require(image.width >= 1 && image.width <= kMostPixelsASide && image.height >= 1 &&
              image.height <= kMostPixelsASide,
          "an image has 1 to 2147483647 pixels on a side");
  require(
      image.channels >= 1 && image.channels <= 4 && image.bit_depth >= 1 && image.bit_depth <= 16,
      "an image has 1 to 4 channels of 1 to 16 bits");
  require(!image.indexed || (image.channels == 1 && image.bit_depth <= 8),
          "an image with a palette has one channel of at most 8 bits");
  require(image.max_value == 0 || (image.max_value >> (image.bit_depth - 1)) == 1,
          "an image's largest sample needs all of its bits");
  require(image.outside != nullptr ? image.samples.empty()
                                   : image.samples.size() == image.row_bytes() * image.height,
          "the image's samples do not fill its size");
  require(MarksInPlace(image.chunks),
          "the marks IHDR, IDAT and IEND are not as they must be among the chunks");
  if (image.indexed) {
    const Chunk* palette = FindChunk(image, "PLTE");
    require(palette != nullptr && IsPaletteSize(palette->data.size()),
            "an image with indices needs a palette of 1 to 256 colours");
  }
}

bool SameKind(const Image& a, const Image& b) {
  return a.channels == b.channels && a.bit_depth == b.bit_depth && a.indexed == b.indexed &&
         a.interlaced == b.interlaced && a.max_value == b.max_value && a.chunks == b.chunks;
}

bool SameImage(const Image& a, const Image& b) {
  return a.width == b.width && a.height == b.height && SameKind(a, b) && a.samples == b.samples;
}

bool IsConstant(const Image& image, const Rect& rect) {
  const size_t pixel = image.pixel_bytes();
  const uint8_t* first = image.At(rect.x, rect.y);
  for (uint32_t y = 0; y < rect.height; ++y) {
    const uint8_t* row = image.At(rect.x, rect.y + y);
    // The row is its own neighbour to the right, and begins as the first does.
    if (!std::equal(first, first + pixel, row) ||
        !std::equal(row, row + (rect.width - 1) * pixel, row + pixel)) {
      return false;
    }
  }
  return true;
}

}  // namespace flowzip
