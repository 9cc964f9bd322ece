// SPDX-License-Identifier: BSD-3-Clause
// Memory that the system clears while somebody is already filling it.
#pragma once

#include <cstddef>
#include <thread>

namespace flowzip {

// Maps the pages of `bytes` at `at` one after another, on a thread of its own, where the system
// can; contents stay. Until the end of its life, which ends the thread early, they must be mapped.
// On a virtual machine whose host has to find the memory first, clearing 75 MB took 0.2 s, as long
// as half of the inflating.
class MapAhead {
 public:
  MapAhead(void* at, size_t bytes);

 private:
  std::jthread thread_;
};

}  // namespace flowzip
