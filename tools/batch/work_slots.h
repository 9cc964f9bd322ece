// SPDX-License-Identifier: BSD-3-Clause
// Files side by side: who may compute when, so that processors are busy and memory suffices.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>

namespace flowzip {

// Threads and bytes of memory that several files share.
class WorkSlots {
 public:
  WorkSlots(int threads, uint64_t memory) : threads_(threads), memory_(memory) {}

  // Waits until at least one thread and the memory are free; what nobody else is there to wait for
  // is given in any case. Returns how many threads, at most `wanted`.
  int Take(int wanted, uint64_t memory);
  void Give(int threads, uint64_t memory);

 private:
  std::mutex mutex_;
  std::condition_variable free_;
  const int threads_;
  const uint64_t memory_;
  int threads_taken_ = 0;
  uint64_t memory_taken_ = 0;
  int holders_ = 0;
};

// One file's share, for as long as it computes; reading and writing need none.
class WorkShare {
 public:
  // `wanted` threads at most.
  WorkShare(WorkSlots& slots, int wanted) : slots_(slots), wanted_(wanted) {}
  ~WorkShare() { Leave(); }
  WorkShare(const WorkShare&) = delete;
  WorkShare& operator=(const WorkShare&) = delete;

  // The threads to plan with, before Enter().
  int wanted() const { return wanted_; }
  // May be called once.
  int Enter(uint64_t memory);
  void Leave();
  // What Enter() gave, also after Leave().
  int threads() const { return threads_; }

 private:
  WorkSlots& slots_;
  int wanted_, threads_ = 0;
  bool inside_ = false;
  uint64_t memory_ = 0;
};

// Calls run(i) for all i below `count`, in about this order, on `workers` threads; make() is called
// once on each for what it calls. Throws what any call threw, after all have ended.
using RunFn = std::function<void(size_t)>;
void RunSideBySide(size_t count, int workers, const std::function<RunFn()>& make);

}  // namespace flowzip
