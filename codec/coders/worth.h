// SPDX-License-Identifier: BSD-3-Clause
// What lets a coder give up early.
#pragma once

#include <cstddef>
#include <functional>

namespace flowzip {

// Whether a payload of at least so many bytes may still be of use; empty: always.
using WorthFn = std::function<bool(size_t bytes)>;

}  // namespace flowzip
