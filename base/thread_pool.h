// SPDX-License-Identifier: BSD-3-Clause
// A fixed set of worker threads that share out the indices of loops.
//
// Loops may be nested: tiles run side by side, and a thread that finds no tile left to begin helps
// with the rows of one that is under way, be it a worker or the caller that waits for the end.
// Results must not depend on which thread runs an index: callers write to disjoint places only, so
// the output is the same for any number of threads.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace flowzip {

class ThreadPool {
 public:
  // `threads` >= 1 in all, the calling thread included; fewer if the system grants no more.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  // Threads that would share a loop begun now: the caller, and those that find no work. A hint
  // for how finely to cut where pieces cost something; gone the moment it is known.
  int threads_free() const;

  // Calls body(i) once for each i in [0, count), in ascending order as threads take them up, and
  // returns when all have ended. The first exception thrown by a body is rethrown here. A body
  // may call ParallelFor on the same pool.
  void ParallelFor(int64_t count, const std::function<void(int64_t)>& body);

 private:
  struct Loop {
    const std::function<void(int64_t)>* body;
    int64_t next, count;
    uint64_t number;  // loops are numbered as they begin
    int running = 0;  // bodies begun and not ended
    std::exception_ptr error = nullptr;
  };
  void Work();
  void RunOne(Loop& loop, std::unique_lock<std::mutex>& lock);
  void Help(Loop& loop, std::unique_lock<std::mutex>& lock);
  Loop* OldestSince(uint64_t number) const;
  template <class Predicate>
  void WaitUntil(std::unique_lock<std::mutex>& lock, const Predicate& predicate);
  void Close(const Loop& loop);

  std::vector<std::thread> workers_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;  // a loop was opened or has ended, or the end
  std::vector<Loop*> open_;       // loops with indices left, the oldest first
  uint64_t begun_ = 0;            // loops
  int idle_ = 0;                  // threads that wait for work
  bool stop_ = false;
};

}  // namespace flowzip
