// SPDX-License-Identifier: BSD-3-Clause
#include "tools/heap_pages.h"

#include <cstdint>
#include <cstdlib>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace flowzip {
namespace {

[[maybe_unused]] constexpr uintptr_t kHugePage = uintptr_t{1} << 21;

}  // namespace

void DiscardPages(void* at, size_t bytes) {
#if defined(__linux__) && defined(MADV_DONTNEED)
  const uintptr_t address = reinterpret_cast<uintptr_t>(at);
  const uintptr_t begin = (address + kHugePage - 1) & ~(kHugePage - 1);
  const uintptr_t end = (address + bytes) & ~(kHugePage - 1);
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
#else
  (void)at, (void)bytes;
#endif
}

void PrefaultHeap(size_t bytes) {
#if defined(__linux__) && defined(MADV_POPULATE_WRITE)
  void* const block = std::malloc(bytes + kHugePage);
  if (block == nullptr) return;
  const uintptr_t at = reinterpret_cast<uintptr_t>(block);
  const uintptr_t begin = (at + kHugePage - 1) & ~(kHugePage - 1);
  const uintptr_t end = (begin + bytes) & ~(kHugePage - 1);
  std::free(block);
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_POPULATE_WRITE);
  // What lies before the first large page is kept, untouched, for no one: the next blocks come
  // from behind it. (Volatile, since the compiler leaves out what nobody reads.)
  [[maybe_unused]] static void* volatile gap;
  gap = std::malloc(begin - at);
#else
  (void)bytes;
#endif
}

}  // namespace flowzip
