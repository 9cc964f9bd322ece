// SPDX-License-Identifier: BSD-3-Clause
// Decoded pictures as the codec sees them: interleaved unsigned samples, and what a PNG file
// says beside them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/unset_vector.h"

namespace flowzip {

struct Rect {
  uint32_t x = 0, y = 0, width = 0, height = 0;
};

// A typed piece of side information; four letters whose case has PNG's meaning.
struct Chunk {
  std::array<char, 4> type{};
  std::vector<uint8_t> data;

  std::string_view name() const { return {type.data(), type.size()}; }
  friend bool operator==(const Chunk&, const Chunk&) = default;
};
Chunk MakeChunk(std::string_view type, ByteSpan data = {});
// Whether these are ASCII letters only, as in every chunk's type.
bool IsChunkType(std::string_view letters);
// Whether PLTE may have so many bytes: 1 to 256 colours.
bool IsPaletteSize(size_t bytes);

using Samples = UnsetVector<uint8_t>;

// `samples` holds height rows of width * channels samples, no padding. A sample is one
// byte for bit_depth <= 8 and two (native order uint16_t) above.
struct Image {
  uint32_t width = 0, height = 0;
  int channels = 0;   // 1 gray or index, 2 gray and alpha, 3 RGB, 4 RGB and alpha
  int bit_depth = 8;  // significant bits per sample, 1 to 16
  Samples samples{};
  bool indexed = false;     // the one channel's samples are indices into the palette
  bool interlaced = false;  // how the PNG file stores its rows; samples are in order anyway
  uint16_t max_value = 0;   // largest sample allowed, if not 2^bit_depth - 1 (PNM only); or 0

  // The PNG file's chunks but IHDR, IDAT and IEND, in their order, and marks in the place of those
  // (marks.h). The palette is in PLTE, its alpha or the transparent colour in tRNS. An empty chunk
  // IDAT marks the samples' place; where there is none, they come last.
  std::vector<Chunk> chunks{};

  // Set: the rows are there, so many bytes apart, and `samples` is empty.
  uint8_t* outside = nullptr;
  size_t outside_stride = 0;

  const uint8_t* Row(uint32_t y) const {
    return (outside != nullptr ? outside : samples.data()) + y * stride();
  }
  uint8_t* Row(uint32_t y) { return const_cast<uint8_t*>(std::as_const(*this).Row(y)); }
  const uint8_t* At(uint32_t x, uint32_t y) const { return Row(y) + x * pixel_bytes(); }
  uint8_t* At(uint32_t x, uint32_t y) { return Row(y) + x * pixel_bytes(); }
  int bytes_per_sample() const { return bit_depth > 8 ? 2 : 1; }
  size_t pixel_bytes() const { return size_t(channels) * bytes_per_sample(); }
  size_t row_bytes() const { return width * pixel_bytes(); }
  // From one row to the next.
  size_t stride() const { return outside != nullptr ? outside_stride : row_bytes(); }
  // Of all samples; the largest number if 64 bits do not hold it.
  uint64_t sample_bytes() const {
    const unsigned __int128 bytes = static_cast<unsigned __int128>(width) * height * pixel_bytes();
    return bytes > UINT64_MAX ? UINT64_MAX : static_cast<uint64_t>(bytes);
  }
  uint64_t sub_pixels() const { return uint64_t{width} * height * channels; }
  int largest() const { return max_value != 0 ? max_value : (1 << bit_depth) - 1; }
  bool has_alpha() const { return channels % 2 == 0; }
  // Samples are numbers, each of all values of a byte.
  bool full_bytes() const { return bit_depth == 8 && !indexed && max_value == 0; }
};

// The first chunk of that type, or null.
const Chunk* FindChunk(const Image& image, std::string_view type);

// Removes what no pixel depends on: all but palette, transparency, and the source's kind; and of a
// palette, for which the samples have to be there, the colours that no pixel has.
void StripMetadata(Image& image);

// Throws kInvalidArgument unless the parts fit together: sizes, depth, palette, samples.
void CheckImage(const Image& image);
// Its two halves: everything but the samples' values, and those of `rect`.
void CheckHeader(const Image& image);
void CheckSamples(const Image& image, const Rect& rect);

// Whether all pixels of `rect` are the same.
bool IsConstant(const Image& image, const Rect& rect);

// Whether kind and chunks are the same; and size and pixels as well, of pictures with samples.
bool SameKind(const Image& a, const Image& b);
bool SameImage(const Image& a, const Image& b);

}  // namespace flowzip
