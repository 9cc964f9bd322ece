// SPDX-License-Identifier: BSD-3-Clause
// flowzip info FILE...: what the header says, and where the bits went.
//
// The bits per channel are the model's own -log2 p of the picture, so the file has to be decoded
// (--header leaves it at that); the sum stands beside the bytes that were written.
#include <algorithm>
#include <cstdio>
#include <numeric>

#include "codec/api/codec.h"
#include "codec/tiles/tile_modes.h"
#include "model/embedded.h"
#include "tools/cli_common.h"
#include "tools/read_file.h"

namespace flowzip {
namespace {

struct Arguments {
  CommonOptions common;
  std::vector<std::string> inputs;
  bool json = false, header = false;
};

// Empty for a model that is not here.
std::string ModelName(uint64_t hash, const Model* model) {
  if (model != nullptr && model->hash() == hash) return model->name;
  for (const EmbeddedModel& embedded : EmbeddedModels()) {
    if (embedded.hash() == hash) return embedded.name;
  }
  return "";
}

std::string ModelNote(uint64_t hash, const Model* model) {
  const std::string name = ModelName(hash, model);
  if (name.empty()) return "unknown here";
  return name + (model != nullptr && model->hash() == hash ? ", from --model" : ", embedded");
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
              info.model_hash == 0 ? "none needed" : ModelNote(info.model_hash, model).c_str());
  std::printf("tiles             %llu of at most %u x %u\n",
              static_cast<unsigned long long>(info.tile_count()),
              uint32_t{1} << info.tile_width_log2(), uint32_t{1} << info.tile_height_log2());
  std::printf("sample bytes      %.0f\n", sub_pixels * ((info.bit_depth + 7) / 8));
  std::printf("file bytes        %zu\n", bytes);
  std::printf("header bytes      %zu\n", info.header_bytes);
  if (info.preview.channels > 0) {
    std::printf("preview           %u x %u, %llu bytes\n", info.preview_width(),
                info.preview_height(),
                static_cast<unsigned long long>(info.tiles_at() - info.header_bytes));
  }
  for (const Chunk& chunk : info.chunks) {
    std::printf("chunk %.4s        %zu bytes\n", chunk.type.data(), chunk.data.size());
  }
  std::printf("bits/sub-pixel    %.4f\n", 8.0 * static_cast<double>(bytes) / sub_pixels);
}

// How many tiles are coded in which way.
void PrintModes(const DecodeStats& stats) {
  std::string text;
  for (const ModeRow& row : ModeTable()) {
    const uint64_t tiles = stats.tiles.mode_tiles[static_cast<size_t>(row.mode)];
    if (tiles == 0) continue;
    text += (text.empty() ? "" : ", ") + std::string(row.name) + " " + std::to_string(tiles);
  }
  std::printf("tiles coded by    %s\n", text.c_str());
}

int ColourChannels(const FileInfo& info) { return info.channels >= 3 ? 3 : 1; }

// Which of the tiles were converted from what; nothing where neither model nor raster coder
// codes colour.
void PrintColour(const DecodeStats& stats) {
  const TileStats& tiles = stats.tiles;
  const uint64_t converted =
      std::accumulate(tiles.conversion_tiles.begin(), tiles.conversion_tiles.end(), uint64_t{0});
  if (stats.info.channels < 3 || converted == 0) return;
  std::string text;
  for (int id = 1; id < kColourConversions; ++id) {
    const uint64_t count = tiles.conversion_tiles[static_cast<size_t>(id)];
    if (count == 0) continue;
    if (!text.empty()) text += ", ";
    text += ColourConversionName(static_cast<ColourConversion>(id)) + std::string(" in ") +
            std::to_string(count) + " of " + std::to_string(stats.info.tile_count()) + " tiles";
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
  const TileStats& tiles = stats.tiles;
  std::printf("\n               bytes   bits/sub-pixel\n");
  const bool by_model = tiles.total_bits() > 0;
  for (int c = 0; c < ColourChannels(stats.info) && by_model; ++c) {
    const auto i = static_cast<size_t>(c);
    std::printf("channel %d  %10llu  %15.4f\n", c,
                static_cast<unsigned long long>(tiles.channel_bytes[i]),
                tiles.channel_bits[i] / sub_pixels);
  }
  if (by_model) std::printf("side                -  %15.4f\n", tiles.side_bits / sub_pixels);
  if (tiles.other_bytes > 0) {
    std::printf("other      %10llu  %15.4f\n", static_cast<unsigned long long>(tiles.other_bytes),
                8.0 * static_cast<double>(tiles.other_bytes) / sub_pixels);
  }
  if (!by_model) return;

  const double bytes = stats.tiles.total_bits() / 8 + static_cast<double>(stats.tiles.other_bytes),
               written = static_cast<double>(stats.file_bytes);
  std::printf("\nmodel's -log2 p   %.1f bytes\n", bytes);
  std::printf("bytes written     %.0f (-log2 p x %.5f, %+.1f bytes)\n", written,
              written / std::max(bytes, 1.0), written - bytes);
}

// One object of the array that --json prints; the figures of `stats` only if it is there.
std::string JsonObject(const std::string& name, const FileInfo& info, size_t bytes,
                       const Model* model, const DecodeStats* stats) {
  const double sub_pixels = static_cast<double>(info.pixels()) * info.channels;
  const std::string model_name = ModelName(info.model_hash, model);
  std::string out;
  const auto add = [&out](const char* format, auto... values) {
    char text[200];
    std::snprintf(text, sizeof text, format, values...);
    out += text;
  };
  out += " {" + JsonName("file", name);
  add(", \"format_version\": %d,\n", kFormatVersion);
  add("  \"width\": %u, \"height\": %u, \"channels\": %d, \"bit_depth\": %d,\n", info.width,
      info.height, info.channels, info.bit_depth);
  add("  \"palette\": %s, \"interlaced\": %s,\n", info.indexed ? "true" : "false",
      info.interlaced ? "true" : "false");
  out += "  \"model\": {\"hash\": \"" + HashName(info.model_hash) +
         "\", \"name\": " + (model_name.empty() ? "null" : JsonString(model_name)) + "},\n";
  add("  \"tile_size\": %u, \"tiles\": %llu,\n", uint32_t{1} << info.tile_log2,
      static_cast<unsigned long long>(info.tile_count()));
  add("  \"sample_bytes\": %.0f, \"file_bytes\": %zu, \"header_bytes\": %zu,\n",
      sub_pixels * ((info.bit_depth + 7) / 8), bytes, info.header_bytes);
  if (info.preview.channels > 0) {
    add("  \"preview\": {\"width\": %u, \"height\": %u, \"channels\": %d, \"bytes\": %llu},\n",
        info.preview_width(), info.preview_height(), info.preview.channels,
        static_cast<unsigned long long>(info.tiles_at() - info.header_bytes));
  }
  add("  \"bits_per_sub_pixel\": %.6f,\n  \"chunks\": [",
      8.0 * static_cast<double>(bytes) / sub_pixels);
  for (size_t i = 0; i < info.chunks.size(); ++i) {
    const Chunk& chunk = info.chunks[i];
    add("%s{\"type\": \"%.4s\", \"bytes\": %zu}", i > 0 ? ", " : "", chunk.type.data(),
        chunk.data.size());
  }
  out += "]";
  if (stats != nullptr) {
    out += ",\n  \"tile_modes\": {";
    int modes_shown = 0;
    for (const ModeRow& row : ModeTable()) {
      const uint64_t tiles = stats->tiles.mode_tiles[static_cast<size_t>(row.mode)];
      if (tiles == 0) continue;
      add("%s\"%s\": %llu", modes_shown++ > 0 ? ", " : "", row.name,
          static_cast<unsigned long long>(tiles));
    }
    add("}, \"other_bytes\": %llu", static_cast<unsigned long long>(stats->tiles.other_bytes));
    out += ",\n  \"colour_conversions\": {";
    for (int id = 1, shown = 0; id < kColourConversions; ++id) {
      const uint64_t tiles = stats->tiles.conversion_tiles[static_cast<size_t>(id)];
      if (tiles == 0) continue;
      add("%s\"%s\": %llu", shown++ > 0 ? ", " : "",
          ColourConversionName(static_cast<ColourConversion>(id)),
          static_cast<unsigned long long>(tiles));
    }
    add("}, \"colour_exceptions\": %llu",
        static_cast<unsigned long long>(stats->tiles.colour_exceptions));
    add(",\n  \"model_bits\": %.3f, \"side_bits\": %.3f", stats->tiles.total_bits(),
        stats->tiles.side_bits);
    out += ",\n  \"model_channels\": [";
    for (int c = 0; c < ColourChannels(info); ++c) {
      const auto i = static_cast<size_t>(c);
      add("%s{\"bytes\": %llu, \"bits\": %.3f}", c > 0 ? ", " : "",
          static_cast<unsigned long long>(stats->tiles.channel_bytes[i]),
          stats->tiles.channel_bits[i]);
    }
    out += "]";
  }
  return out + "}";
}

void InfoOne(const std::string& path, const Arguments& arguments, const Model* model,
             std::vector<std::string>& objects) {
  const CommonOptions& common = arguments.common;
  const std::string name = InputName(path);
  WithFile(name, [&] {
    const FileBytes file = ReadInput(path, false, common.max_memory);
    const FileInfo info = Probe(file);
    if (!arguments.json) {
      if (&path != &arguments.inputs.front()) std::printf("\n");
      PrintHeader(Printable(name), info, file.size(), model);
    }
    DecodeStats stats;
    if (!arguments.header) {
      DecodeOptions options;
      options.model_override = model;
      options.jobs = common.jobs;
      options.max_pixels = common.max_pixels;
      options.max_memory = common.max_memory;
      Progress progress("decoding", common.quiet);
      Decode(file, options, &stats, progress.Callback());
    }
    if (arguments.json) {
      objects.push_back(
          JsonObject(name, info, file.size(), model, arguments.header ? nullptr : &stats));
    } else if (!arguments.header) {
      PrintModes(stats);
      PrintColour(stats);
      PrintStats(stats);
    }
  });
}

void Run(const Arguments& arguments) {
  const std::shared_ptr<const Model> model = Prepare(arguments.common);
  std::vector<std::string> objects;
  const auto print = [&] {
    if (!arguments.json) return;
    std::printf("[");
    for (size_t i = 0; i < objects.size(); ++i) {
      std::printf("%s\n%s", i > 0 ? "," : "", objects[i].c_str());
    }
    std::printf("\n]\n");
  };
  try {
    ForEachFile(arguments.inputs,
                [&](const std::string& path) { InfoOne(path, arguments, model.get(), objects); });
  } catch (const SomeFailed&) {
    print();
    throw;
  }
  print();
}

}  // namespace

void AddInfoCommand(CLI::App& app, Action& run) {
  CLI::App* command = app.add_subcommand("info", "Show what .flz files hold and what it costs");
  const auto arguments = std::make_shared<Arguments>();
  command->add_option("FILES", arguments->inputs, ".flz files; - is standard input")->required();
  command->add_flag("--json", arguments->json, "Print JSON");
  command->add_flag("--header", arguments->header, "Look at the header only, decode nothing");
  AddCommonOptions(*command, arguments->common, false);
  AddLimitOptions(*command, arguments->common);
  command->callback([arguments, &run] { run = [arguments] { Run(*arguments); }; });
}

}  // namespace flowzip
