// SPDX-License-Identifier: BSD-3-Clause
#include "base/map_ahead.h"

#include <algorithm>
#include <cstdint>
#include <system_error>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace flowzip {
namespace {

[[maybe_unused]] constexpr uintptr_t kPage = uintptr_t{1} << 12, kStep = uintptr_t{1} << 21;

}  // namespace

MapAhead::MapAhead(void* at, size_t bytes) {
#if defined(__linux__) && defined(MADV_POPULATE_WRITE)
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(at) + kPage - 1) & ~(kPage - 1);
  const uintptr_t end = (reinterpret_cast<uintptr_t>(at) + bytes) & ~(kPage - 1);
  try {
    thread_ = std::jthread([begin, end](const std::stop_token& stop) {
      for (uintptr_t step = begin; step < end && !stop.stop_requested(); step += kStep) {
        const size_t size = std::min(kStep, end - step);
        if (madvise(reinterpret_cast<void*>(step), size, MADV_POPULATE_WRITE) != 0) return;
      }
    });
  } catch (const std::system_error&) {
    // No thread to be had: whoever fills the memory maps it.
  }
#else
  (void)at, (void)bytes;
#endif
}

}  // namespace flowzip
