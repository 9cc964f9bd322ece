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
#include "codec/api/codec.h"
#include "model/model.h"
#include "tools/file_plan.h"

namespace flowzip {

enum ExitStatus { kDone = 0, kFailed = 1, kUsage = 2 };

// "flowzip: MESSAGE" on standard error, in one line whatever the message has in it.
ExitStatus Complain(const std::string& message, ExitStatus status);

// Some of several files failed, and each has been complained about.
struct SomeFailed {};

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
  bool force = false, quiet = false, verbose = false;
  bool attributes = false;  // extended ones go with the file
  std::string model_path;  // empty: the embedded models
  std::string effort;      // fast, standard or best; empty: the default model
  std::string simd;        // empty: the best target
  uint64_t max_pixels = kDefaultMaxPixels, max_memory = kDefaultMaxMemory;  // ~0: no limit
};

// -j (or FLOWZIP_JOBS), -q, --model and --simd; with `writes` also -f.
void AddCommonOptions(CLI::App& command, CommonOptions& options, bool writes);
// -v, --max-pixels and --max-memory, for commands that read files of others.
void AddLimitOptions(CLI::App& command, CommonOptions& options);
// -e, -1 to -9 for the same, and FLOWZIP_EFFORT without either; not together with --model, which must have been added.
void AddEffortOption(CLI::App& command, CommonOptions& options);
// -o, --output-dir and --xattrs. `becomes` says what the outputs are called.
void AddOutputArguments(CLI::App& command, FileArguments& files, CommonOptions& options,
                        const std::string& becomes);

// Applies --simd; the model of --model or --effort, or null if neither was given.
std::shared_ptr<const Model> Prepare(const CommonOptions& options);
// --simd alone.
void ApplySimd(const CommonOptions& options);

// Calls body(item) for each; a FileError ends that item only. Throws SomeFailed at the end if
// there were any.
template <class Items, class F>
void ForEachFile(const Items& items, const F& body) {
  bool failed = false;
  for (const auto& item : items) {
    try {
      body(item);
    } catch (const FileError& error) {
      Complain(error.what(), kFailed);
      failed = true;
    }
  }
  if (failed) throw SomeFailed{};
}

// A name for people to read: a terminal's control characters become question marks.
std::string Printable(std::string text);
// A string of JSON, quotes included, in valid UTF-8: what is none becomes U+FFFD.
std::string JsonString(const std::string& text);
// A member of an object that names a file, as "file": "a.png"; a name that is no UTF-8 is followed
// by its bytes in hexadecimal, as "file_hex".
std::string JsonName(const std::string& key, const std::string& path);

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
void AddTestCommand(CLI::App& app, Action& run);
void AddAuditCommand(CLI::App& app, Action& run);
void AddInfoCommand(CLI::App& app, Action& run);
void AddScoreCommand(CLI::App& app, Action& run);
void AddSampleCommand(CLI::App& app, Action& run);
void AddBenchCommand(CLI::App& app, Action& run);

}  // namespace flowzip
