// SPDX-License-Identifier: BSD-3-Clause
// What JavaScript calls. Everything is numbers and addresses; web/src/codec.js gives them a face.
//
// One file and one picture at a time: an instance of the module is a handle. A function that can
// fail returns a flz_status, and flw_message() then has the sentence.
#pragma once

#include <cstddef>
#include <cstdint>

#include "flowzip/flowzip.h"

#define FLW_EXPORT(name) extern "C" __attribute__((used, export_name(#name))) auto name

namespace flowzip::web {

// Calls JavaScript, which may throw to end the work: see web/src/wasm.js.
int Progress(void* user, uint64_t done, uint64_t total);

// Of the last call that failed.
void SetMessage(const char* text);

// Threads for one piece of work; 1 but in the build with threads.
int Threads();

// More cannot be had in 32 bits, with file and picture beside it.
inline constexpr uint64_t kMaxMemory = uint64_t{3} << 30;

}  // namespace flowzip::web
