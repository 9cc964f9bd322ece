// SPDX-License-Identifier: BSD-3-Clause
// Fewer page faults: large pages where a block of memory is large, many small ones at once.
#pragma once

#include <cstddef>

namespace flowzip {

// A hint for `bytes` at `at`, freshly allocated: back them by large pages. Where the system has
// none, or none to spare, nothing happens. A tile takes some 30 000 pages of 4 KiB, and having
// them mapped one by one, and missing them in the TLB, took a fifth of the time.
void AdviseHugePages(void* at, size_t bytes);

// Gives the large pages that lie wholly within `bytes` at `at` back to the system, where it takes
// them; what was there is lost. Of a block that stays allocated.
void DiscardPages(void* at, size_t bytes);

// Maps `bytes`, a multiple of 2 MiB, for the heap's next blocks at once, on large pages, where the
// system can. One small page at a time takes up to 12 us on a virtual machine, of which a small
// picture touches 700. For the start of a program, and an allocator that grows one heap (glibc's).
void PrefaultHeap(size_t bytes);

}  // namespace flowzip
