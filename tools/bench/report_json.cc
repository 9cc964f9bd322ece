// SPDX-License-Identifier: BSD-3-Clause
// Everything that was measured, every run of it, for other programs.
#include <nlohmann/json.hpp>

#include "tools/bench/report.h"

namespace flowzip::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kOperationNames[kOperations] = {"encode_whole", "decode_whole",
                                                      "encode_inside", "decode_inside"};

Json CellJson(const Cell& cell, const ImageInfo& image) {
  Json json = {{"image", image.name}, {"bytes", cell.bytes}};
  for (int op = 0; op < kOperations; ++op) {
    const Runs& runs = cell.runs[op];
    if (runs.seconds.empty()) continue;
    Json entry;
    for (const Seconds& run : runs.seconds) {
      entry["wall_s"].push_back(run.wall);
      entry["cpu_s"].push_back(run.cpu);
    }
    if (runs.peak_bytes > 0) entry["peak_bytes"] = runs.peak_bytes;
    json[kOperationNames[op]] = std::move(entry);
  }
  return json;
}

Json ModelJson(const Codec& codec, const ModelBits& bits) {
  return {{"name", codec.model->name},
          {"bits_per_dimension", bits.total},
          {"overhead_bits_per_sub_pixel", bits.overhead},
          {"filter_bits_per_sub_pixel", bits.side},
          {"other_modes_bits_per_sub_pixel", bits.other},
          {"bits_per_sub_pixel_by_channel", bits.channel}};
}

Json CodecJson(const Results& results, size_t c) {
  const Codec& codec = results.codecs[c];
  const Summary summary = Summarize(results, c);
  Json json = {{"name", codec.name},
               {"family", codec.family},
               {"version", codec.version},
               {"options", codec.options},
               {"encode_command", codec.encode_command},
               {"decode_command", codec.decode_command},
               {"threads", codec.threads},
               {"bytes", summary.bytes},
               {"bits_per_sub_pixel", summary.bits_per_sub_pixel},
               {"percent_of_reference", 100 + summary.percent}};
  for (int op = 0; op < kOperations; ++op) {
    if (summary.rates[op].wall <= 0) continue;
    Json entry = {{"wall_mp_per_s", summary.rates[op].wall},
                  {"cpu_mp_per_s", summary.rates[op].cpu}};
    if (summary.peak_bytes[op] > 0) entry["peak_bytes"] = summary.peak_bytes[op];
    json[kOperationNames[op]] = std::move(entry);
  }
  if (codec.is_flowzip()) json["model"] = ModelJson(codec, SumModelBits(results, c));
  for (size_t i = 0; i < results.images.size(); ++i) {
    json["images"].push_back(CellJson(results.cells[c][i], results.images[i]));
  }
  return json;
}

Json SkippedJson(const std::vector<Skipped>& all) {
  Json json = Json::array();
  for (const Skipped& one : all) json.push_back({{"name", one.name}, {"reason", one.reason}});
  return json;
}

}  // namespace

std::string JsonReport(const Results& results) {
  const Machine& machine = results.machine;
  Json json = {{"flowzip", results.version},
               {"date", machine.date},
               {"command", results.command_line},
               {"machine",
                {{"cpu", machine.cpu},
                 {"cores", machine.cores},
                 {"system", machine.system},
                 {"simd", machine.simd},
                 {"load_before", machine.load_before},
                 {"load_after", machine.load_after}}},
               {"scratch", results.scratch},
               {"repeats", results.repeats},
               {"repeat_below_s", results.repeat_below},
               {"jobs", results.jobs},
               {"reference", results.codecs[results.reference].name},
               {"images", Json::array()},
               {"codecs", Json::array()},
               {"missing", SkippedJson(results.missing)},
               {"skipped", SkippedJson(results.skipped)}};
  for (const ImageInfo& image : results.images) {
    json["images"].push_back({{"name", image.name},
                              {"path", image.path},
                              {"width", image.width},
                              {"height", image.height},
                              {"channels", image.channels},
                              {"bit_depth", image.bit_depth},
                              {"file_bytes", image.file_bytes}});
  }
  for (size_t c = 0; c < results.codecs.size(); ++c) {
    json["codecs"].push_back(CodecJson(results, c));
  }
  // File names need not be UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace flowzip::bench
