// SPDX-License-Identifier: BSD-3-Clause
// The page: charts first, then every figure, then how they were made.
#include <algorithm>
#include <cmath>

#include "tools/bench/charts.h"
#include "tools/bench/heatmap.h"
#include "tools/bench/page_style.h"
#include "tools/bench/pnm.h"
#include "tools/bench/report.h"
#include "tools/bench/svg.h"
#include "tools/png_io.h"

namespace flowzip::bench {
namespace {

constexpr size_t kMaxBars = 60;
// Less than most pictures have: single pixels are noise, their means show what is hard.
constexpr uint32_t kPictureSide = 400;

std::string Tag(const std::string& name, const std::string& text) {
  return "<" + name + ">" + text + "</" + name + ">\n";
}

std::string Tile(const std::string& label, const std::string& value, const std::string& note) {
  return "<div class=\"tile\"><span>" + EscapeHtml(label) + "</span><b>" + EscapeHtml(value) +
         "</b><span>" + EscapeHtml(note) + "</span></div>\n";
}

std::string Tiles(const Results& results, size_t flowzip) {
  const Summary ours = Summarize(results, flowzip), theirs = Summarize(results, results.reference);
  const std::string reference = results.codecs[results.reference].name;
  const auto note = [&](Operation op) {
    return theirs.rates[op].wall > 0 ? reference + ": " + Speed(theirs.rates[op].wall)
                                     : "whole process";
  };
  return "<div class=\"tiles\">\n" +
         Tile("bits per sub-pixel", Fixed(ours.bits_per_sub_pixel, 3),
              reference + ": " + Fixed(theirs.bits_per_sub_pixel, 3)) +
         Tile("size against " + reference, Percent(ours.percent), Grouped(ours.bytes) + " bytes") +
         Tile("encodes, MP/s", Speed(ours.rates[kEncodeWhole].wall), note(kEncodeWhole)) +
         Tile("decodes, MP/s", Speed(ours.rates[kDecodeWhole].wall), note(kDecodeWhole)) +
         "</div>\n";
}

std::string Legend(const Results& results) {
  std::string text = "<p class=\"legend\">";
  std::vector<std::string> seen;
  for (const Codec& codec : results.codecs) {
    if (std::find(seen.begin(), seen.end(), codec.family) != seen.end()) continue;
    seen.push_back(codec.family);
    text += "<span><i class=\"" + FamilyClass(codec.family) + "\"></i>" + EscapeHtml(codec.family) +
            "</span> ";
  }
  return text + "<span><i class=\"stairs\"></i>none is both smaller and faster</span></p>\n";
}

std::string Figures(const Results& results) {
  std::string text =
      "<div class=\"scroll\"><table><thead><tr><th rowspan=\"2\">codec</th>"
      "<th rowspan=\"2\">bytes</th><th rowspan=\"2\">bits/<br>sub-pixel</th>"
      "<th rowspan=\"2\">against<br>" +
      EscapeHtml(results.codecs[results.reference].name) +
      "</th><th colspan=\"2\">encode MP/s</th><th colspan=\"2\">decode MP/s</th>"
      "<th colspan=\"2\">inside MP/s</th><th colspan=\"2\">peak MiB</th>"
      "<th rowspan=\"2\">threads</th></tr><tr><th>wall</th><th>CPU</th><th>wall</th>"
      "<th>CPU</th><th>enc</th><th>dec</th><th>enc</th><th>dec</th></tr></thead><tbody>\n";
  for (const size_t c : ByDensity(results)) {
    const Codec& codec = results.codecs[c];
    const Summary s = Summarize(results, c);
    text += codec.is_flowzip() ? "<tr class=\"ours\">" : "<tr>";
    text += "<th>" + EscapeHtml(codec.name) + "</th>";
    for (const std::string& field :
         {Grouped(s.bytes), Fixed(s.bits_per_sub_pixel, 3),
          c == results.reference ? std::string(kDash) : Percent(s.percent),
          Speed(s.rates[kEncodeWhole].wall), Speed(s.rates[kEncodeWhole].cpu),
          Speed(s.rates[kDecodeWhole].wall), Speed(s.rates[kDecodeWhole].cpu),
          Speed(s.rates[kEncodeInside].wall), Speed(s.rates[kDecodeInside].wall),
          Mebibytes(s.peak_bytes[kEncodeWhole]), Mebibytes(s.peak_bytes[kDecodeWhole]),
          Threads(codec)}) {
      text += "<td>" + field + "</td>";
    }
    text += "</tr>\n";
  }
  return text + "</tbody></table></div>\n";
}

std::string Bars(const Results& results, size_t flowzip) {
  std::vector<size_t> order = HardestImages(results, flowzip);
  const size_t all = order.size();
  order.resize(std::min(all, kMaxBars));
  // Many are easier to read as two halves beside each other.
  const size_t half = all > 12 ? (order.size() + 1) / 2 : order.size();
  std::string text = "<div class=\"charts bars\">";
  for (size_t at = 0; at < order.size(); at += half) {
    const auto begin = order.begin() + static_cast<ptrdiff_t>(at);
    const auto end = begin + static_cast<ptrdiff_t>(std::min(half, order.size() - at));
    text += ImageBars(results, flowzip, {begin, end});
  }
  text += "</div>\n";
  if (all <= kMaxBars) return text;
  return text + Tag("p", "The hardest " + std::to_string(kMaxBars) + " of " + std::to_string(all) +
                             " images.");
}

std::string HeatMaps(const Results& results) {
  if (results.heat_maps.empty()) return "";
  std::vector<PixelBits> maps;
  double most = 1;
  for (const HeatMap& map : results.heat_maps) {
    maps.push_back(Shrink(map.bits, kPictureSide));
    most = std::max(most, Quantile(maps.back(), 0.005));
  }
  most = std::ceil(most);
  std::string text =
      "<h2>Where the bits are</h2>\n<p>The hardest images, and what flowzip "
      "spends on each of their pixels, all channels together.</p>\n";
  text += "<div class=\"scale\"><span>0</span><i style=\"background:linear-gradient(90deg";
  for (int i = 0; i <= 8; ++i) text.append(",").append(ScaleColour(i / 8.0));
  text += ")\"></i><span>" + Fixed(most, 0) + " bits per pixel and more</span></div>\n";
  for (size_t i = 0; i < maps.size(); ++i) {
    const ImageInfo& info = results.images[results.heat_maps[i].image];
    double sum = 0;
    for (const float bits : results.heat_maps[i].bits.bits) sum += bits;
    text += "<figure><div class=\"pair\"><img alt=\"\" src=\"" +
            PngDataUri(Shrink(ReadPixels(info.path), kPictureSide)) + "\"><img alt=\"bits of " +
            EscapeHtml(info.name) + "\" src=\"" + PngDataUri(Coloured(maps[i], most)) +
            "\"></div><figcaption>" + EscapeHtml(info.name) + ": " + Fixed(sum / info.pixels(), 2) +
            " bits per pixel</figcaption></figure>\n";
  }
  return text;
}

std::string ModelTable(const Results& results, size_t c) {
  const ModelBits bits = SumModelBits(results, c);
  int channels = 0;
  for (const ImageInfo& image : results.images) {
    channels = std::max(channels, image.channels >= 3 ? 3 : 1);
  }
  std::string text =
      "<p><b>" + EscapeHtml(results.codecs[c].name) + "</b>: " + Fixed(bits.total, 4) +
      " bits per dimension by the model's own \u2212log\u2082 p; " + OverheadText(bits) +
      ".</p>\n<div class=\"scroll\"><table class=\"narrow\"><thead><tr><th></th>"
      "<th>bits per dimension</th></tr></thead><tbody>\n";
  const auto row = [&](const std::string& name, double value) {
    text += "<tr><th>" + name + "</th><td>" + Fixed(value, 4) + "</td></tr>\n";
  };
  for (int i = 0; i < channels; ++i) {
    row("channel " + std::to_string(i), bits.channel[static_cast<size_t>(i)]);
  }
  row("filters", bits.side);
  if (bits.other > 0) row("other modes", bits.other);
  return text + "</tbody></table></div>\n";
}

std::string HowItWasMade(const Results& results) {
  std::string text = "<h2>How it was measured</h2>\n<pre>" + EscapeHtml(results.command_line) +
                     "</pre>\n" + Tag("p", EscapeHtml(MachineLine(results)) + ".") + "<ul>\n";
  for (const std::string& note : Notes(results)) text += Tag("li", EscapeHtml(note));
  text +=
      "</ul>\n<div class=\"scroll\"><table class=\"words\"><thead><tr><th>codec</th>"
      "<th>version</th><th>what was done</th></tr></thead><tbody>\n";
  for (const Codec& codec : results.codecs) {
    text += "<tr><th>" + EscapeHtml(codec.name) + "</th><td>" + EscapeHtml(codec.version) +
            "</td><td>" + EscapeHtml(codec.options) + "</td></tr>\n";
  }
  for (const Skipped& missing : results.missing) {
    text += "<tr><th>" + EscapeHtml(missing.name) + "</th><td>missing</td><td>" +
            EscapeHtml(missing.reason) + "</td></tr>\n";
  }
  text += "</tbody></table></div>\n";
  for (const Skipped& skipped : results.skipped) {
    text += Tag("p", "Skipped: " + EscapeHtml(skipped.name + ": " + skipped.reason) + ".");
  }
  return text;
}

}  // namespace

std::string HtmlReport(const Results& results) {
  const size_t flowzip = DefaultFlowzip(results);
  const std::string reference = results.codecs[results.reference].name;
  std::string text =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n"
      "<title>flowzip benchmark</title>\n<style>" +
      std::string(kPageStyle) + "</style></head><body>\n";
  text += "<h1>flowzip benchmark</h1>\n" +
          Tag("p", EscapeHtml(CorpusLine(results) + ". flowzip " + results.version + ", " +
                              results.machine.date + ", " + results.machine.cpu + ", " +
                              std::to_string(results.jobs) +
                              (results.jobs == 1 ? " thread." : " threads.")));
  if (flowzip != kNoCodec) text += Tiles(results, flowzip);
  text +=
      "<h2>Density and speed</h2>\n<p>Whole processes, wall time. The better codec is "
      "above and to the left.</p>\n" +
      Legend(results) + "<div class=\"charts\">" + DensitySpeedChart(results, kDecodeWhole) +
      DensitySpeedChart(results, kEncodeWhole) + "</div>\n";
  text += "<h2>All figures</h2>\n" + Figures(results);
  if (flowzip != kNoCodec) {
    text += "<h2>Image by image</h2>\n<p class=\"legend\"><span><i class=\"bar\"></i>" +
            EscapeHtml(results.codecs[flowzip].name) + ", bits per sub-pixel</span>";
    if (results.reference != flowzip) {
      text += " <span><i class=\"mark\"></i>" + EscapeHtml(reference) + "</span>";
    }
    text += "</p>\n" + Bars(results, flowzip);
    text += HeatMaps(results) + "<h2>What the model says</h2>\n";
    for (size_t c = 0; c < results.codecs.size(); ++c) {
      if (results.codecs[c].is_flowzip()) text += ModelTable(results, c);
    }
  }
  return text + HowItWasMade(results) + "</body></html>\n";
}

}  // namespace flowzip::bench
