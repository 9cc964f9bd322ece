// SPDX-License-Identifier: BSD-3-Clause
// Which file becomes which, settled before anything is read or written.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "tools/atomic_file.h"
#include "tools/batch/file_list.h"
#include "tools/picture_format.h"
#include "tools/read_file.h"

namespace flowzip {

// Wrong usage; main() prints it and ends with status 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// "-" stands for standard input or standard output.
inline constexpr char kStandardStream[] = "-";

struct FileArguments {
  std::string output, output_dir;  // at most one of them; empty: derived names
};

struct FileTask {
  std::string input, output;
  bool derived = false;    // the output's name follows from the input's
  std::string below{};     // the folders below --output-dir that the output needs, and a name
  std::string problem{};   // why it cannot be done, where that does not keep others from it
};

// Names the outputs: -o, or the input's name with an extension of `from` (lower case; any case
// matches) replaced by `to`, or with `to` appended; standard input goes to standard output, and so
// do the names that the system has for it (/dev/stdin).
// Throws UsageError if a device would have to give its name, or if the arguments contradict each
// other. Two inputs that would have the same output, and outputs that are inputs, are UsageErrors
// too where each was named; of what was found in folders and lists they are problems of their own.
std::vector<FileTask> PlanFiles(const FileArguments& arguments, const FileList& list,
                                const std::vector<std::string>& from, const std::string& to);

// Makes --output-dir if it is missing (its parents not), with no permissions that the folders of the
// inputs do not have. Throws FileError.
void MakeOutputDir(const FileArguments& arguments, const std::vector<FileTask>& tasks);
// Makes the folders below it that the task's output needs, with the permissions of those that the
// input is in. For several threads. Throws kIo.
void MakeFolders(const FileTask& task, const FileArguments& arguments);

std::string DerivedName(const std::string& path, const std::vector<std::string>& from,
                        const std::string& to);

// What a picture that is made is written as: what the name says, else PNG. Throws UsageError for the
// names of formats that are not written.
PictureFormat FormatOfOutput(const std::string& path);

// For messages: the name itself, or "standard input", "standard output".
std::string InputName(const std::string& path);
std::string OutputName(const std::string& path);

// A whole file or all of standard input, unless that is a terminal and `force` is not set.
// Throws kIo, or kLimit for more than `max_bytes`.
FileBytes ReadInput(const std::string& path, bool force, uint64_t max_bytes);

// A file that appears complete or not at all (AtomicFile), or standard output.
class Output {
 public:
  // Throws kIo; for a terminal too, unless `force` is set.
  Output(const std::string& path, bool force);

  std::FILE* stream() { return file_ ? file_->stream() : stdout; }
  void Write(ByteSpan bytes);
  // The file gets time, permissions and (with `attributes`) extended attributes of `input` if that
  // is a file too.
  // As AtomicFile::Commit.
  void Commit(const std::string& input, bool attributes = false, FolderSync* folders = nullptr);

 private:
  std::unique_ptr<AtomicFile> file_;  // null: standard output
};

}  // namespace flowzip
