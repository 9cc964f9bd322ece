// SPDX-License-Identifier: BSD-3-Clause
// The table on the terminal, and the Markdown document.
#include <algorithm>

#include "tools/bench/report.h"

namespace flowzip::bench {
namespace {

using Row = std::vector<std::string>;

// Characters, not bytes.
size_t Width(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// First column to the left, the others to the right.
std::string Aligned(const std::vector<Row>& rows) {
  std::vector<size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  std::string text;
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - Width(row[i]), ' ');
      text += i == 0 ? row[i] + space : "  " + space + row[i];
    }
    while (!text.empty() && text.back() == ' ') text.pop_back();
    text += '\n';
  }
  return text;
}

std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += c == '|' ? std::string("\\|") : std::string(1, c);
  return escaped;
}

// One letter of `alignment` per column, l or r; it may have more.
std::string MarkdownTable(const std::vector<Row>& rows, const std::string& alignment) {
  std::string text;
  for (size_t r = 0; r < rows.size(); ++r) {
    text += "|";
    for (const std::string& field : rows[r]) text.append(" ").append(Escaped(field)).append(" |");
    text += "\n";
    if (r > 0) continue;
    text += "|";
    for (size_t i = 0; i < rows[r].size(); ++i) text += alignment[i] == 'r' ? "--:|" : "---|";
    text += "\n";
  }
  return text;
}

Row FigureRow(const Results& results, size_t c) {
  const Codec& codec = results.codecs[c];
  const Summary s = Summarize(results, c);
  return {codec.name,
          Grouped(s.bytes),
          Fixed(s.bits_per_sub_pixel, 3),
          c == results.reference ? "reference" : Percent(s.percent),
          Speed(s.rates[kEncodeWhole].wall),
          Speed(s.rates[kEncodeWhole].cpu),
          Speed(s.rates[kDecodeWhole].wall),
          Speed(s.rates[kDecodeWhole].cpu),
          Speed(s.rates[kEncodeInside].wall),
          Speed(s.rates[kDecodeInside].wall),
          Mebibytes(s.peak_bytes[kEncodeWhole]),
          Mebibytes(s.peak_bytes[kDecodeWhole]),
          Threads(codec)};
}

std::vector<Row> ModelRows(const Results& results, const ModelBits& bits) {
  int channels = 0;
  for (const ImageInfo& image : results.images) {
    channels = std::max(channels, image.channels >= 3 ? 3 : 1);
  }
  std::vector<Row> rows = {{"", "bits/sub-pixel"}};
  for (int c = 0; c < channels; ++c) {
    rows.push_back(
        {"channel " + std::to_string(c), Fixed(bits.channel[static_cast<size_t>(c)], 4)});
  }
  rows.push_back({"filters", Fixed(bits.side, 4)});
  if (bits.other > 0) rows.push_back({"other modes", Fixed(bits.other, 4)});
  return rows;
}

std::string ModelLine(const ModelBits& bits) {
  return Fixed(bits.total, 4) + " bits per dimension by the model's own -log2 p; " +
         Fixed(bits.total + bits.overhead, 4) + " in the files: " + OverheadText(bits);
}

}  // namespace

std::string TerminalReport(const Results& results) {
  const std::string reference = results.codecs[results.reference].name;
  std::vector<Row> rows = {{"", "", "bits per", "against", "encode", "MP/s", "decode", "MP/s",
                            "inside", "MP/s", "peak", "MiB", ""},
                           {"codec", "bytes", "sub-pixel", reference, "wall", "CPU", "wall", "CPU",
                            "enc", "dec", "enc", "dec", "threads"}};
  for (const size_t c : ByDensity(results)) rows.push_back(FigureRow(results, c));
  std::string text = CorpusLine(results) + "; " + MachineLine(results) + "\n\n" + Aligned(rows);
  for (size_t c = 0; c < results.codecs.size(); ++c) {
    if (!results.codecs[c].is_flowzip()) continue;
    const ModelBits bits = SumModelBits(results, c);
    text += "\n" + results.codecs[c].name + ": " + ModelLine(bits) + "\n" +
            Aligned(ModelRows(results, bits));
  }
  text += "\n";
  for (const Skipped& missing : results.missing) {
    text += "missing: " + missing.name + ": " + missing.reason + "\n";
  }
  for (const Skipped& skipped : results.skipped) {
    text += "skipped: " + skipped.name + ": " + skipped.reason + "\n";
  }
  text += "All decoded pictures equal their sources.\n";
  return text;
}

std::string MarkdownReport(const Results& results) {
  const std::string reference = results.codecs[results.reference].name;
  std::string text = "# Benchmarks\n\n<!-- Written by flowzip bench --markdown. -->\n\n";
  text += CorpusLine(results) + "; " + results.machine.date + ", flowzip " + results.version +
          ", made by\n\n```sh\n" + results.command_line + "\n```\n\n";
  text += "Machine: " + MachineLine(results) + ".\n\n";

  std::vector<Row> rows = {{"codec", "bytes", "bits/ sub-pixel", "against " + reference,
                            "encode MP/s", "CPU", "decode MP/s", "CPU", "inside: encode", "decode",
                            "encode MiB", "decode MiB", "threads"}};
  for (const size_t c : ByDensity(results)) {
    Row row = FigureRow(results, c);
    if (results.codecs[c].is_flowzip()) {
      row[0] = "**" + row[0] + "**";
      row[2] = "**" + row[2] + "**";
    }
    rows.push_back(row);
  }
  text += MarkdownTable(rows, "lrrrrrrrrrrrr") + "\n";
  for (const std::string& note : Notes(results)) text += "- " + note + "\n";

  text += "\n## Codecs\n\n";
  rows = {{"codec", "version", "what was done"}};
  for (const Codec& codec : results.codecs) {
    rows.push_back({codec.name, codec.version,
                    codec.options.find('{') != std::string::npos || codec.is_flowzip()
                        ? "`" + codec.options + "`"
                        : codec.options});
  }
  for (const Skipped& missing : results.missing) {
    rows.push_back({missing.name, "missing", missing.reason});
  }
  text += MarkdownTable(rows, "lll");
  for (const Skipped& skipped : results.skipped) {
    text += "\nSkipped: " + skipped.name + " (" + skipped.reason + ").\n";
  }

  const size_t flowzip = DefaultFlowzip(results);
  if (flowzip != kNoCodec) text += "\n## Where flowzip's bits are\n";
  for (size_t c = 0; c < results.codecs.size(); ++c) {
    if (!results.codecs[c].is_flowzip()) continue;
    const ModelBits bits = SumModelBits(results, c);
    text += "\n" + results.codecs[c].name + ": " + ModelLine(bits) + ".\n\n" +
            MarkdownTable(ModelRows(results, bits), "lrrrrr");
  }
  if (flowzip == kNoCodec) return text;
  text += "\n## Image by image\n\nBits per sub-pixel.\n\n";
  rows = {{"image", results.codecs[flowzip].name, reference, "difference"}};
  for (size_t i = 0; i < results.images.size(); ++i) {
    const double ours = BitsPerSubPixel(results, flowzip, i),
                 theirs = BitsPerSubPixel(results, results.reference, i);
    rows.push_back({results.images[i].name, Fixed(ours, 3), Fixed(theirs, 3),
                    Percent(100 * ours / theirs - 100)});
  }
  return text + MarkdownTable(rows, "lrrr");
}

}  // namespace flowzip::bench
