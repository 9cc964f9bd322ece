// SPDX-License-Identifier: BSD-3-Clause
#include "base/thread_pool.h"

#include <algorithm>
#include <system_error>

namespace flowzip {

ThreadPool::ThreadPool(int threads) {
  try {
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { Work(); });
  } catch (const std::system_error&) {
    // The system grants no more threads: fewer do the same work.
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::RunShare() {
  for (;;) {
    int64_t index;
    const std::function<void(int64_t)>* body;
    {
      const std::lock_guard lock(mutex_);
      if (next_ >= count_) return;
      index = next_++;
      body = body_;
    }
    try {
      (*body)(index);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
      next_ = count_;  // hand out no further index
    }
  }
}

void ThreadPool::Work() {
  uint64_t seen = 0;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stop_ || generation_ != seen; });
      if (stop_) return;
      seen = generation_;
      if (next_ >= count_) continue;  // woke up after the loop was shared out
      ++running_;
    }
    RunShare();
    {
      const std::lock_guard lock(mutex_);
      --running_;
    }
    done_.notify_all();
  }
}

void ThreadPool::ParallelFor(int64_t count, const std::function<void(int64_t)>& body) {
  if (workers_.empty() || count <= 1) {
    for (int64_t i = 0; i < count; ++i) body(i);
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    body_ = &body;
    next_ = 0;
    count_ = count;
    error_ = nullptr;
    ++generation_;
  }
  wake_.notify_all();
  RunShare();
  std::unique_lock lock(mutex_);
  done_.wait(lock, [&] { return running_ == 0 && next_ >= count_; });
  body_ = nullptr;
  if (error_) std::rethrow_exception(error_);
}

void ThreadPool::ParallelRanges(int64_t count, int64_t grain,
                                const std::function<void(int64_t, int64_t)>& body) {
  const int64_t ranges = (count + grain - 1) / grain;
  ParallelFor(ranges, [&](int64_t i) { body(i * grain, std::min(count, (i + 1) * grain)); });
}

}  // namespace flowzip
