// SPDX-License-Identifier: BSD-3-Clause
// From what the user names, files, folders and lists, to the files that are meant.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace flowzip {

struct ListArguments {
  std::vector<std::string> inputs;
  bool recursive = false, follow_links = false;
  std::string files_from, files_from0;  // lists of names, by lines or by zero bytes; - is stdin
  std::string shard;                    // "i/n", or empty
};

struct ListedFile {
  std::string path;
  // Where it belongs below --output-dir: its path below the folder it was found in, or as it is in
  // a list. Empty: named by itself, its name is enough.
  std::string below;
};

struct FileList {
  std::vector<ListedFile> files;
  uint64_t hidden = 0, other = 0, links = 0, other_shards = 0;  // that were passed over
  std::vector<std::string> problems;                            // folders that could not be read
};

// Folders are gone through in the order of their names; of what is found there, files with an
// extension of `extensions` (lower case, with the dot; any case matches) are meant. Whatever is
// named itself is taken as it is. Throws UsageError, or FileError for a list that cannot be read.
FileList ListFiles(const ListArguments& arguments, const std::vector<std::string>& extensions);

// The shard that a name is in: the first eight bytes of its SHA-256, high first, modulo `shards`.
// It depends on the name alone, not on what else there is.
uint64_t ShardOf(const std::string& name, uint64_t shards);

}  // namespace flowzip
