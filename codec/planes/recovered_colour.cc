// SPDX-License-Identifier: BSD-3-Clause
#include "codec/planes/recovered_colour.h"

#include <algorithm>
#include <bit>
#include <unordered_set>

#include "rans/escape.h"

namespace flowzip {
namespace {

constexpr int kDifferenceOrder = 0;  // Exp-Golomb

// The lattices leave out more than 1 bit per pixel, and an exception costs some 20: one pixel in
// a hundred is far from the break-even, and pictures that never were on a lattice have tens.
constexpr uint64_t kExceptionShare = 100;
// A few colours may lie on a lattice by accident (1 in 4 does).
constexpr size_t kMinColours = 16;
constexpr uint64_t kSamples = 4096;

Colour PixelAt(const Image& image, const Rect& rect, uint64_t pixel) {
  const uint8_t* p = image.At(rect.x + static_cast<uint32_t>(pixel % rect.width),
                              rect.y + static_cast<uint32_t>(pixel / rect.width));
  return {p[0], p[1], p[2]};
}

// Exp-Golomb order of the gaps between exceptions.
int GapOrder(uint64_t pixels, uint64_t count) {
  return static_cast<int>(std::bit_width(pixels / count)) - 1;
}

// What the stream is made of, with the order of each number's Exp-Golomb code.
template <class Fn>
void ForEachNumber(const RecoveredColour& colour, uint64_t pixels, const Fn& fn) {
  if (colour.exceptions.empty()) return;
  const int order = GapOrder(pixels, colour.exceptions.size());
  uint32_t next = 0;
  for (const ColourException& exception : colour.exceptions) {
    fn(exception.pixel - next, order);
    for (const int32_t d : exception.difference) fn(ZigZag(d), kDifferenceOrder);
    next = exception.pixel + 1;
  }
}

// Looks at pixels here and there that are neither gray nor clipped.
bool Promising(const ColourConverter& converter, const Image& image, const Rect& rect) {
  const uint64_t pixels = uint64_t{rect.width} * rect.height;
  std::unordered_set<uint32_t> colours;
  uint64_t seen = 0, missed = 0;
  for (uint64_t i = 0, n = std::min(pixels, kSamples); i < n; ++i) {
    const Colour rgb = PixelAt(image, rect, i * pixels / n);
    if (rgb[0] == rgb[1] && rgb[1] == rgb[2]) continue;
    if (ColourConverter::HasMany(rgb)) continue;
    Colour ycc;
    ++seen;
    missed += !converter.FindPreimage(rgb, {0, 0, 0}, &ycc);
    if (missed > 2 + n / 50) return false;
    colours.insert(static_cast<uint32_t>(rgb[0] << 16 | rgb[1] << 8 | rgb[2]));
  }
  return colours.size() >= kMinColours && 50 * missed <= seen;
}

// What the neighbours to the left and above suggest: their gradient, kept between the two.
int32_t Predict(const int16_t* row, const int16_t* above, int x) {
  if (above == nullptr) return x > 0 ? row[x - 1] : 0;
  if (x == 0) return above[0];
  const int32_t a = row[x - 1], b = above[x], gradient = a + b - above[x - 1];
  return std::clamp(gradient, std::min(a, b), std::max(a, b));
}

bool Convert(ColourConversion conversion, const Image& image, const Rect& rect, int border,
             RecoveredColour* result) {
  const ColourConverter& converter = ColourConverter::Of(conversion);
  const int width = static_cast<int>(rect.width), height = static_cast<int>(rect.height);
  const uint64_t most = uint64_t{rect.width} * rect.height / kExceptionShare;
  result->conversion = conversion;
  result->exceptions.clear();
  auto& planes = result->planes;
  for (SamplePlane& plane : planes) plane = SamplePlane::Unset(width, height, border);
  uint32_t pixel = 0;
  for (int y = 0; y < height; ++y) {
    const uint8_t* from = image.At(rect.x, rect.y + static_cast<uint32_t>(y));
    std::array<int16_t*, kChannels> row;
    for (int c = 0; c < kChannels; ++c) row[c] = planes[c].Row(y);
    for (int x = 0; x < width; ++x, ++pixel, from += 3) {
      const Colour rgb{from[0], from[1], from[2]};
      Colour near{}, ycc;
      if (pixel == 0) {
        near = converter.Nearest(rgb);
      } else if (converter.HasMany(rgb)) {
        for (int c = 0; c < kChannels; ++c) {
          near[c] = Predict(row[c], y > 0 ? planes[c].Row(y - 1) : nullptr, x);
        }
      }
      if (!converter.FindPreimage(rgb, near, &ycc)) {
        ycc = converter.Nearest(rgb);
        const Colour got = converter.ToRgb(ycc);
        result->exceptions.push_back({pixel, {rgb[0] - got[0], rgb[1] - got[1], rgb[2] - got[2]}});
        if (result->exceptions.size() > most) return false;
      }
      for (int c = 0; c < kChannels; ++c) row[c][x] = static_cast<int16_t>(ycc[c]);
    }
  }
  return true;
}

}  // namespace

RecoveredColour RecoveredColour::Recover(const Image& image, const Rect& rect, int border) {
  RecoveredColour result;
  for (int id = 1; id < kColourConversions; ++id) {
    const auto conversion = static_cast<ColourConversion>(id);
    if (Promising(ColourConverter::Of(conversion), image, rect) &&
        Convert(conversion, image, rect, border, &result)) {
      return result;
    }
  }
  return {};
}

void RecoveredColour::Write(uint64_t pixels, ByteWriter& writer, size_t* exception_bytes) const {
  *exception_bytes = 0;
  writer.Put(static_cast<uint8_t>(conversion));
  if (!IsRecovered(conversion)) return;
  writer.PutVarint(exceptions.size());
  if (exceptions.empty()) return;
  SymbolLog log;
  ForEachNumber(*this, pixels,
                [&log](uint32_t value, int order) { log.AddExpGolomb(value, order); });
  const std::vector<uint8_t> stream = log.EncodeAll(/*lanes=*/1);
  writer.PutVarint(stream.size());
  writer.PutBytes(stream);
  *exception_bytes = stream.size();
}

uint64_t RecoveredColour::ExceptionBits(uint64_t pixels) const {
  uint64_t bits = 0;
  ForEachNumber(*this, pixels, [&bits](uint32_t value, int order) {
    bits += static_cast<uint64_t>(ExpGolombBits(value, order));
  });
  return bits;
}

RecoveredColour RecoveredColour::Read(uint64_t pixels, ByteReader& reader,
                                      size_t* exception_bytes) {
  RecoveredColour result;
  *exception_bytes = 0;
  const int id = reader.Get<uint8_t>();
  Require(id < kColourWays, ErrorCode::kUnsupported, "unknown colour conversion");
  result.conversion = static_cast<ColourConversion>(id);
  if (!IsRecovered(result.conversion)) return result;
  const uint64_t count = reader.GetVarint();
  Require(count <= pixels, ErrorCode::kCorrupt, "more exceptions than pixels");
  if (count == 0) return result;
  const ByteSpan stream = reader.GetBytes(reader.GetVarint());
  *exception_bytes = stream.size();
  RansStack stack = RansStack::FromBytes(stream, /*lanes=*/1);
  const int order = GapOrder(pixels, count);
  uint64_t next = 0;
  for (uint64_t i = 0; i < count; ++i) {
    ColourException exception;
    const uint64_t pixel = next + PopExpGolomb(stack, order);
    Require(pixel < pixels, ErrorCode::kCorrupt, "exception outside the tile");
    exception.pixel = static_cast<uint32_t>(pixel);
    bool differs = false;
    for (int32_t& d : exception.difference) {
      d = UnZigZag(PopExpGolomb(stack, kDifferenceOrder));
      Require(d >= -255 && d <= 255, ErrorCode::kCorrupt, "exception out of range");
      differs |= d != 0;
    }
    Require(differs, ErrorCode::kCorrupt, "exception that is none");
    result.exceptions.push_back(exception);
    next = pixel + 1;
  }
  stack.CheckEnd();
  return result;
}

void RecoveredColour::CheckRanges(const std::array<SampleRange, kChannels>& ranges) const {
  if (!IsRecovered(conversion)) return;
  const ColourConverter& converter = ColourConverter::Of(conversion);
  Require(converter.InRange({ranges[0].min, ranges[1].min, ranges[2].min}) &&
              converter.InRange({ranges[0].max, ranges[1].max, ranges[2].max}),
          ErrorCode::kCorrupt, "sample range outside that of the colour conversion");
}

void RecoveredColour::ToRgb(std::array<SamplePlane, kChannels>& ycc) const {
  const ColourConverter& converter = ColourConverter::Of(conversion);
  const int width = ycc[0].width();
  for (int y = 0; y < ycc[0].height(); ++y) {
    const std::array<int16_t*, kChannels> row{ycc[0].Row(y), ycc[1].Row(y), ycc[2].Row(y)};
    for (int x = 0; x < width; ++x) {
      const Colour rgb = converter.ToRgb({row[0][x], row[1][x], row[2][x]});
      for (int c = 0; c < kChannels; ++c) row[c][x] = static_cast<int16_t>(rgb[c]);
    }
  }
  for (const ColourException& exception : exceptions) {
    const int x = static_cast<int>(exception.pixel % static_cast<uint32_t>(width));
    const int y = static_cast<int>(exception.pixel / static_cast<uint32_t>(width));
    for (int c = 0; c < kChannels; ++c) {
      ycc[c].Row(y)[x] = static_cast<int16_t>(ycc[c].Row(y)[x] + exception.difference[c]);
    }
  }
}

}  // namespace flowzip
