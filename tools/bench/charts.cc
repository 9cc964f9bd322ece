// SPDX-License-Identifier: BSD-3-Clause
#include "tools/bench/charts.h"

#include <algorithm>
#include <cmath>

#include "tools/bench/report.h"
#include "tools/bench/svg.h"

namespace flowzip::bench {
namespace {

// Small units and large letters: a phone shows 420 of them on 340 points.
constexpr double kWidth = 420, kHeight = 360, kLeft = 40, kRight = 14, kTop = 14, kBottom = 44;
constexpr double kLetter = 7.2, kLine = 13;  // of a label, on average and at least

struct Box {
  double x0, y0, x1, y1;

  bool Meets(const Box& other) const {
    return x0 < other.x1 && other.x0 < x1 && y0 < other.y1 && other.y0 < y1;
  }
};

// From data to user units; `logarithmic` by powers of ten.
struct Axis {
  double low, high, from, to;
  bool logarithmic;

  double At(double value) const {
    const auto f = [this](double v) { return logarithmic ? std::log10(v) : v; };
    return from + (f(value) - f(low)) / (f(high) - f(low)) * (to - from);
  }
};

struct Point {
  size_t codec;
  double density, speed, x, y;
};

// A step that gives four to eight marks.
double Step(double span) {
  const double power = std::pow(10, std::floor(std::log10(span)));
  for (const double step : {0.1, 0.2, 0.5, 1.0}) {
    if (span / (step * power) <= 7) return step * power;
  }
  return 2 * power;
}

// Labels beside the points, none upon another one; the tip and the table have those that
// find no room.
void PlaceLabels(const Results& results, const std::vector<Point>& points, Svg& svg) {
  std::vector<Box> taken;
  for (const Point& p : points) taken.push_back({p.x - 5, p.y - 5, p.x + 5, p.y + 5});
  std::vector<Point> order = points;
  // flowzip first, then the densest.
  std::stable_sort(order.begin(), order.end(), [&](const Point& a, const Point& b) {
    const bool a_ours = results.codecs[a.codec].is_flowzip(),
               b_ours = results.codecs[b.codec].is_flowzip();
    return a_ours != b_ours ? a_ours : a.density < b.density;
  });
  struct Place {
    double dx, dy;
    const char* anchor;
  };
  constexpr Place kPlaces[] = {{8, 4, "start"},   {-8, 4, "end"},     {0, -9, "middle"},
                               {0, 18, "middle"}, {7, -7, "start"},   {7, 15, "start"},
                               {-7, -7, "end"},   {-7, 15, "end"},    {0, -20, "middle"},
                               {0, 29, "middle"}, {12, -18, "start"}, {12, 27, "start"},
                               {-12, -18, "end"}, {-12, 27, "end"}};
  for (const Point& p : order) {
    const std::string& name = results.codecs[p.codec].name;
    const double width = kLetter * static_cast<double>(name.size());
    for (const Place& place : kPlaces) {
      const std::string anchor = place.anchor;
      const double x = p.x + place.dx, y = p.y + place.dy;
      const double left = anchor == "start" ? x : anchor == "end" ? x - width : x - width / 2;
      const Box box = {left, y - kLine + 3, left + width, y + 3};
      if (box.x0 < kLeft + 2 || box.x1 > kWidth || box.y0 < 0 || box.y1 > kHeight - kBottom) {
        continue;
      }
      if (std::any_of(taken.begin(), taken.end(), [&](const Box& b) { return b.Meets(box); })) {
        continue;
      }
      taken.push_back(box);
      svg.Text(x, y, anchor, results.codecs[p.codec].is_flowzip() ? "ours" : "label", name);
      break;
    }
  }
}

void DrawAxes(const Axis& x, const Axis& y, const std::string& title, Svg& svg) {
  const double step = Step(x.high - x.low);
  for (double v = std::ceil(x.low / step) * step; v <= x.high + 1e-9; v += step) {
    svg.Line(x.At(v), y.from, x.At(v), y.to, "grid");
    svg.Text(x.At(v), y.from + 16, "middle", "tick", Fixed(v, step < 0.1 ? 2 : 1));
  }
  for (double power = 1e-4; power <= 1e5; power *= 10) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double v = factor * power;
      if (v < y.low * 0.999 || v > y.high * 1.001) continue;
      svg.Line(x.from, y.At(v), x.to, y.At(v), "grid");
      svg.Text(x.from - 5, y.At(v) + 4, "end", "tick", Fixed(v, v < 0.1 ? 2 : v < 1 ? 1 : 0));
    }
  }
  svg.Line(x.from, y.from, x.to, y.from, "axis");
  svg.Text((x.from + x.to) / 2, kHeight - 8, "middle", "title",
           "bits per sub-pixel (left is smaller)");
  svg.Text(4, 10, "start", "title", title);
}

}  // namespace

