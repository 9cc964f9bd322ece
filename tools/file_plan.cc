// SPDX-License-Identifier: BSD-3-Clause
#include "tools/file_plan.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>

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

// Finds outputs that several would write, or that are inputs; says so by `report(task, why)`.
template <class Report>
void CheckOutputs(std::vector<FileTask>& tasks, const Report& report) {
  std::map<std::string, std::string> places;  // to the input that goes there
  std::map<Identity, std::string> files;
  std::set<Identity> inputs;
  Identity identity;
  for (const FileTask& task : tasks) {
    if (task.input != kStandardStream && Identify(task.input, &identity)) inputs.insert(identity);
  }
  for (FileTask& task : tasks) {
    if (task.output == kStandardStream) continue;
    const bool is_file = Identify(task.output, &identity);
    if (is_file && inputs.count(identity) > 0) {
      report(task, "is an input file, and would be the output of " + InputName(task.input));
      continue;
    }
    const auto [place, fresh] = places.emplace(Place(task.output), task.input);
    const auto other = is_file ? files.emplace(identity, task.input) : std::pair{files.end(), true};
    if (!fresh || !other.second) {
      const std::string& first = fresh ? other.first->second : place->second;
      report(task, "would be the output of both " + InputName(first) + " and " +
                       InputName(task.input));
    }
  }
}

// The system's names for standard input and output mean just that.
std::string StreamOr(const std::string& path, const char* name, const char* number) {
  const bool stream = path == std::string("/dev/") + name || path == std::string("/dev/fd/") + number ||
                      path == std::string("/proc/self/fd/") + number;
  return stream ? kStandardStream : path;
}

// A pipe or a device has no name that could be made another file's.
void RequireNamed(const std::string& input) {
  struct stat status;
  if (stat(input.c_str(), &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) {
    throw UsageError(input + ": is no file whose name an output could have; use --output");
  }
}

// The folder that an input's part of the tree begins in: as far above the file as the output is
// below --output-dir.
fs::path RootOf(const FileTask& task) {
  fs::path root = fs::path(task.input).parent_path();
  const fs::path folders = fs::path(task.below).parent_path();
  for (auto it = folders.begin(); it != folders.end(); ++it) root = root.parent_path();
  return root.empty() ? "." : root;
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

std::vector<FileTask> PlanFiles(const FileArguments& arguments, const FileList& list,
                                const std::vector<std::string>& from, const std::string& to) {
  std::vector<FileTask> tasks;
  bool streamed = false, found = false;
  for (const ListedFile& file : list.files) {
    const std::string input = StreamOr(file.path, "stdin", "0");
    if (input == kStandardStream && std::exchange(streamed, true)) {
      throw UsageError("standard input can be read once only");
    }
    if (!arguments.output.empty() && !tasks.empty()) {
      throw UsageError("--output is for one input; use --output-dir for several");
    }
    FileTask task{input, StreamOr(arguments.output, "stdout", "1")};
    found = found || !file.below.empty();
    if (task.output.empty() && input == kStandardStream) {
      if (!arguments.output_dir.empty()) {
        throw UsageError("standard input has no name to be used in --output-dir; use --output");
      }
      task.output = kStandardStream;
    } else if (task.output.empty()) {
      RequireNamed(input);
      task.derived = true;
      task.output = DerivedName(input, from, to);
      if (!arguments.output_dir.empty()) {
        const fs::path name = fs::path(task.output).filename();
        task.below = (fs::path(file.below).parent_path() / name).string();
        task.output = (fs::path(arguments.output_dir) / task.below).string();
      }
    }
    tasks.push_back(std::move(task));
  }
  CheckOutputs(tasks, [&](FileTask& task, const std::string& why) {
    if (!found) throw UsageError(task.output + ": " + why);
    task.problem = why;
  });
  return tasks;
}

void MakeOutputDir(const FileArguments& arguments, const std::vector<FileTask>& tasks) {
  if (arguments.output_dir.empty()) return;
  // What is in a private folder does not come into one that others may look into.
  mode_t mode = 0777;
  std::set<fs::path> seen;
  for (const FileTask& task : tasks) {
    const fs::path root = RootOf(task);
    struct stat status;
    if (seen.insert(root).second && stat(root.c_str(), &status) == 0) mode &= status.st_mode;
  }
  if (mkdir(arguments.output_dir.c_str(), mode | 0700) == 0 || errno == EEXIST) return;
  throw FileError(arguments.output_dir, SystemError(errno).what());
}

void MakeFolders(const FileTask& task, const FileArguments& arguments) {
  const fs::path below = fs::path(task.below).parent_path();
  if (below.empty()) return;
  // The input's folder of the same depth, as far up as it has the same names.
  std::vector<fs::path> sources;
  fs::path source = fs::path(task.input).parent_path();
  const std::vector<fs::path> names(below.begin(), below.end());
  for (size_t i = names.size(); i > 0 && source.filename() == names[i - 1]; --i) {
    sources.push_back(source);
    source = source.parent_path();
  }
  fs::path folder = arguments.output_dir;
  for (size_t i = 0; i < names.size(); ++i) {
    folder /= names[i];
    struct stat status;
    const size_t up = names.size() - 1 - i;
    const bool known = up < sources.size() && stat(sources[up].c_str(), &status) == 0;
    const mode_t mode = known ? (status.st_mode & 0777) | 0700 : 0777;
    if (mkdir(folder.c_str(), mode) != 0 && errno != EEXIST) {
      throw Error(ErrorCode::kIo, SystemError(errno).what());
    }
  }
}

PictureFormat FormatOfOutput(const std::string& path) {
  if (IsForeignName(path, ".flz")) {
    throw UsageError(path + ": PNG and PNM files are written, not this format");
  }
  return FormatOfName(path).value_or(PictureFormat{});
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

void Output::Commit(const std::string& input, bool attributes, FolderSync* folders) {
  if (!file_) {
    if (std::ferror(stdout) || std::fflush(stdout) != 0) throw SystemError(errno);
    return;
  }
  if (input != kStandardStream) {
    if (std::optional<FileTraits> traits = TraitsOf(input, attributes)) {
      file_->SetTraits(std::move(*traits));
    }
  }
  file_->Commit(folders);
}

}  // namespace flowzip
