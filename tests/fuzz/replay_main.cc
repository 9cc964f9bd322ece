// SPDX-License-Identifier: BSD-3-Clause
// Runs a fuzz target, in a build without libFuzzer, over files and folders of files.
#include <algorithm>
#include <filesystem>
#include <memory>

#include "tests/fuzz/harness.h"
#include "tools/read_file.h"

int main(int argc, char** argv) {
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      files.emplace_back(argv[i]);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    std::fprintf(stderr, "%s\n", file.c_str());  // the last one is the one that crashed
    const flowzip::FileBytes bytes = flowzip::ReadFile(file);
    // An allocation of its own, so that a sanitizer sees a read past the end.
    const std::unique_ptr<uint8_t[]> copy(new uint8_t[bytes.size()]);
    std::copy(bytes.begin(), bytes.end(), copy.get());
    LLVMFuzzerTestOneInput(copy.get(), bytes.size());
  }
  std::printf("%zu inputs\n", files.size());
  return files.empty() ? 1 : 0;
}