std::string FamilyClass(const std::string& family) {
  std::string name = "f-";
  for (const char c : family) {
    if (c != ' ') name += c;
  }
  return name;
}

std::string DensitySpeedChart(const Results& results, Operation operation) {
  std::vector<Point> points;
  std::vector<std::pair<double, double>> values;
  double low_x = 1e9, high_x = 0, low_y = 1e9, high_y = 0;
  for (size_t c = 0; c < results.codecs.size(); ++c) {
    const Summary s = Summarize(results, c);
    const double speed = s.rates[operation].wall, density = s.bits_per_sub_pixel;
    if (speed <= 0) continue;
    points.push_back({c, density, speed, 0, 0});
    values.emplace_back(density, speed);
    low_x = std::min(low_x, density);
    high_x = std::max(high_x, density);
    low_y = std::min(low_y, speed);
    high_y = std::max(high_y, speed);
  }
  if (points.empty()) return "";
  const double margin = std::max(0.06 * (high_x - low_x), 0.02);
  const Axis x = {std::max(0.0, low_x - margin), high_x + 1.6 * margin, kLeft, kWidth - kRight,
                  false};
  const Axis y = {low_y / 1.4, high_y * 1.4, kHeight - kBottom, kTop + 8, true};
  const std::string verb = IsEncode(operation) ? "Encoding" : "Decoding";
  Svg svg(kWidth, kHeight, verb + " speed against bits per sub-pixel");
  DrawAxes(x, y, verb + ", megapixels per second", svg);
  for (Point& p : points) {
    p.x = x.At(p.density);
    p.y = y.At(p.speed);
  }

  std::vector<std::pair<double, double>> steps;
  for (const size_t i : ParetoFront(values)) {
    // A codec offers all that is larger and slower than it: stairs, not slopes.
    if (!steps.empty()) steps.emplace_back(points[i].x, steps.back().second);
    steps.emplace_back(points[i].x, points[i].y);
  }
  steps.insert(steps.begin(), {steps.front().first, y.from});
  steps.emplace_back(x.to, steps.back().second);
  svg.Path(steps, "front");
  for (const Point& p : points) {
    const Codec& codec = results.codecs[p.codec];
    svg.Circle(p.x, p.y, codec.is_flowzip() ? 6 : 4.5, "dot " + FamilyClass(codec.family),
               codec.name + ": " + Fixed(p.density, 3) + " bits per sub-pixel, " + Speed(p.speed) +
                   " MP/s");
  }
  PlaceLabels(results, points, svg);
  return svg.Finish();
}

std::string ImageBars(const Results& results, size_t flowzip, const std::vector<size_t>& images) {
  constexpr double kRow = 19, kName = 96, kFigures = 108, kHead = 26;
  double highest = 0;  // of all images, so that charts beside each other have one scale
  for (size_t i = 0; i < results.images.size(); ++i) {
    highest = std::max({highest, BitsPerSubPixel(results, flowzip, i),
                        BitsPerSubPixel(results, results.reference, i)});
  }
  const bool compare = results.reference != flowzip;
  const double height = kHead + kRow * static_cast<double>(images.size()) + 4;
  const Axis x = {0, highest, kName, kWidth - kFigures, false};
  Svg svg(kWidth, height, "Bits per sub-pixel of each image");
  const double step = Step(highest);
  for (double v = 0; v <= highest + 1e-9; v += step) {
    svg.Line(x.At(v), kHead - 4, x.At(v), height - 2, "grid");
    svg.Text(x.At(v), 14, "middle", "tick", Fixed(v, step < 1 ? 1 : 0));
  }
  for (size_t row = 0; row < images.size(); ++row) {
    const size_t i = images[row];
    const double ours = BitsPerSubPixel(results, flowzip, i),
                 theirs = BitsPerSubPixel(results, results.reference, i);
    const double top = kHead + kRow * static_cast<double>(row);
    std::string name = results.images[i].name;
    if (name.size() > 14) name = name.substr(0, 13) + "\u2026";
    svg.Text(kName - 6, top + 12, "end", "label", name);
    svg.Rect(kName, top + 3, x.At(ours) - kName, kRow - 8, "bar");
    if (compare) svg.Rect(x.At(theirs) - 1.5, top, 3, kRow - 2, "mark");
    svg.Text(kWidth - kFigures + 40, top + 12, "end", "label", Fixed(ours, 2));
    if (compare) {
      svg.Text(kWidth - 2, top + 12, "end", ours <= theirs ? "good" : "bad",
               Percent(100 * ours / theirs - 100));
    }
  }
  return svg.Finish();
}

}  // namespace flowzip::bench
