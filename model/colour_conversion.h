// SPDX-License-Identifier: BSD-3-Clause
// Known conversions of integer brightness and colour differences to 8-bit red, green, blue.
//
// A decoded JPEG or a PhotoCD scan was integers (y, c1, c2) once. Converted and rounded, these
// reach only some of the RGB colours: 1 in 4.3 (JFIF), 1 in 9.6 (PhotoCD). Where a picture's
// pixels lie on such a lattice, coding (y, c1, c2) leaves the choice among the other colours
// out. The map is no bijection but an injection that the encoder inverts: FindPreimage.
//
// y is in 0..255; c1 and c2 are 8-bit values less the one that means neutral: 128 for JFIF, 156
// and 137 for PhotoCD. floor(x / d) is exact:
//
//   JFIF (libjpeg's jdcolor.c; equal to round(y + 1.402 c2) etc.)
//     r = floor((65536 y + 91881 c2 + 32768) / 65536)
//     g = floor((65536 y - 22554 c1 - 46802 c2 + 32768) / 65536)
//     b = floor((65536 y + 116130 c1 + 32768) / 65536)
//   PhotoCD (Kodak's 1.3584 y, 2.2179 c1, 1.8215 c2)
//     r = floor((13584 y + 18215 c2) / 10000)
//     g = floor((13584 y - 1940 floor(22179 c1 / 10000) - 5090 floor(18215 c2 / 10000) - 1) /
//     10000) b = floor((13584 y + 22179 c1) / 10000)
//   The 24 Kodak pictures say so, all but 323 of 9 million unclipped pixels (green only; without
//   the -1, 1284): they were converted in binary fractions, which fall short of a whole number.
//
// each then clipped to 0..255. A colour with no channel at 0 or 255 has one preimage at most:
// r and b unchanged, one more y takes at least one off both c1 and c2, and raises g by 1 or more.
// Clipped colours have many, some far away.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace flowzip {

// The number is the one in files.
// kNone: red, green and blue are lifted (lifting1x1.h). kGreenFirst: they are coded as they are, in
// the order green, red, blue: where their rounding is what costs, lifting would add to it.
enum class ColourConversion : uint8_t { kNone = 0, kJfif = 1, kPhotoCd = 2, kGreenFirst = 3 };
inline constexpr int kColourConversions = 3;  // with those that follow are no conversions
inline constexpr int kColourWays = 4;
// Whether there was an integer brightness and chroma.
inline bool IsRecovered(ColourConversion conversion) {
  return conversion == ColourConversion::kJfif || conversion == ColourConversion::kPhotoCd;
}
const char* ColourConversionName(ColourConversion conversion);

using Colour = std::array<int32_t, 3>;  // r, g, b in 0..255, or y, c1, c2

// One conversion with its tables; the same object for the same conversion.
class ColourConverter {
 public:
  // Not for kNone.
  static const ColourConverter& Of(ColourConversion conversion);

  static constexpr int32_t kMaxLuma = 255;
  // Inclusive range of c1 (which = 1) or c2 (which = 2).
  int32_t min_chroma(int which) const { return chroma_[which - 1].min; }
  int32_t max_chroma(int which) const { return chroma_[which - 1].min + 255; }
  bool InRange(const Colour& ycc) const;

  // `ycc` in range.
  Colour ToRgb(const Colour& ycc) const;

  // The colour in range that the real-valued inverse rounds to: near, but no preimage perhaps.
  Colour Nearest(const Colour& rgb) const;

  // Whether a colour is clipped, so that it may have several preimages.
  static bool HasMany(const Colour& rgb) {
    for (const int32_t v : rgb) {
      if (v == 0 || v == 255) return true;
    }
    return false;
  }

  // Finds (y, c1, c2) with ToRgb(ycc) == rgb; false if there is none. Among several, one near
  // to `near` (which need not be in range): of all y the nearest by |dy| + |dc1| + |dc2|, where
  // for each y two choices of (c1, c2) are compared. Integers only, so the same everywhere.
  bool FindPreimage(const Colour& rgb, const Colour& near, Colour* ycc) const;

 private:
  struct Span {
    int32_t lo, hi;
    bool empty() const { return lo > hi; }
  };
  struct Chroma {
    int32_t min;
    int32_t step;                      // what one step adds to b (c1) or r (c2), in 1 / unit_
    int64_t inverse;                   // floor(2^44 / step)
    std::array<int32_t, 256> green{};  // what it takes off g, index c - min; non-decreasing
  };

  explicit ColourConverter(ColourConversion conversion);

  int32_t Floor(int32_t scaled) const {  // scaled / unit_, rounded down
    const int32_t quotient = scaled / unit_;
    return quotient - (scaled - quotient * unit_ < 0);
  }
  int32_t Green(int which, int32_t c) const {
    const Chroma& chroma = chroma_[which - 1];
    return chroma.green[static_cast<size_t>(c - chroma.min)];
  }
  // A colour with no channel at 0 or 255: one preimage at most, and quickly found.
  bool FindInner(const Colour& rgb, Colour* ycc) const;
  // The values of a chroma with which, at this brightness, its own channel gets `sample`.
  Span OwnSpan(int which, int32_t scaled_luma, int32_t sample) const;
  // Narrows `span` to the values with `low <= Green(which, c) <= high`.
  Span GreenSpan(int which, Span span, int32_t low, int32_t high) const;
  bool FindChroma(int32_t y, const Colour& rgb, const Colour& near, Colour* ycc,
                  int32_t* distance) const;

  int32_t unit_, luma_, half_;
  int64_t inverse_;  // 2^36 * unit / (1000 * luma), rounded down
  std::array<Chroma, 2> chroma_;
};

}  // namespace flowzip
