// SPDX-License-Identifier: BSD-3-Clause
// flowzip score FILES...: exact log-likelihoods, as a table, CSV or JSON; and as heat maps.
#include <algorithm>
#include <cstdio>

#include "analysis/heat_map.h"
#include "analysis/score.h"
#include "tools/cli_common.h"
#include "tools/file_plan.h"
#include "tools/picture_file.h"

namespace flowzip {
namespace {

struct Arguments {
  CommonOptions common;
  std::vector<std::string> inputs;
  std::string heatmap, sort = "none";
  double threshold = 0, heatmap_max = 0;
  bool marks = false, json = false, csv = false;
};

struct Row {
  std::string name;
  Score score;
  std::vector<AnomalyRegion> regions;

  int channels() const { return score.stats.info.channels; }
  double ChannelBits(int channel) const {
    return score.stats.tiles.channel_bits[static_cast<size_t>(channel)];
  }
  double PerDimension(double bits) const {
    return bits / (static_cast<double>(score.stats.info.pixels()) * channels());
  }
};

void WriteHeatMap(const Arguments& arguments, const PixelBits& bits, Row& row) {
  WithFile(OutputName(arguments.heatmap), [&] {
    Output file(arguments.heatmap, arguments.common.force);
    HeatMapOptions options;
    options.max = arguments.heatmap_max;
    AnomalyMap anomalies;
    if (arguments.marks) {
      anomalies = FindAnomalies(bits);
      options.anomalies = &anomalies;
      options.threshold = static_cast<float>(arguments.threshold);
      row.regions = FindRegions(anomalies, options.threshold);
    }
    WritePicture(DrawHeatMap(bits, options), FormatOfOutput(arguments.heatmap), file.stream());
    file.Commit(kStandardStream);
  });
}

Row ScoreFile(const std::string& name, const Arguments& arguments, const Model* model) {
  PixelBits bits;
  Row row{name, {}, {}};
  WithFile(name, [&] {
    const Image image = ReadPng(name);
    EncodeOptions options;
    options.model = model;
    options.jobs = arguments.common.jobs;
    if (!arguments.heatmap.empty()) {
      CheckNotSameFile(name, arguments.heatmap);
      bits.with_detail = arguments.marks;
      options.pixel_bits = &bits;
    }
    Progress progress("scoring", arguments.common.quiet);
    row.score = ScoreImage(image, options, progress.Callback());
  });
  if (!arguments.heatmap.empty()) WriteHeatMap(arguments, bits, row);
  return row;
}

// Bits per dimension throughout, so that channels and side add up.
void PrintTable(const std::vector<Row>& rows) {
  size_t width = 4;
  for (const Row& row : rows) width = std::max(width, row.name.size());
  std::printf("%-*s  %11s  %12s  %10s  %8s", static_cast<int>(width), "file", "size", "bits",
              "file bytes", "bits/dim");
  std::printf("     side    ch. 0    ch. 1    ch. 2\n");
  for (const Row& row : rows) {
    const FileInfo& info = row.score.stats.info;
    std::printf("%-*s  %5ux%-5u  %12.0f  %10llu  %8.4f", static_cast<int>(width), Printable(row.name).c_str(),
                info.width, info.height, row.score.bits,
                static_cast<unsigned long long>(row.score.stats.file_bytes),
                row.score.bits_per_dimension);
    std::printf("  %7.4f", row.PerDimension(row.score.stats.tiles.side_bits));
    for (int c = 0; c < row.channels(); ++c) {
      std::printf("  %7.4f", row.PerDimension(row.ChannelBits(c)));
    }
    std::printf("\n");
  }
  for (const Row& row : rows) {
    for (const AnomalyRegion& region : row.regions) {
      std::printf("%s: stands out: %ux%u at %u,%u, %llu pixels, peak %.1f\n", Printable(row.name).c_str(),
                  region.box.width, region.box.height, region.box.x, region.box.y,
                  static_cast<unsigned long long>(region.pixels), region.peak);
    }
  }
}

// A line per file and channel; totals have an empty field.
void PrintCsv(const std::vector<Row>& rows) {
  std::printf(
      "file,width,height,channels,channel,bits,bits_per_dimension,file_bytes,"
      "overhead_limit_bytes\n");
  for (const Row& row : rows) {
    std::string name = "\"";
    for (const char c : row.name) name += c == '"' ? std::string("\"\"") : std::string(1, c);
    name += '"';
    const FileInfo& info = row.score.stats.info;
    const auto line = [&](const std::string& channel, double bits) {
      std::printf("%s,%u,%u,%d,%s,%.3f,%.6f,", name.c_str(), info.width, info.height, info.channels,
                  channel.c_str(), bits, row.PerDimension(bits));
    };
    line("", row.score.bits);
    std::printf("%llu,%llu\n", static_cast<unsigned long long>(row.score.stats.file_bytes),
                static_cast<unsigned long long>(row.score.overhead_limit));
    for (int c = 0; c < row.channels(); ++c) {
      line(std::to_string(c), row.ChannelBits(c));
      std::printf(",\n");
    }
    line("side", row.score.stats.tiles.side_bits);
    std::printf(",\n");
  }
}

void PrintJson(const std::vector<Row>& rows, bool marks) {
  std::printf("[");
  for (size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    const Score& score = row.score;
    const FileInfo& info = score.stats.info;
    std::printf(
        "%s\n {\"file\": %s, \"width\": %u, \"height\": %u, \"channels\": %d,\n"
        "  \"model\": \"%s\", \"bits\": %.3f, \"bits_per_dimension\": %.6f,\n"
        "  \"file_bytes\": %llu, \"framing_bytes\": %llu, \"overhead_limit_bytes\": %llu,\n"
        "  \"side_bits\": %.3f,\n  \"channel_bits\": [",
        i > 0 ? "," : "", JsonString(row.name).c_str(), info.width, info.height, info.channels,
        HashName(info.model_hash).c_str(), score.bits, score.bits_per_dimension,
        static_cast<unsigned long long>(score.stats.file_bytes),
        static_cast<unsigned long long>(score.framing_bytes),
        static_cast<unsigned long long>(score.overhead_limit), score.stats.tiles.side_bits);
    for (int c = 0; c < row.channels(); ++c) {
      std::printf("%s%.3f", c > 0 ? ", " : "", row.ChannelBits(c));
    }
    std::printf("]");
    if (marks) {
      std::printf(",\n  \"regions\": [");
      for (size_t r = 0; r < row.regions.size(); ++r) {
        const AnomalyRegion& region = row.regions[r];
        std::printf(
            "%s\n   {\"x\": %u, \"y\": %u, \"width\": %u, \"height\": %u, "
            "\"pixels\": %llu, \"peak\": %.2f}",
            r > 0 ? "," : "", region.box.x, region.box.y, region.box.width, region.box.height,
            static_cast<unsigned long long>(region.pixels), region.peak);
      }
      std::printf("]");
    }
    std::printf("}");
  }
  std::printf("\n]\n");
}

void Sort(const std::string& key, std::vector<Row>& rows) {
  const auto by = [&](const auto& value) {
    std::stable_sort(rows.begin(), rows.end(),
                     [&](const Row& a, const Row& b) { return value(a) < value(b); });
  };
  if (key == "name") by([](const Row& row) -> const std::string& { return row.name; });
  if (key == "bits") by([](const Row& row) { return row.score.bits; });
  if (key == "bpd") by([](const Row& row) { return row.score.bits_per_dimension; });
}

// A file that cannot be scored does not keep the others from it, but the exit status tells.
void Run(const Arguments& arguments) {
  if (!arguments.heatmap.empty() && arguments.inputs.size() != 1) {
    throw FileError(arguments.heatmap, "a heat map is of one file");
  }
  if (arguments.heatmap == kStandardStream) {
    throw UsageError("--heatmap: standard output has the scores");
  }
  if (!arguments.heatmap.empty()) FormatOfOutput(arguments.heatmap);
  const std::shared_ptr<const Model> model = Prepare(arguments.common);
  std::vector<Row> rows;
  bool failed = false;
  for (const std::string& input : arguments.inputs) {
    try {
      rows.push_back(ScoreFile(input, arguments, model.get()));
    } catch (const FileError& error) {
      Complain(error.what(), kFailed);
      failed = true;
    }
  }
  Sort(arguments.sort, rows);
  if (arguments.json) {
    PrintJson(rows, arguments.marks);
  } else if (arguments.csv) {
    PrintCsv(rows);
  } else if (!rows.empty()) {
    PrintTable(rows);
  }
  if (failed) throw SomeFailed{};
}

}  // namespace

void AddScoreCommand(CLI::App& app, Action& run) {
  CLI::App* command =
      app.add_subcommand("score", "Exact log-likelihood of PNG images under the model");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("FILES", arguments->inputs, "PNG images")->required();
  command->add_option("--sort", arguments->sort, "Order of the rows: none, name, bits or bpd")
      ->check(CLI::IsMember({"none", "name", "bits", "bpd"}))
      ->capture_default_str();
  CLI::Option* json = command->add_flag("--json", arguments->json, "Print JSON");
  command->add_flag("--csv", arguments->csv, "Print CSV")->excludes(json);
  CLI::Option* heatmap =
      command->add_option("--heatmap", arguments->heatmap, "Write bits per pixel as an image")
          ->type_name("FILE");
  command
      ->add_option("--heatmap-max", arguments->heatmap_max,
                   "Bits per pixel of the brightest colour [from the picture]")
      ->check(CLI::PositiveNumber)
      ->needs(heatmap);
  command
      ->add_option_function<double>(
          "--threshold",
          [arguments](double value) {
            arguments->threshold = value;
            arguments->marks = true;
          },
          "Outline what stands out by more than so many robust standard deviations; try 6")
      ->needs(heatmap);
  AddCommonOptions(*command, arguments->common, true);
  AddEffortOption(*command, arguments->common);
  command->callback([arguments, &run] { run = [arguments] { Run(*arguments); }; });
}

}  // namespace flowzip
