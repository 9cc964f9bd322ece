// SPDX-License-Identifier: BSD-3-Clause
// A vector that does not clear its elements when it grows, in a mapping of its own where it is large.
//
// Zeroing tens of megabytes per tile that are written anyway took a tenth of the time. The
// trap: elements are indeterminate until written.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "base/own_mapping.h"

namespace flowzip {

// Blocks of `kOwn` bytes and more have mappings of their own.
template <class T, size_t kOwn = kOwnMapping>
struct UnsetAllocator : std::allocator<T> {
  template <class U>
  struct rebind {
    using other = UnsetAllocator<U, kOwn>;
  };
  UnsetAllocator() = default;
  template <class U>
  UnsetAllocator(const UnsetAllocator<U, kOwn>&) {}

  T* allocate(size_t count) {
    if (count >= kOwn / sizeof(T)) {
      if (count > SIZE_MAX / sizeof(T)) throw std::bad_array_new_length();
      return static_cast<T*>(MapOwn(count * sizeof(T)));
    }
    return std::allocator<T>::allocate(count);
  }
  void deallocate(T* at, size_t count) {
    if (count >= kOwn / sizeof(T)) return UnmapOwn(at, count * sizeof(T));
    std::allocator<T>::deallocate(at, count);
  }
  template <class U>
  void construct(U* at) {
    ::new (static_cast<void*>(at)) U;  // default-initialised: a number keeps what was there
  }
  template <class U, class... Args>
  void construct(U* at, Args&&... args) {
    ::new (static_cast<void*>(at)) U(std::forward<Args>(args)...);
  }
};

template <class T>
using UnsetVector = std::vector<T, UnsetAllocator<T>>;

// Bytes that outlive the work that they come from: in the heap they would lie scattered between
// its holes, and leave holes of their own.
using KeptBytes = std::vector<uint8_t, UnsetAllocator<uint8_t, size_t{1} << 18>>;

}  // namespace flowzip
