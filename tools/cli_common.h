// SPDX-License-Identifier: BSD-3-Clause
// What the subcommands of the command line share: options, errors, progress.
#pragma once

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

#include "base/error.h"
#include "model/model.h"

namespace flowzip {

// A failure that concerns one file; main() prints "flowzip: FILE: reason".
class FileError : public std::runtime_error {
 public:
  FileError(const std::string& file, const std::string& reason)
      : std::runtime_error(file + ": " + reason) {}
};

// Runs body() and turns what it throws into a FileError about `file`.
template <class F>
auto WithFile(const std::string& file, const F& body) {
  try {
    return body();
  } catch (const FileError&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw FileError(file, "out of memory");
  } catch (const std::length_error&) {  // a vector beyond any address space
    throw FileError(file, "out of memory");
  } catch (const std::exception& error) {
    throw FileError(file, error.what());
  }
}

struct CommonOptions {
  int jobs = 1;
  bool force = false, quiet = false;
  std::string model_path;  // empty: the embedded models
  std::string simd;        // empty: the best target
};

// -j, -q, --model and --simd; with `writes` also -f.
void AddCommonOptions(CLI::App& command, CommonOptions& options, bool writes);

// Applies --simd, and reads --model: null if not given.
std::unique_ptr<const Model> Prepare(const CommonOptions& options);

// `path` with the extension `from` replaced by `to`, or with `to` appended.
std::string DerivedName(const std::string& path, const std::string& from, const std::string& to);

// Refuses an output that is the very file the input comes from.
void CheckNotSameFile(const std::string& input, const std::string& output);

// A percentage on standard error, if that is a terminal and it takes over a second.
class Progress {
 public:
  Progress(std::string verb, bool quiet);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  std::function<void(uint64_t, uint64_t)> Callback();

 private:
  std::string verb_;
  bool enabled_, shown_ = false;
  std::chrono::steady_clock::time_point start_;
};

// Each adds its subcommand; parsing stores what is to be run in `run`.
using Action = std::function<void()>;
void AddEncodeCommand(CLI::App& app, Action& run);
void AddDecodeCommand(CLI::App& app, Action& run);
void AddInfoCommand(CLI::App& app, Action& run);
void AddScoreCommand(CLI::App& app, Action& run);
void AddSampleCommand(CLI::App& app, Action& run);
void AddBenchCommand(CLI::App& app, Action& run);

}  // namespace flowzip
