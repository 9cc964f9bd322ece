// SPDX-License-Identifier: BSD-3-Clause
#include "tools/bench/launcher.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/error.h"
#include "tools/read_file.h"

namespace flowzip::bench {
namespace {

struct Reply {
  double wall, cpu;
  uint64_t peak_bytes;
  int status;
};

constexpr int kInterrupts[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

bool ReadAll(int file, void* to, size_t count) {
  for (auto* p = static_cast<char*>(to); count > 0;) {
    const ssize_t got = read(file, p, count);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    p += got;
    count -= static_cast<size_t>(got);
  }
  return true;
}

bool WriteAll(int file, const void* from, size_t count) {
  for (auto* p = static_cast<const char*>(from); count > 0;) {
    const ssize_t put = write(file, p, count);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    p += put;
    count -= static_cast<size_t>(put);
  }
  return true;
}

void Redirect(const char* path, int flags, int to) {
  const int file = open(path, flags | O_CLOEXEC, 0600);
  if (file < 0 || dup2(file, to) < 0) _exit(127);
}

double ToSeconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

// `message`: the file for standard output, then the arguments, each with its NUL.
Reply Execute(std::string& message, const std::string& stderr_file) {
  std::vector<char*> fields;
  for (size_t i = 0; i < message.size(); i += std::strlen(&message[i]) + 1) {
    fields.push_back(&message[i]);
  }
  fields.push_back(nullptr);

  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const pid_t child = fork();
  if (child == 0) {
    for (const int number : kInterrupts) signal(number, SIG_DFL);
    Redirect("/dev/null", O_RDONLY, STDIN_FILENO);
    Redirect(*fields[0] != 0 ? fields[0] : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC,
             STDOUT_FILENO);
    Redirect(stderr_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
    execvp(fields[1], &fields[1]);
    _exit(127);
  }
  Reply reply = {0, 0, 0, 127};
  if (child < 0) return reply;
  int status = 0;
  rusage usage = {};
  while (wait4(child, &status, 0, &usage) < 0 && errno == EINTR) {
  }
  reply.wall = std::chrono::duration<double>(Clock::now() - start).count();
  reply.cpu = ToSeconds(usage.ru_utime) + ToSeconds(usage.ru_stime);
  reply.peak_bytes = static_cast<uint64_t>(usage.ru_maxrss) * 1024;  // Linux: in KiB
  reply.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return reply;
}

[[noreturn]] void Serve(int request, int reply, const std::string& directory) {
  for (const int number : kInterrupts) signal(number, SIG_IGN);
  uint32_t size = 0;
  while (ReadAll(request, &size, sizeof(size))) {
    std::string message(size, '\0');
    if (!ReadAll(request, message.data(), size)) break;
    const Reply result = Execute(message, directory + "/stderr");
    if (!WriteAll(reply, &result, sizeof(result))) break;
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  _exit(0);
}

// A disk's speed is not the subject: memory, unless somebody says otherwise.
std::string ScratchParent() {
  const char* temporary = std::getenv("TMPDIR");
  if (temporary != nullptr && *temporary != 0) return temporary;
  return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

std::string LastLine(const std::string& path) {
  std::ifstream file(path);
  std::string line, last;
  while (std::getline(file, line)) {
    if (line.find_first_not_of(" \t\r") != std::string::npos) last = line;
  }
  return last;
}

}  // namespace

Launcher::Launcher() {
  directory_ = ScratchParent() + "/flowzip-bench-XXXXXX";
  if (mkdtemp(directory_.data()) == nullptr) throw SystemError(errno);
  int to_helper[2], from_helper[2];
  if (pipe2(to_helper, O_CLOEXEC) != 0 || pipe2(from_helper, O_CLOEXEC) != 0) {
    throw SystemError(errno);
  }
  helper_ = fork();
  if (helper_ == 0) {
    close(to_helper[1]);
    close(from_helper[0]);
    Serve(to_helper[0], from_helper[1], directory_);
  }
  close(to_helper[0]);
  close(from_helper[1]);
  request_ = to_helper[1];
  reply_ = from_helper[0];
  if (helper_ < 0) throw SystemError(errno);
}

Launcher::~Launcher() {
  close(request_);
  close(reply_);
  waitpid(helper_, nullptr, 0);
}

Usage Launcher::Run(const std::vector<std::string>& argv, const std::string& stdout_file) {
  std::string message = stdout_file + '\0';
  for (const std::string& argument : argv) message += argument + '\0';
  const auto size = static_cast<uint32_t>(message.size());
  Reply reply;
  if (!WriteAll(request_, &size, sizeof(size)) || !WriteAll(request_, message.data(), size) ||
      !ReadAll(reply_, &reply, sizeof(reply))) {
    throw Error(ErrorCode::kIo, "the process that starts programs has died");
  }
  Usage usage{{reply.wall, reply.cpu}, reply.peak_bytes, reply.status, {}};
  if (usage.status != 0) usage.message = LastLine(stderr_file());
  return usage;
}

std::string FindCommand(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string candidate = folder + "/" + name;
    std::error_code ignored;
    if (std::filesystem::is_regular_file(candidate, ignored) &&
        access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
  }
  return "";
}

}  // namespace flowzip::bench
