// SPDX-License-Identifier: BSD-3-Clause
#include "tools/bench/svg.h"

#include "tools/bench/report.h"

namespace flowzip::bench {
namespace {

std::string Attribute(const char* name, double value) {
  return std::string(" ") + name + "=\"" + Fixed(value, 1) + "\"";
}

std::string Class(const std::string& style) { return " class=\"" + style + "\""; }

}  // namespace

std::string EscapeHtml(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

Svg::Svg(double width, double height, const std::string& label)
    : text_("<svg viewBox=\"0 0 " + Fixed(width, 0) + " " + Fixed(height, 0) +
            "\" role=\"img\" aria-label=\"" + EscapeHtml(label) + "\">\n") {}

void Svg::Line(double x1, double y1, double x2, double y2, const std::string& style) {
  text_ += "<line" + Class(style) + Attribute("x1", x1) + Attribute("y1", y1) +
           Attribute("x2", x2) + Attribute("y2", y2) + "/>\n";
}

void Svg::Rect(double x, double y, double width, double height, const std::string& style) {
  text_ += "<rect" + Class(style) + Attribute("x", x) + Attribute("y", y) +
           Attribute("width", width) + Attribute("height", height) + "/>\n";
}

void Svg::Circle(double x, double y, double radius, const std::string& style,
                 const std::string& tip) {
  text_ += "<circle" + Class(style) + Attribute("cx", x) + Attribute("cy", y) +
           Attribute("r", radius) + "><title>" + EscapeHtml(tip) + "</title></circle>\n";
}

void Svg::Path(const std::vector<std::pair<double, double>>& points, const std::string& style) {
  text_ += "<path" + Class(style) + " d=\"";
  for (size_t i = 0; i < points.size(); ++i) {
    text_.append(i == 0 ? "M" : "L").append(Fixed(points[i].first, 1));
    text_.append(" ").append(Fixed(points[i].second, 1));
  }
  text_ += "\"/>\n";
}

void Svg::Text(double x, double y, const std::string& anchor, const std::string& style,
               const std::string& text) {
  text_ += "<text" + Class(style) + Attribute("x", x) + Attribute("y", y) + " text-anchor=\"" +
           anchor + "\">" + EscapeHtml(text) + "</text>\n";
}

}  // namespace flowzip::bench
