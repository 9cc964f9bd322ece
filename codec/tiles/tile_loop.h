// SPDX-License-Identifier: BSD-3-Clause
// The loop over a picture's tiles: several at once, progress told on the calling thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>

#include "base/thread_pool.h"
#include "codec/options/options.h"

namespace flowzip {

// Calls body(i) for i in [0, tiles), `at_once` of them side by side; inside, the pool's other
// threads may be used as well. `pixels(i)`: what a tile adds to the progress, `total` in all.
// Progress is told when a tile of the calling thread ends, and at the end.
template <class PixelsFn, class BodyFn>
void ForEachTile(ThreadPool& pool, uint64_t tiles, int at_once, const ProgressFn& progress,
                 uint64_t total, const PixelsFn& pixels, const BodyFn& body) {
  std::atomic<uint64_t> next{0}, done{0};
  const std::thread::id caller = std::this_thread::get_id();
  uint64_t told = 0;
  const auto run = [&] {
    for (uint64_t i = next++; i < tiles; i = next++) {
      body(i);
      done += pixels(i);
      if (!progress || std::this_thread::get_id() != caller) continue;
      told = done;
      progress(told, total);
    }
  };
  pool.ParallelFor(std::min<int64_t>(at_once, static_cast<int64_t>(tiles)), [&](int64_t) {
    try {
      run();
    } catch (...) {
      next = tiles;  // begin no further tile
      throw;
    }
  });
  if (progress && told < total) progress(total, total);
}

}  // namespace flowzip
