// SPDX-License-Identifier: BSD-3-Clause
#include "tools/batch/work_slots.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <utility>
#include <vector>

namespace flowzip {

int WorkSlots::Take(int wanted, uint64_t memory) {
  std::unique_lock lock(mutex_);
  free_.wait(lock, [&] {
    if (holders_ == 0) return true;
    const uint64_t left = memory_ - std::min(memory_, memory_taken_);
    return threads_taken_ < threads_ && memory <= left;
  });
  const int given = std::clamp(threads_ - threads_taken_, 1, std::max(1, wanted));
  ++holders_;
  threads_taken_ += given;
  memory_taken_ += memory;
  return given;
}

void WorkSlots::Give(int threads, uint64_t memory) {
  {
    const std::lock_guard lock(mutex_);
    --holders_;
    threads_taken_ -= threads;
    memory_taken_ -= memory;
  }
  free_.notify_all();
}

int WorkShare::Enter(uint64_t memory) {
  threads_ = slots_.Take(wanted_, memory);
  memory_ = memory;
  inside_ = true;
  return threads_;
}

void WorkShare::Leave() {
  if (!std::exchange(inside_, false)) return;
  slots_.Give(threads_, memory_);
}

void RunSideBySide(size_t count, int workers, const std::function<RunFn()>& make) {
  std::atomic<size_t> next{0};
  std::exception_ptr error;
  std::mutex mutex;
  const auto work = [&] {
    try {
      const RunFn run = make();
      for (size_t i = next++; i < count; i = next++) run(i);
    } catch (...) {
      next = count;  // nobody begins anything more
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
    }
  };
  std::vector<std::thread> threads;
  const auto most = static_cast<size_t>(std::max(1, workers));
  for (size_t i = 1; i < std::min(most, count); ++i) {
    try {
      threads.emplace_back(work);
    } catch (const std::system_error&) {  // no more threads to be had: with those there are
      break;
    }
  }
  work();
  for (std::thread& thread : threads) thread.join();
  if (error) std::rethrow_exception(error);
}

}  // namespace flowzip
