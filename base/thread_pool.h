// SPDX-License-Identifier: BSD-3-Clause
// A fixed set of worker threads that share out the indices of a loop.
//
// Results must not depend on which thread runs an index: callers write to
// disjoint places only, so the output is the same for any number of threads.
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

  // Calls body(i) once for each i in [0, count), in no stated order, and returns
  // when all have ended. The first exception thrown by a body is rethrown here.
  // Not reentrant: a body must not call ParallelFor on the same pool.
  void ParallelFor(int64_t count, const std::function<void(int64_t)>& body);

  // Calls body(begin, end) on consecutive ranges that cover [0, count), each a
  // multiple of `grain` long except the last.
  void ParallelRanges(int64_t count, int64_t grain,
                      const std::function<void(int64_t, int64_t)>& body);

 private:
  void Work();
  void RunShare();

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  const std::function<void(int64_t)>* body_ = nullptr;
  int64_t next_ = 0, count_ = 0, running_ = 0;
  uint64_t generation_ = 0;
  bool stop_ = false;
  std::exception_ptr error_;
};

}  // namespace flowzip
