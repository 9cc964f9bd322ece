// SPDX-License-Identifier: BSD-3-Clause
#include "tools/temporary_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <random>

#include "tools/read_file.h"

namespace flowzip {
namespace {

// All whose default is to end the process, but SIGKILL, which nobody catches, and SIGPIPE, which
// the command ignores.
constexpr int kSignals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGILL,    SIGTRAP, SIGABRT, SIGBUS,
                            SIGFPE,  SIGUSR1, SIGSEGV, SIGUSR2,   SIGALRM, SIGTERM, SIGXCPU,
                            SIGXFSZ, SIGPROF, SIGSYS,  SIGVTALRM,
#ifdef SIGSTKFLT
                            SIGSTKFLT,
#endif
#ifdef SIGPWR
                            SIGPWR,
#endif
#ifdef SIGIO
                            SIGIO,
#endif
};

// What a signal handler has to remove. More files at once than there are places are not removed.
using Place = std::atomic<const char*>;
static_assert(Place::is_always_lock_free, "used in a signal handler");
std::array<Place, 2048> g_files{};

void RemoveAndDie(int number) {
  for (const Place& place : g_files) {
    if (const char* name = place.load()) unlink(name);
  }
  signal(number, SIG_DFL);  // and die of it, so that the caller sees why
  raise(number);
}

void InstallHandlers() {
  static std::once_flag once;
  std::call_once(once, [] {
    const auto install = [](int number) {
      struct sigaction action = {};
      sigaction(number, nullptr, &action);
      // Under nohup SIGHUP is ignored; a sanitizer has handlers of its own.
      if ((action.sa_flags & SA_SIGINFO) != 0 || action.sa_handler != SIG_DFL) return;
      action.sa_handler = RemoveAndDie;
      sigaction(number, &action, nullptr);
    };
    for (const int number : kSignals) install(number);
#ifdef SIGRTMIN
    for (int number = SIGRTMIN; number <= SIGRTMAX; ++number) install(number);
#endif
  });
}

// The place that the name has been put into, or -1.
int Announce(const char* name) {
  for (size_t i = 0; i < g_files.size(); ++i) {
    const char* none = nullptr;
    if (g_files[i].compare_exchange_strong(none, name)) return static_cast<int>(i);
  }
  return -1;
}

void Withdraw(int slot) {
  if (slot >= 0) g_files[static_cast<size_t>(slot)].store(nullptr);
}

std::string RandomLetters() {
  constexpr char kLetters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  thread_local std::mt19937_64 random{std::random_device{}()};
  std::string letters;
  for (int i = 0; i < 6; ++i) letters += kLetters[random() % (sizeof kLetters - 1)];
  return letters;
}

}  // namespace

TemporaryFile::TemporaryFile(const std::string& folder) {
  InstallHandlers();
  for (int tries = 0;; ++tries) {
    path_ = folder + "/.flowzip-" + RandomLetters();
    // Announced before it exists: a signal in between finds nothing to remove.
    slot_ = Announce(path_.c_str());
    descriptor_ = open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (descriptor_ >= 0) return;
    const int number = errno;
    Withdraw(slot_);
    if (number != EEXIST || tries > 100) throw SystemError(number);
  }
}

TemporaryFile::~TemporaryFile() {
  if (path_.empty()) return;
  unlink(path_.c_str());
  Forget();
}

void TemporaryFile::Forget() {
  Withdraw(slot_);
  slot_ = -1;
  path_.clear();
}

}  // namespace flowzip
