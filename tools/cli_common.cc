// SPDX-License-Identifier: BSD-3-Clause
#include "tools/cli_common.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <thread>
#include <utility>

#include "model/simd_targets.h"
#include "tools/read_file.h"

namespace flowzip {

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

std::unique_ptr<const Model> Prepare(const CommonOptions& options) {
  if (!options.simd.empty() && !ForceSimdTarget(options.simd)) {
    throw FileError(options.simd, "not an instruction set of this program and machine");
  }
  if (options.model_path.empty()) return nullptr;
  return WithFile(options.model_path, [&] {
    return std::make_unique<const Model>(Model::Parse(ReadFile(options.model_path)));
  });
}

std::string DerivedName(const std::string& path, const std::string& from, const std::string& to) {
  std::filesystem::path name(path);
  std::string extension = name.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension == from ? name.replace_extension(to).string() : path + to;
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
