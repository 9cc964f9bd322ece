// SPDX-License-Identifier: BSD-3-Clause
#include "tools/cli_common.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
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
  std::fprintf(stderr, "flowzip: %s\n", Printable(message).c_str());
  return status;
}

std::string Printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7F) c = '?';
  }
  return text;
}

void AddCommonOptions(CLI::App& command, CommonOptions& options, bool writes) {
  options.jobs = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 1024);
  command.add_option("-j,--jobs", options.jobs, "Threads; the result is the same for any number")
      ->check(CLI::Range(1, 1024))
      ->envname("FLOWZIP_JOBS")
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

namespace {

// fast, standard or best, also by a number as other programs have them; empty for anything else.
std::string EffortNamed(const std::string& word) {
  if (word == "fast" || word == "standard" || word == "best") return word;
  if (word.size() != 1 || word[0] < '1' || word[0] > '9') return "";
  return word[0] <= '3' ? "fast" : word[0] <= '6' ? "standard" : "best";
}

}  // namespace

void AddEffortOption(CLI::App& command, CommonOptions& options) {
  const auto name = [](std::string& word) -> std::string {
    const std::string effort = EffortNamed(word);
    if (effort.empty()) return "an effort is fast, standard or best, or 1 to 9, not " + word;
    word = effort;
    return "";
  };
  CLI::Option* const model = command.get_option("--model");
  CLI::Option* const by_word =
      command
          .add_option("-e,--effort", options.effort,
                      "Work for a smaller file: fast, standard or best [standard]")
          ->transform(CLI::Validator(name, ""))
          ->excludes(model)
          ->type_name("WORD");
  command
      .add_flag("-1{fast},-2{fast},-3{fast},-4{standard},-5{standard},-6{standard},-7{best},-8{best},"
                "-9{best}",
                options.effort, "The same by number: 1 to 3 are fast, 4 to 6 standard, 7 to 9 best")
      ->excludes(model)
      ->excludes(by_word);
  command.parse_complete_callback([&options] {
    const char* const effort = std::getenv("FLOWZIP_EFFORT");
    if (effort == nullptr || *effort == 0 || !options.effort.empty() || !options.model_path.empty()) {
      return;
    }
    options.effort = EffortNamed(effort);
    if (options.effort.empty()) {
      throw CLI::ValidationError("FLOWZIP_EFFORT", "there is no effort " + std::string(effort));
    }
  });
}

void AddOutputArguments(CLI::App& command, FileArguments& files, CommonOptions& options,
                        const std::string& becomes) {
  CLI::Option* output = command
                            .add_option("-o,--output", files.output,
                                        "Output, - for standard output [" + becomes + "]")
                            ->type_name("FILE");
  command
      .add_option("--output-dir", files.output_dir,
                  "Folder for the outputs, made if missing [that of the input]")
      ->type_name("DIR")
      ->excludes(output);
  command.add_flag("--xattrs", options.attributes,
                   "Give outputs the extended attributes of their inputs");
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
