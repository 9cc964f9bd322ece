// SPDX-License-Identifier: BSD-3-Clause
// flowzip info FILE: what the header says, and where the bits went.
//
// The bits per level and channel are the model's own -log2 p of the picture, so the
// file has to be decoded; the sum stands beside the bytes that were written.
#include <algorithm>
#include <cstdio>

#include "codec/codec.h"
#include "model/embedded.h"
#include "tools/cli_common.h"
#include "tools/read_file.h"

namespace flowzip {
namespace {

struct Arguments {
  CommonOptions common;
  std::string input;
};

std::string ModelName(uint64_t hash, const Model* model) {
  if (model != nullptr && model->hash() == hash) return model->name + ", from --model";
  for (const EmbeddedModel& embedded : EmbeddedModels()) {
    if (embedded.hash() == hash) return std::string(embedded.name) + ", embedded";
  }
  return "unknown here";
}

const char* KindName(const FileInfo& info) {
  constexpr const char* kNames[5] = {"", "gray", "gray+alpha", "RGB", "RGBA"};
  return info.indexed ? "palette" : kNames[info.channels];
}

void PrintHeader(const std::string& name, const FileInfo& info, size_t bytes, const Model* model) {
  const double sub_pixels = static_cast<double>(info.pixels()) * info.channels;
  std::printf("file              %s\n", name.c_str());
  std::printf("format version    %d\n", kFormatVersion);
  std::printf("image             %u x %u, %s, %d bits per sample\n", info.width, info.height,
              KindName(info), info.bit_depth);
  std::printf("model             %s (%s)\n", HashName(info.model_hash).c_str(),
              info.model_hash == 0 ? "none needed" : ModelName(info.model_hash, model).c_str());
  std::printf("tiles             %llu of at most %d x %d\n",
              static_cast<unsigned long long>(info.tile_count()), 1 << info.tile_log2,
              1 << info.tile_log2);
  std::printf("sample bytes      %.0f\n", sub_pixels * ((info.bit_depth + 7) / 8));
  std::printf("file bytes        %zu\n", bytes);
  std::printf("header bytes      %zu\n", info.header_bytes);
  std::printf("bits/sub-pixel    %.4f\n", 8.0 * static_cast<double>(bytes) / sub_pixels);
}

// Which of the tiles were converted from what; nothing for gray pictures.
void PrintColour(const DecodeStats& stats) {
  if (stats.info.channels != 3) return;
  std::string text;
  for (int id = 1; id < kColourConversions; ++id) {
    const uint64_t tiles = stats.tiles.conversion_tiles[static_cast<size_t>(id)];
    if (tiles == 0) continue;
    if (!text.empty()) text += ", ";
    text += ColourConversionName(static_cast<ColourConversion>(id)) + std::string(" in ") +
            std::to_string(tiles) + " of " + std::to_string(stats.info.tile_count()) + " tiles";
  }
  if (text.empty()) {
    text = "RGB, lifted";
  } else {
    text += "; " + std::to_string(stats.tiles.colour_exceptions) + " pixels excepted (" +
            std::to_string(stats.tiles.exception_bytes) + " bytes)";
  }
  std::printf("colour            %s\n", text.c_str());
}

// All figures per sub-pixel of the whole picture, so that they add up.
void PrintStats(const DecodeStats& stats) {
  const double sub_pixels = static_cast<double>(stats.info.pixels()) * stats.info.channels;
  const auto& levels = stats.tiles.level_channel_bits;
  std::printf("\nlevel      bytes   bits/sub-pixel");
  for (int c = 0; c < stats.info.channels; ++c) std::printf("  channel %d", c);
  std::printf("\n");
  for (size_t level = 0; level < levels.size(); ++level) {
    double sum = 0;
    for (const double bits : levels[level]) sum += bits;
    if (level + 1 == levels.size()) {
      std::printf("base ");
    } else {
      std::printf("%-5zu", level);
    }
    const auto& bytes = stats.tiles.level_bytes;
    std::printf(" %10zu  %15.4f", level < bytes.size() ? bytes[level] : 0, sum / sub_pixels);
    for (int c = 0; c < stats.info.channels; ++c) {
      std::printf("  %9.4f", levels[level][static_cast<size_t>(c)] / sub_pixels);
    }
    std::printf("\n");
  }
  std::printf("side             -  %15.4f\n", stats.tiles.side_bits / sub_pixels);

  const double bytes = stats.tiles.total_bits() / 8,
               written = static_cast<double>(stats.file_bytes);
  std::printf("\nmodel's -log2 p   %.1f bytes\n", bytes);
  std::printf("bytes written     %.0f (-log2 p x %.5f, %+.1f bytes)\n", written,
              written / std::max(bytes, 1.0), written - bytes);
}

void Run(const Arguments& arguments) {
  const std::unique_ptr<const Model> model = Prepare(arguments.common);
  WithFile(arguments.input, [&] {
    const std::vector<uint8_t> file = ReadFile(arguments.input);
    PrintHeader(arguments.input, Probe(file), file.size(), model.get());
    DecodeOptions options;
    options.model_override = model.get();
    options.jobs = arguments.common.jobs;
    DecodeStats stats;
    {
      Progress progress("decoding", arguments.common.quiet);
      Decode(file, options, &stats, progress.Callback());
    }
    PrintColour(stats);
    PrintStats(stats);
  });
}

}  // namespace

void AddInfoCommand(CLI::App& app, Action& run) {
  CLI::App* command = app.add_subcommand("info", "Show what a .flz file holds and what it costs");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("FILE", arguments->input, ".flz file")->required();
  AddCommonOptions(*command, arguments->common, false);
  command->callback([arguments, &run] { run = [arguments] { Run(*arguments); }; });
}

}  // namespace flowzip
