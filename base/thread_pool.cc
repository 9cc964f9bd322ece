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

int ThreadPool::threads_free() const {
  if (workers_.empty()) return 1;
  const std::lock_guard lock(mutex_);
  int64_t wanted = 0;  // by loops that are open already
  for (const Loop* loop : open_) wanted += loop->count - loop->next;
  return 1 + static_cast<int>(std::max<int64_t>(idle_ - wanted, 0));
}

// Takes the loop's next index and runs it; the lock is held before and after.
void ThreadPool::RunOne(Loop& loop, std::unique_lock<std::mutex>& lock) {
  const int64_t index = loop.next++;
  if (loop.next == loop.count) Close(loop);
  ++loop.running;
  lock.unlock();
  std::exception_ptr error;
  try {
    (*loop.body)(index);
  } catch (...) {
    error = std::current_exception();
  }
  lock.lock();
  --loop.running;
  if (error == nullptr) return;
  if (loop.error == nullptr) loop.error = error;
  if (loop.next < loop.count) Close(loop);
  loop.next = loop.count;  // hand out no further index
}

// For all but the loop's own caller, who may wait for its end.
void ThreadPool::Help(Loop& loop, std::unique_lock<std::mutex>& lock) {
  RunOne(loop, lock);
  if (loop.running == 0 && loop.next >= loop.count) wake_.notify_all();
}

// Of the open loops that began after loop `number`, the oldest, which has the largest bodies, which
// need no help themselves; or null.
ThreadPool::Loop* ThreadPool::OldestSince(uint64_t number) const {
  const auto found = std::find_if(open_.begin(), open_.end(),
                                  [&](const Loop* loop) { return loop->number > number; });
  return found == open_.end() ? nullptr : *found;
}

template <class Predicate>
void ThreadPool::WaitUntil(std::unique_lock<std::mutex>& lock, const Predicate& predicate) {
  ++idle_;
  wake_.wait(lock, predicate);
  --idle_;
}

void ThreadPool::Close(const Loop& loop) {
  open_.erase(std::find(open_.begin(), open_.end(), &loop));
}

void ThreadPool::Work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    WaitUntil(lock, [&] { return stop_ || !open_.empty(); });
    if (stop_) return;
    while (!open_.empty()) Help(*open_.front(), lock);
  }
}

void ThreadPool::ParallelFor(int64_t count, const std::function<void(int64_t)>& body) {
  if (workers_.empty() || count <= 1) {
    for (int64_t i = 0; i < count; ++i) body(i);
    return;
  }
  std::unique_lock lock(mutex_);
  Loop loop{&body, 0, count, ++begun_};
  open_.push_back(&loop);
  if (idle_ > 0) wake_.notify_all();
  while (loop.next < loop.count) RunOne(loop, lock);
  // Bodies that others have begun: helps with the loops inside them. Not with earlier loops, whose
  // bodies may take longer than all that is waited for here.
  while (loop.running > 0) {
    if (Loop* const inner = OldestSince(loop.number)) {
      Help(*inner, lock);
    } else {
      WaitUntil(lock, [&] { return loop.running == 0 || OldestSince(loop.number) != nullptr; });
    }
  }
  if (loop.error) std::rethrow_exception(loop.error);
}

}  // namespace flowzip
