// SPDX-License-Identifier: BSD-3-Clause
#include "tools/batch/file_list.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>

#include "tools/batch/sha256.h"
#include "tools/cli_common.h"
#include "tools/read_file.h"

namespace flowzip {
namespace {

namespace fs = std::filesystem;

struct Shard {
  uint64_t number = 1, count = 1;
};

Shard ParseShard(const std::string& text) {
  Shard shard;
  if (text.empty()) return shard;
  unsigned long long number = 0, count = 0;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%llu/%llu%c", &number, &count, &rest) != 2 ||
      text.find('-') != std::string::npos || number < 1 || number > count || count > 1000000000) {
    throw UsageError("--shard: \"" + text + "\" is not I/N with I from 1 to N");
  }
  return {number, count};
}

std::vector<std::string> ReadList(const std::string& path, char separator) {
  const std::string name = InputName(path);
  return WithFile(name, [&] {
    const FileBytes bytes = path == kStandardStream ? ReadStream(stdin) : ReadFile(path);
    std::vector<std::string> names;
    for (auto at = bytes.begin(); at != bytes.end();) {
      const auto end = std::find(at, bytes.end(), static_cast<uint8_t>(separator));
      if (end != at) names.emplace_back(at, end);
      at = end == bytes.end() ? end : end + 1;
    }
    return names;
  });
}

// A listed name as a path below a folder: no root, no way up.
std::string BelowItself(const std::string& path) {
  const fs::path below = fs::path(path).lexically_normal().relative_path();
  return below.empty() || *below.begin() == ".." ? fs::path(path).filename().string()
                                                 : below.string();
}

class Walker {
 public:
  Walker(const ListArguments& arguments, const std::vector<std::string>& extensions)
      : arguments_(arguments), extensions_(extensions), shard_(ParseShard(arguments.shard)) {}

  void Take(const std::string& name, bool listed) {
    std::error_code error;
    if (name != kStandardStream && fs::is_directory(name, error)) {
      if (!arguments_.recursive) {
        list_.problems.push_back(name + ": is a folder; -r goes through it");
        return;
      }
      Walk(name, listed ? fs::path(BelowItself(name)) : fs::path());
      return;
    }
    Add(name, listed ? BelowItself(name) : "");
  }

  FileList Done() { return std::move(list_); }

 private:
  void Add(const std::string& path, const std::string& below) {
    if (shard_.count > 1 &&
        ShardOf(below.empty() ? path : below, shard_.count) + 1 != shard_.number) {
      ++list_.other_shards;
      return;
    }
    list_.files.push_back({path, below});
  }

  bool IsMeant(const fs::path& name) const {
    std::string extension = name.extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::find(extensions_.begin(), extensions_.end(), extension) != extensions_.end();
  }

  void Walk(const fs::path& folder, const fs::path& below) {
    std::error_code error;
    // Links may lead round in a circle.
    const fs::path real = fs::canonical(folder, error);
    if (!error && std::find(open_.begin(), open_.end(), real) != open_.end()) return;
    std::vector<fs::directory_entry> entries;
    if (!error) {
      for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        entries.push_back(*it);
      }
    }
    if (error) {
      list_.problems.push_back(folder.string() + ": " + error.message());
      return;
    }
    open_.push_back(real);
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
      return a.path().native() < b.path().native();
    });
    for (const fs::directory_entry& entry : entries) Visit(entry, below);
    open_.pop_back();
  }

  void Visit(const fs::directory_entry& entry, const fs::path& below) {
    std::error_code error;
    const fs::path name = entry.path().filename();
    if (name.native()[0] == '.') {
      ++list_.hidden;
    } else if (entry.is_symlink(error) && !arguments_.follow_links) {
      ++list_.links;
    } else if (entry.is_directory(error)) {
      Walk(entry.path(), below / name);
    } else if (entry.is_regular_file(error) && IsMeant(name)) {
      Add(entry.path().string(), (below / name).string());
    } else {
      ++list_.other;
    }
  }

  const ListArguments& arguments_;
  const std::vector<std::string>& extensions_;
  const Shard shard_;
  FileList list_;
  std::vector<fs::path> open_;  // the folders that the walk is in
};

}  // namespace

uint64_t ShardOf(const std::string& name, uint64_t shards) {
  Sha256 hash;
  hash.Update({reinterpret_cast<const uint8_t*>(name.data()), name.size()});
  uint64_t number = 0;
  const Sha256::Digest digest = hash.Finish();
  for (size_t i = 0; i < 8; ++i) number = number << 8 | digest[i];
  return number % shards;
}

FileList ListFiles(const ListArguments& arguments, const std::vector<std::string>& extensions) {
  if (arguments.inputs.empty() && arguments.files_from.empty() && arguments.files_from0.empty()) {
    throw UsageError("no file was named (try flowzip --help)");
  }
  Walker walker(arguments, extensions);
  for (const std::string& name : arguments.inputs) walker.Take(name, false);
  if (!arguments.files_from.empty()) {
    for (const std::string& name : ReadList(arguments.files_from, '\n')) walker.Take(name, true);
  }
  if (!arguments.files_from0.empty()) {
    for (const std::string& name : ReadList(arguments.files_from0, '\0')) walker.Take(name, true);
  }
  return walker.Done();
}

}  // namespace flowzip
