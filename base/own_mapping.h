// SPDX-License-Identifier: BSD-3-Clause
// Memory beside the heap, for the few largest blocks.
//
// A hole of 17 MB that such a block leaves in the heap is soon too small for the next one, by what
// little was put into it: the heap grew by a fifth more than was ever in use.
#pragma once

#include <cstddef>

namespace flowzip {

// From so many bytes on a block has a mapping of its own.
inline constexpr size_t kOwnMapping = size_t{1} << 23;

// On large pages where there are such, not touched yet; given back to the system when it is
// released. `bytes` > 0; throws std::bad_alloc.
void* MapOwn(size_t bytes);
void UnmapOwn(void* at, size_t bytes);

}  // namespace flowzip
