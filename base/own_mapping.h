// SPDX-License-Identifier: BSD-3-Clause
// Memory beside the heap, for large blocks.
//
// On large pages: a tile takes some 30 000 pages of 4 KiB, and having them mapped one by one, and
// missing them in the TLB, took a fifth of the time. The kernel is told so of these mappings only,
// never of the heap, which is the caller's. And a hole of 17 MB that such a block leaves in a heap
// is soon too small for the next one: the heap grew by a fifth more than was ever in use.
#pragma once

#include <cstddef>

namespace flowzip {

// From so many bytes on a block has a mapping of its own.
inline constexpr size_t kOwnMapping = size_t{1} << 20;

// On large pages where there are such, not touched yet; given back to the system when it is
// released. `bytes` > 0; throws std::bad_alloc.
void* MapOwn(size_t bytes);
void UnmapOwn(void* at, size_t bytes);

}  // namespace flowzip
