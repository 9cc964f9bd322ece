// SPDX-License-Identifier: BSD-3-Clause
#include "tools/file_plan.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <map>

#include "tools/cli_common.h"

namespace flowzip {
namespace {

namespace fs = std::filesystem;
using Identity = std::pair<dev_t, ino_t>;

// What a path leads to, if that is a regular file.
bool Identify(const std::string& path, Identity* identity) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  *identity = {status.st_dev, status.st_ino};
  return true;
}

// The same text for two names of one place, whether or not there is a file.
std::string Place(const std::string& path) {
  std::error_code error;
  fs::path parent = fs::path(path).parent_path();
  parent = fs::weakly_canonical(parent.empty() ? "." : parent, error);
  return error ? path : (parent / fs::path(path).filename()).string();
}

void CheckOutputs(const std::vector<FileTask>& tasks) {
  std::map<std::string, std::string> places;  // to the input that goes there
  std::map<Identity, std::string> files;
  std::map<Identity, std::string> inputs;
  Identity identity;
  for (const FileTask& task : tasks) {
    if (task.input != kStandardStream && Identify(task.input, &identity)) {
      inputs.emplace(identity, task.input);
    }
  }
  for (const FileTask& task : tasks) {
    if (task.output == kStandardStream) continue;
    const bool is_file = Identify(task.output, &identity);
    if (is_file && inputs.count(identity) > 0) {
      throw UsageError(task.output + ": is an input file, and would be the output of " +
                       InputName(task.input));
    }
    const auto [place, fresh] = places.emplace(Place(task.output), task.input);
    const auto other = is_file ? files.emplace(identity, task.input) : std::pair{files.end(), true};
    if (!fresh || !other.second) {
      const std::string& first = fresh ? other.first->second : place->second;
      throw UsageError(task.output + ": would be the output of both " + InputName(first) + " and " +
                       InputName(task.input));
    }
  }
}

void MakeDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0777) == 0 || errno == EEXIST) return;
  throw FileError(path, SystemError(errno).what());
}

}  // namespace

std::string DerivedName(const std::string& path, const std::vector<std::string>& from,
                        const std::string& to) {
  fs::path name(path);
  std::string extension = name.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool known = std::find(from.begin(), from.end(), extension) != from.end();
  return known ? name.replace_extension(to).string() : path + to;
}

std::vector<FileTask> PlanFiles(const FileArguments& arguments,
                                const std::vector<std::string>& from, const std::string& to) {
  const std::vector<std::string>& inputs = arguments.inputs;
  if (std::count(inputs.begin(), inputs.end(), kStandardStream) > 1) {
    throw UsageError("standard input can be read once only");
  }
  if (!arguments.output.empty() && inputs.size() > 1) {
    throw UsageError("--output is for one input; use --output-dir for several");
  }
  std::vector<FileTask> tasks;
  for (const std::string& input : inputs) {
    std::string output = arguments.output;
    if (output.empty() && input == kStandardStream) {
      if (!arguments.output_dir.empty()) {
        throw UsageError("standard input has no name to be used in --output-dir; use --output");
      }
      output = kStandardStream;
    } else if (output.empty()) {
      output = DerivedName(input, from, to);
      if (!arguments.output_dir.empty()) {
        output = (fs::path(arguments.output_dir) / fs::path(output).filename()).string();
      }
    }
    tasks.push_back({input, output});
  }
  CheckOutputs(tasks);
  if (!arguments.output_dir.empty()) MakeDirectory(arguments.output_dir);
  return tasks;
}

std::string InputName(const std::string& path) {
  return path == kStandardStream ? "standard input" : path;
}

std::string OutputName(const std::string& path) {
  return path == kStandardStream ? "standard output" : path;
}

FileBytes ReadInput(const std::string& path, bool force, uint64_t max_bytes) {
  if (path != kStandardStream) return ReadFile(path, max_bytes);
  Require(force || isatty(STDIN_FILENO) == 0, ErrorCode::kIo, "is a terminal");
  return ReadStream(stdin, max_bytes);
}

Output::Output(const std::string& path, bool force) {
  if (path != kStandardStream) {
    file_ = std::make_unique<AtomicFile>(path, force);
    return;
  }
  Require(force || isatty(STDOUT_FILENO) == 0, ErrorCode::kIo,
          "is a terminal; name a file with --output, or use --force");
}

void Output::Write(ByteSpan bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), stream()) != bytes.size()) {
    throw SystemError(errno);
  }
}

void Output::Commit(const std::string& input) {
  if (!file_) {
    if (std::ferror(stdout) || std::fflush(stdout) != 0) throw SystemError(errno);
    return;
  }
  struct stat status;
  if (input != kStandardStream && stat(input.c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
    file_->SetModificationTime(status.st_mtim);
  }
  file_->Commit();
}

}  // namespace flowzip
