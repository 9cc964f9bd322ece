// SPDX-License-Identifier: BSD-3-Clause
// Pages of the command's own heap: many at once at the start, back when their work is done. (The
// library leaves its callers' heap alone: base/own_mapping.h.)
#pragma once

#include <cstddef>

namespace flowzip {

// Gives the large pages that lie wholly within `bytes` at `at` back to the system, where it takes
// them; what was there is lost. Of a block that stays allocated.
void DiscardPages(void* at, size_t bytes);

// Maps `bytes`, a multiple of 2 MiB, for the heap's next blocks at once, on large pages, where the
// system can. One small page at a time takes up to 12 us on a virtual machine, of which a small
// picture touches 700. For the start of a program, and an allocator that grows one heap (glibc's).
void PrefaultHeap(size_t bytes);

}  // namespace flowzip
