// SPDX-License-Identifier: BSD-3-Clause
// Just enough SVG for the charts. Colours come from the page's style sheet, by class.
#pragma once

#include <string>
#include <vector>

namespace flowzip::bench {

std::string EscapeHtml(const std::string& text);

class Svg {
 public:
  // In user units; the page scales the picture to the width there is. `label` is for
  // people who cannot see it.
  Svg(double width, double height, const std::string& label);

  void Line(double x1, double y1, double x2, double y2, const std::string& style);
  void Rect(double x, double y, double width, double height, const std::string& style);
  // `tip` shows when the pointer rests on it.
  void Circle(double x, double y, double radius, const std::string& style, const std::string& tip);
  void Path(const std::vector<std::pair<double, double>>& points, const std::string& style);
  // `anchor`: start, middle or end.
  void Text(double x, double y, const std::string& anchor, const std::string& style,
            const std::string& text);

  std::string Finish() { return text_ + "</svg>\n"; }

 private:
  std::string text_;
};

}  // namespace flowzip::bench
