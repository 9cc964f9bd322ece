// SPDX-License-Identifier: BSD-3-Clause
// Counts the bytes on the heap, by operators new and delete of its own, and what would have a
// mapping of its own (base/own_mapping.h): for one file of a program.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

#include "base/own_mapping.h"

namespace flowzip::testing {

inline std::atomic<uint64_t> heap_now{0}, heap_peak{0};

// In front of each block, its size; what follows stays aligned.
inline constexpr size_t kHeapHeader = 32;

inline void* CountedAllocation(size_t size) noexcept {
  auto* block = static_cast<unsigned char*>(std::malloc(size + kHeapHeader));
  if (block == nullptr) return nullptr;
  *reinterpret_cast<size_t*>(block) = size;
  const uint64_t now = heap_now += size;
  uint64_t peak = heap_peak;
  while (now > peak && !heap_peak.compare_exchange_weak(peak, now)) {
  }
  return block + kHeapHeader;
}

inline void* CountedOrThrown(size_t size) {
  void* memory = CountedAllocation(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

inline void ReleaseCounted(void* memory) noexcept {
  if (memory == nullptr) return;
  auto* block = static_cast<unsigned char*>(memory) - kHeapHeader;
  heap_now -= *reinterpret_cast<size_t*>(block);
  std::free(block);
}

// Bytes on the heap at the peak of body(), above what was there before.
template <class F>
uint64_t HeapPeakOf(const F& body) {
  const uint64_t before = heap_now;
  heap_peak = before;
  body();
  return heap_peak - before;
}

}  // namespace flowzip::testing

// In the place of base/own_mapping.cc, which a library holds.
void* flowzip::MapOwn(size_t bytes) { return testing::CountedOrThrown(bytes); }
void flowzip::UnmapOwn(void* at, size_t) { testing::ReleaseCounted(at); }

// All of them: AddressSanitizer's own would pair with none of these.
void* operator new(size_t size) { return flowzip::testing::CountedOrThrown(size); }
void* operator new[](size_t size) { return flowzip::testing::CountedOrThrown(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return flowzip::testing::CountedAllocation(size);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return flowzip::testing::CountedAllocation(size);
}
void operator delete(void* memory) noexcept { flowzip::testing::ReleaseCounted(memory); }
void operator delete[](void* memory) noexcept { flowzip::testing::ReleaseCounted(memory); }
void operator delete(void* memory, size_t) noexcept { flowzip::testing::ReleaseCounted(memory); }
void operator delete[](void* memory, size_t) noexcept { flowzip::testing::ReleaseCounted(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  flowzip::testing::ReleaseCounted(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  flowzip::testing::ReleaseCounted(memory);
}
