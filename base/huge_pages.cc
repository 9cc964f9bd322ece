// SPDX-License-Identifier: BSD-3-Clause
#include "base/huge_pages.h"

#include <cstdint>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace flowzip {

void AdviseHugePages(void* at, size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  // Whole small pages only, which is what the call takes anywhere; the kernel finds the large
  // ones inside, also across neighbouring blocks.
  constexpr size_t kLeast = size_t{1} << 18;
  constexpr uintptr_t kPage = uintptr_t{1} << 16;  // or a multiple of the machine's
  if (bytes < kLeast) return;
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(at) + kPage - 1) & ~(kPage - 1);
  const uintptr_t end = (reinterpret_cast<uintptr_t>(at) + bytes) & ~(kPage - 1);
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#else
  (void)at, (void)bytes;
#endif
}

}  // namespace flowzip
