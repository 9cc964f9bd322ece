// SPDX-License-Identifier: BSD-3-Clause
// Runs other programs one at a time and measures them as whole processes.
//
// The trap: Linux counts the memory of the process that calls fork() and exec() into the
// child's peak. The programs are therefore started by a helper process, forked while this
// one is still small; a few MB remain as the floor of every figure. The helper also owns
// the scratch directory and removes it when this process ends, in whatever way.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace flowzip::bench {

// Wall and CPU (user + system, descendants included) in seconds.
struct Seconds {
  double wall = 0, cpu = 0;
};

struct Usage {
  Seconds seconds;
  uint64_t peak_bytes = 0;  // resident set, of the largest process
  int status = 0;           // exit status; 127: could not be started; 128 + n: signal n
  std::string message;      // last line of its standard error
};

class Launcher {
 public:
  // Call early, before the memory grows and before there are threads. Throws kIo.
  Launcher();
  ~Launcher();
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;

  // `argv[0]` is looked up in PATH. Standard output goes to that file, or nowhere.
  Usage Run(const std::vector<std::string>& argv, const std::string& stdout_file = "");

  // For the files of the programs; no slash at its end.
  const std::string& directory() const { return directory_; }
  // What the last program said there.
  std::string stderr_file() const { return directory_ + "/stderr"; }

 private:
  std::string directory_;
  int request_ = -1, reply_ = -1;
  pid_t helper_ = -1;
};

// Where PATH has an executable of that name; empty if nowhere.
std::string FindCommand(const std::string& name);

}  // namespace flowzip::bench
