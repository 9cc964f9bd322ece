// SPDX-License-Identifier: BSD-3-Clause
#include "tools/batch/record.h"

#include <sys/stat.h>

#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "tools/cli_common.h"
#include "tools/file_plan.h"

namespace flowzip {
namespace {

using Json = nlohmann::json;

constexpr const char* kStatusNames[] = {"done", "skipped", "failed"};

std::string Text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

template <class T>
T Number(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return T{};
  const bool fits = std::is_floating_point_v<T> ? found->is_number() : found->is_number_integer();
  return fits ? found->get<T>() : T{};
}

// The bytes of a name, which its text may not have.
std::string Name(const Json& object, const std::string& key) {
  const std::string digits = Text(object, (key + "_hex").c_str());
  if (digits.empty()) return Text(object, key.c_str());
  std::string bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) {
    unsigned char byte = 0;
    const char* const end = digits.data() + i + 2;
    if (std::from_chars(end - 2, end, byte, 16).ptr != end) return "";
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

}  // namespace

void FileRecord::LookAtSource() {
  struct stat status;
  const bool there = path != kStandardStream && stat(path.c_str(), &status) == 0;
  size = there && S_ISREG(status.st_mode) ? static_cast<uint64_t>(status.st_size) : 0;
  mtime_ns = there ? int64_t{status.st_mtim.tv_sec} * 1000000000 + status.st_mtim.tv_nsec : 0;
}

std::string FileRecord::Json() const {
  std::string line = "{" + JsonName("path", path);
  const auto text = [&](const char* key, const std::string& value) {
    if (!value.empty()) line += std::string(", \"") + key + "\": " + JsonString(value);
  };
  const auto number = [&](const char* key, int64_t value) {
    line += std::string(", \"") + key + "\": " + std::to_string(value);
  };
  text("command", command);
  text("status", kStatusNames[static_cast<int>(status)]);
  text("reason", reason);
  number("size", static_cast<int64_t>(size));
  number("mtime_ns", mtime_ns);
  text("sha256", sha256);
  if (!output.empty()) line += ", " + JsonName("output", output);
  if (status != FileStatus::kFailed && !output.empty()) {
    number("output_size", static_cast<int64_t>(output_size));
  }
  text("output_sha256", output_sha256);
  if (width > 0) {
    number("width", width);
    number("height", height);
    number("channels", channels);
    number("bit_depth", bit_depth);
  }
  text("pixels_sha256", pixels_sha256);
  text("effort", effort);
  text("version", FLOWZIP_VERSION);
  char time[32];
  std::snprintf(time, sizeof time, "%.3f", finished);
  return line + ", \"finished\": " + time + "}\n";
}

std::optional<FileRecord> ParseRecord(const std::string& line) {
  const nlohmann::json object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return std::nullopt;
  FileRecord record;
  const std::string status = Text(object, "status");
  bool known = false;
  for (int i = 0; i < 3; ++i) {
    if (status != kStatusNames[i]) continue;
    record.status = static_cast<FileStatus>(i);
    known = true;
  }
  record.path = Name(object, "path");
  if (!known || record.path.empty()) return std::nullopt;
  record.output = Name(object, "output");
  record.command = Text(object, "command");
  record.reason = Text(object, "reason");
  record.size = Number<uint64_t>(object, "size");
  record.mtime_ns = Number<int64_t>(object, "mtime_ns");
  record.output_size = Number<uint64_t>(object, "output_size");
  record.width = Number<uint32_t>(object, "width");
  record.height = Number<uint32_t>(object, "height");
  record.channels = Number<int>(object, "channels");
  record.bit_depth = Number<int>(object, "bit_depth");
  record.sha256 = Text(object, "sha256");
  record.output_sha256 = Text(object, "output_sha256");
  record.pixels_sha256 = Text(object, "pixels_sha256");
  record.effort = Text(object, "effort");
  record.finished = Number<double>(object, "finished");
  return record;
}

}  // namespace flowzip
