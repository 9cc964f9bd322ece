// SPDX-License-Identifier: BSD-3-Clause
// What the two halves of the C interface share. No other code includes this.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <string>

#include "base/error.h"
#include "codec/api/codec.h"
#include "flowzip/flowzip.h"
#include "model/model.h"

namespace flowzip::c_api {

// Thrown through the codec where a function of the caller's wants to stop.
struct Cancelled {};

// What every handle has.
struct Handle {
  std::string message;
  int threads = 0;                                                          // 0: one per processor
  uint64_t max_pixels = kDefaultMaxPixels, max_memory = kDefaultMaxMemory;  // ~0: no limit
  flz_progress_fn progress = nullptr;
  void* progress_user = nullptr;
  std::unique_ptr<const Model> model;  // null: the embedded ones

  int Jobs() const;
  ProgressFn Progress() const;
  void SetThreads(int count);
  void SetModel(const void* data, size_t size);
};

// Turns what `body` throws into a status, and keeps its sentence in `message` if there is one
// to keep it in. Nothing gets out, not even for lack of memory for the sentence.
template <class F>
flz_status Guard(std::string* message, const F& body) noexcept {
  const auto keep = [message](const char* text, flz_status status) {
    try {
      if (message != nullptr) *message = text;
    } catch (...) {
      message->clear();
    }
    return status;
  };
  try {
    return body();
  } catch (const Error& error) {
    return keep(error.what(), static_cast<flz_status>(error.code()));
  } catch (const Cancelled&) {
    return keep("cancelled", FLZ_CANCELLED);
  } catch (const std::bad_alloc&) {
    return keep("out of memory", FLZ_OUT_OF_MEMORY);
  } catch (const std::length_error&) {  // a vector beyond any address space
    return keep("out of memory", FLZ_OUT_OF_MEMORY);
  } catch (const std::exception& error) {
    return keep(error.what(), FLZ_INTERNAL);
  } catch (...) {
    return keep("internal error", FLZ_INTERNAL);
  }
}

// The same for a function with a handle.
template <class H, class F>
flz_status With(H* handle, const F& body) noexcept {
  if (handle == nullptr) return FLZ_INVALID_ARGUMENT;
  return Guard(&handle->message, [&] {
    body(*handle);
    return FLZ_OK;
  });
}

inline void RequireArgument(bool ok, const char* message) {
  Require(ok, ErrorCode::kInvalidArgument, message);
}

flz_info ToInfo(const FileInfo& info);

// Bytes from the first byte of the first row to the end of the last; kInvalidArgument if the
// stride is shorter than a row or the sum too large. A stride of 0 becomes `row_bytes`.
size_t Extent(uint64_t row_bytes, uint32_t height, size_t* stride);

}  // namespace flowzip::c_api
