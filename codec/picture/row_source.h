// SPDX-License-Identifier: BSD-3-Clause
// The rows of a picture that is still being read while its first tiles are coded.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>

namespace flowzip {

// Returns when the picture's first `rows` rows are in its memory. Called on any thread, by one at a
// time, with `rows` growing from call to call; never again once it has thrown.
using RowsFn = std::function<void(uint32_t rows)>;

// Reading is the work of the thread that first needs it: it takes none of its own.
class RowSource {
 public:
  // Without `read`, which must outlive this, all `height` rows are there.
  RowSource(const RowsFn& read, uint32_t height) : read_(read), present_(read ? 0 : height) {}

  // Returns when the first `rows` rows are there; throws what reading threw, on every thread.
  void Need(uint32_t rows) {
    std::unique_lock lock(mutex_);
    while (present_ < rows) {
      if (error_) std::rethrow_exception(error_);
      if (reading_) {
        read_more_.wait(lock);
      } else {
        Read(rows, lock);
      }
    }
  }

  // The same unless another thread is reading: rows that will be needed soon.
  void ReadAhead(uint32_t rows) {
    std::unique_lock lock(mutex_);
    if (present_ < rows && !reading_ && !error_) Read(rows, lock);
  }

 private:
  // The lock is held before and after, and not meanwhile.
  void Read(uint32_t rows, std::unique_lock<std::mutex>& lock) {
    reading_ = true;
    lock.unlock();
    std::exception_ptr error;
    try {
      read_(rows);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    reading_ = false;
    error_ = error;
    if (!error) present_ = rows;
    read_more_.notify_all();
  }

  const RowsFn& read_;
  std::mutex mutex_;
  std::condition_variable read_more_;
  uint32_t present_;
  bool reading_ = false;
  std::exception_ptr error_;
};

}  // namespace flowzip
