// SPDX-License-Identifier: BSD-3-Clause
// Measures every codec on every image, and compares every decoded picture.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tools/bench/results.h"

namespace flowzip::bench {

// An image that cannot be measured, with the codec's name in what().
class RunError : public std::runtime_error {
 public:
  RunError(std::string image, const std::string& reason)
      : std::runtime_error(reason), image_(std::move(image)) {}
  const std::string& image() const { return image_; }

 private:
  std::string image_;
};

struct RunOptions {
  CodecOptions codecs;
  std::vector<std::string> inputs;      // files and folders
  std::vector<std::string> only, also;  // names of codecs, or families' beginnings
  std::string reference;                // empty: the first present of jxl-e7, png-9, ...
  int repeats = 3;
  // An operation whose first run takes longer is not repeated.
  double repeat_below = 0.5;
  int heat_maps = 3;  // of so many images, the hardest
};

// Called before each codec: what is done now, for people.
using StatusFn = std::function<void(const std::string&)>;

// Throws RunError or Error. Create `launcher` first of all.
Results RunBenchmark(const RunOptions& options, Launcher& launcher, const StatusFn& status);

}  // namespace flowzip::bench
