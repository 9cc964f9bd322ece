// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/heat_map.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/robust.h"

namespace flowzip {
namespace {

using Colour = std::array<uint8_t, 3>;
constexpr Colour kBlack{0, 0, 0}, kWhite{255, 255, 255};

// Linear sRGB of an Oklab colour.
std::array<double, 3> LinearRgb(double lightness, double a, double b) {
  const double l = std::pow(lightness + 0.3963377774 * a + 0.2158037573 * b, 3);
  const double m = std::pow(lightness - 0.1055613458 * a - 0.0638541728 * b, 3);
  const double s = std::pow(lightness - 0.0894841775 * a - 1.2914855480 * b, 3);
  return {4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
          -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
          -0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s};
}

uint8_t Gamma(double v) {
  v = std::clamp(v, 0.0, 1.0);
  const double encoded = v <= 0.0031308 ? 12.92 * v : 1.055 * std::pow(v, 1 / 2.4) - 0.055;
  return static_cast<uint8_t>(std::lround(255 * encoded));
}

// 3 x 5 dots, a row per three bits, top row highest.
constexpr std::string_view kGlyphs = "0123456789.bitsperxl /";
constexpr uint16_t kDots[] = {
    0b111101101101111, 0b010110010010111, 0b111001111100111, 0b111001111001111, 0b101101111001001,
    0b111100111001111, 0b111100111101111, 0b111001010010010, 0b111101111101111, 0b111101111001111,
    0b000000000000010, 0b100100111101111, 0b010000010010010, 0b010111010010011, 0b011100010001110,
    0b000111101111100, 0b111101111100111, 0b000111100100100, 0b000101010010101, 0b010010010010011,
    0b000000000000000, 0b001001010100100};
constexpr uint32_t kDot = 2, kGlyphWidth = 4 * kDot;

class Canvas {
 public:
  Canvas(uint32_t width, uint32_t height)
      : image{width, height, 3, 8, Samples(size_t{width} * height * 3, 0)} {}
  void Set(uint32_t x, uint32_t y, const Colour& colour) {
    if (x >= image.width || y >= image.height) return;
    std::copy(colour.begin(), colour.end(),
              image.samples.begin() + static_cast<ptrdiff_t>((size_t{y} * image.width + x) * 3));
  }
  void Text(uint32_t x, uint32_t y, const std::string& text) {
    for (const char c : text) {
      const size_t glyph = kGlyphs.find(c);
      for (uint32_t dot = 0; glyph != kGlyphs.npos && dot < 15 * kDot * kDot; ++dot) {
        const uint32_t dx = dot % (3 * kDot), dy = dot / (3 * kDot);
        if (kDots[glyph] >> (14 - (dy / kDot * 3 + dx / kDot)) & 1) Set(x + dx, y + dy, kWhite);
      }
      x += kGlyphWidth;
    }
  }

  Image image;
};

std::string Number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

void DrawScale(uint32_t top, double max, Canvas& canvas) {
  constexpr uint32_t kMargin = 8, kBarHeight = 10, kTicks = 4;
  const uint32_t length = canvas.image.width - 2 * kMargin;
  for (uint32_t x = 0; x < length; ++x) {
    const Colour colour = HeatColour(static_cast<double>(x) / (length - 1));
    for (uint32_t y = 0; y < kBarHeight; ++y) canvas.Set(kMargin + x, top + 4 + y, colour);
  }
  for (uint32_t tick = 0; tick <= kTicks; tick += canvas.image.width < 640 ? 2 : 1) {
    const uint32_t x = kMargin + (length - 1) * tick / kTicks;
    std::string label = Number(max * tick / kTicks);
    if (tick == kTicks) label += " bits/pixel";
    const auto width = static_cast<uint32_t>(label.size()) * kGlyphWidth - kDot;
    const uint32_t left = tick == kTicks ? x + 1 - width : x - std::min(x - 2, width / 2);
    for (uint32_t y = 0; y < 3; ++y) canvas.Set(x, top + 4 + kBarHeight + y, kWhite);
    canvas.Text(left, top + 4 + kBarHeight + 5, label);
  }
}

// White just inside, black just outside.
void DrawOutlines(const AnomalyMap& map, float threshold, Canvas& canvas) {
  constexpr int kThick = 2;
  for (uint32_t y = 0; y < map.height; ++y) {
    for (uint32_t x = 0; x < map.width; ++x) {
      const bool inside = map.At(x, y) > threshold;
      bool edge = false;
      for (int dy = -kThick; dy <= kThick && !edge; ++dy) {
        for (int dx = -kThick; dx <= kThick && !edge; ++dx) {
          const uint32_t u = x + static_cast<uint32_t>(dx), v = y + static_cast<uint32_t>(dy);
          edge = u < map.width && v < map.height && (map.At(u, v) > threshold) != inside;
        }
      }
      if (edge) canvas.Set(x, y, inside ? kWhite : kBlack);
    }
  }
}

}  // namespace

std::array<uint8_t, 3> HeatColour(double u) {
  u = std::clamp(u, 0.0, 1.0);
  const double lightness = 0.22 + 0.73 * u, hue = (310 - 205 * u) * M_PI / 180;
  for (double chroma = 0.14;; chroma -= 0.002) {
    const auto rgb = LinearRgb(lightness, chroma * std::cos(hue), chroma * std::sin(hue));
    const bool fits =
        std::all_of(rgb.begin(), rgb.end(), [](double v) { return v >= -1e-3 && v <= 1 + 1e-3; });
    if (fits || chroma <= 0) return {Gamma(rgb[0]), Gamma(rgb[1]), Gamma(rgb[2])};
  }
}

double NiceMax(const PixelBits& bits) {
  const double high = Quantile(Column(bits.bits.begin(), bits.bits.end()), 0.98);
  double decade = 0.1;
  while (decade < 1000) {
    for (const double step : {1.0, 1.5, 2.0, 3.0, 5.0}) {
      if (step * decade >= high) return step * decade;
    }
    decade *= 10;
  }
  return decade;
}

Image DrawHeatMap(const PixelBits& bits, const HeatMapOptions& options) {
  const double max = options.max > 0 ? options.max : NiceMax(bits);
  std::array<Colour, 1024> colours;
  for (size_t i = 0; i < colours.size(); ++i) {
    colours[i] = HeatColour(static_cast<double>(i) / (colours.size() - 1));
  }
  Canvas canvas(std::max(bits.width, kMinHeatMapWidth), bits.height + kScaleHeight);
  for (uint32_t y = 0; y < bits.height; ++y) {
    for (uint32_t x = 0; x < bits.width; ++x) {
      const double u = bits.bits[size_t{y} * bits.width + x] / max;
      canvas.Set(x, y, colours[static_cast<size_t>(std::clamp(u, 0.0, 1.0) * 1023)]);
    }
  }
  if (options.anomalies != nullptr) DrawOutlines(*options.anomalies, options.threshold, canvas);
  DrawScale(bits.height, max, canvas);
  return std::move(canvas.image);
}

}  // namespace flowzip
