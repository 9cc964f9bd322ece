// SPDX-License-Identifier: BSD-3-Clause
#include "tools/cli_common.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>

#include "model/embedded.h"
#include "model/simd_targets.h"
#include "tools/read_file.h"
#include "tools/units.h"

namespace flowzip {

ExitStatus Complain(const std::string& message, ExitStatus status) {
  std::string line = "flowzip: " + message;
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) c = '?';
  }
  std::fprintf(stderr, "%s\n", line.c_str());
  return status;
}

void AddCommonOptions(CLI::App& command, CommonOptions& options, bool writes) {
  options.jobs = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 1024);
  command.add_option("-j,--jobs", options.jobs, "Threads; the result is the same for any number")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  if (writes) command.add_flag("-f,--force", options.force, "Overwrite an existing output");
  command.add_flag("-q,--quiet", options.quiet, "Print errors only");
  command.add_option("--model", options.model_path, "Model file, instead of the embedded ones")
      ->type_name("FILE");
  command
      .add_option("--simd", options.simd,
                  "Instruction set, of those that --version lists; the result is the same")
      ->type_name("TARGET");
}

void AddLimitOptions(CLI::App& command, CommonOptions& options) {
  command.add_flag("-v,--verbose", options.verbose, "Say more about each file");
  const auto add = [&](const char* name, uint64_t* to, uint64_t step, const char* help) {
    command
        .add_option_function<std::string>(
            name,
            [name, to, step](const std::string& text) {
              const std::optional<uint64_t> value = ParseUnits(text, step);
              if (!value) throw CLI::ValidationError(name, "\"" + text + "\" is no such number");
              *to = *value;
            },
            help)
        ->type_name("NUMBER");
  };
  add("--max-pixels", &options.max_pixels, 1000,
      "Refuse larger pictures: a number, as 100M, or none [268435456]");
  add("--max-memory", &options.max_memory, 1024,
      "Refuse what would take more memory: bytes, as 512M, or none [4G]");
}

void AddEffortOption(CLI::App& command, CommonOptions& options) {
  command
      .add_option("-e,--effort", options.effort,
                  "Work for a smaller file: fast, standard or best [standard]")
      ->check(CLI::IsMember({"fast", "standard", "best"}))
      ->excludes(command.get_option("--model"))
      ->type_name("WORD");
}

void AddFileArguments(CLI::App& command, FileArguments& files, const std::string& what,
                      const std::string& becomes) {
  command.add_option("IN", files.inputs, what + "; - is standard input")->required();
  CLI::Option* output = command
                            .add_option("-o,--output", files.output,
                                        "Output, - for standard output [" + becomes + "]")
                            ->type_name("FILE");
  command
      .add_option("--output-dir", files.output_dir,
                  "Folder for the outputs, made if missing [that of the input]")
      ->type_name("DIR")
      ->excludes(output);
}

void ApplySimd(const CommonOptions& options) {
  if (!options.simd.empty() && !ForceSimdTarget(options.simd)) {
    throw FileError(options.simd, "not an instruction set of this program and machine");
  }
}

std::shared_ptr<const Model> Prepare(const CommonOptions& options) {
  ApplySimd(options);
  if (!options.model_path.empty()) {
    return WithFile(options.model_path, [&] {
      return std::make_shared<const Model>(Model::Parse(ReadFile(options.model_path)));
    });
  }
  if (options.effort.empty()) return nullptr;
  const Model* model = ModelForEffort(options.effort);
  if (model == nullptr) {
    throw FileError("--effort", "effort " + options.effort +
                                    " needs the model of that name, which was not built in");
  }
  return {std::shared_ptr<void>(), model};  // kept by the program for ever
}

std::string JsonString(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ') {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(c));
      out += code;
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

void CheckNotSameFile(const std::string& input, const std::string& output) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(output, ignored) &&
      std::filesystem::equivalent(input, output, ignored)) {
    throw FileError(output, "is the input file");
  }
}

Progress::Progress(std::string verb, bool quiet)
    : verb_(std::move(verb)),
      enabled_(!quiet && isatty(STDERR_FILENO) != 0),
      start_(std::chrono::steady_clock::now()) {}

Progress::~Progress() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

std::function<void(uint64_t, uint64_t)> Progress::Callback() {
  if (!enabled_) return {};
  return [this](uint64_t done, uint64_t total) {
    if (std::chrono::steady_clock::now() - start_ < std::chrono::seconds(1)) return;
    shown_ = true;
    std::fprintf(stderr, "\r%s %3d %%", verb_.c_str(), static_cast<int>(100.0 * done / total));
    std::fflush(stderr);
  };
}

}  // namespace flowzip
