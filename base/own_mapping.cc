// SPDX-License-Identifier: BSD-3-Clause
// (A file of its own, so that a test can have its own two functions, which count.)
#include "base/own_mapping.h"

#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace flowzip {

// AddressSanitizer watches what the heap gives out, not this.
#if defined(__linux__) && defined(MADV_HUGEPAGE) && !defined(__SANITIZE_ADDRESS__)

void* MapOwn(size_t bytes) {
  // Newer systems align it to large pages; where not, the ends are on small ones.
  void* const at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) throw std::bad_alloc();
  madvise(at, bytes, MADV_HUGEPAGE);
  return at;
}

void UnmapOwn(void* at, size_t bytes) { munmap(at, bytes); }

#else

void* MapOwn(size_t bytes) { return ::operator new(bytes); }
void UnmapOwn(void* at, size_t) { ::operator delete(at); }

#endif

}  // namespace flowzip
