// SPDX-License-Identifier: BSD-3-Clause
// For JavaScript: headers and pictures of .flz files, and what every module needs.
#include <pthread.h>

#include <cstdlib>
#include <string>

#include "web/wasm/shim.h"

namespace flowzip::web {
namespace {

std::string g_message;
int g_threads = 1;
flz_decoder* g_decoder = nullptr;
flz_info g_info;
flz_chunk g_chunk;

extern "C" __attribute__((import_module("env"), import_name("flw_progress"))) int flw_progress(
    double done, double total);

flz_status Keep(flz_status status) {
  if (status != FLZ_OK && status != FLZ_END) {
    const char* said = flz_decoder_message(g_decoder);
    SetMessage(said[0] != '\0' ? said : flz_status_text(status));
  }
  return status;
}

}  // namespace

int Progress(void*, uint64_t done, uint64_t total) {
  return flw_progress(static_cast<double>(done), static_cast<double>(total));
}

void SetMessage(const char* text) { g_message = text; }

int Threads() { return g_threads; }

FLW_EXPORT(flw_alloc)(size_t size)->void* { return std::malloc(size); }
FLW_EXPORT(flw_free)(void* at)->void { std::free(at); }
FLW_EXPORT(flw_message)()->const char* { return g_message.c_str(); }
FLW_EXPORT(flw_version)()->const char* { return flz_version(); }
FLW_EXPORT(flw_simd_target)()->const char* { return flz_simd_target(); }
FLW_EXPORT(flw_set_threads)(int threads)->void { g_threads = threads; }

// Of any beginning of a file; what it says is in flw_info() then.
FLW_EXPORT(flw_probe)(const uint8_t* file, size_t size)->int {
  const flz_status status = flz_probe(file, size, &g_info, nullptr);
  if (status != FLZ_OK) SetMessage(flz_status_text(status));
  return status;
}

// The file must stay where it is until flw_close().
FLW_EXPORT(flw_open)(const uint8_t* file, size_t size)->int {
  flz_decoder_free(g_decoder);
  g_decoder = flz_decoder_new();
  flz_decoder_set_threads(g_decoder, g_threads);
  flz_decoder_set_max_memory(g_decoder, kMaxMemory);
  flz_decoder_set_progress(g_decoder, Progress, nullptr);
  return Keep(flz_decoder_open(g_decoder, file, size, &g_info));
}

FLW_EXPORT(flw_close)()->void {
  flz_decoder_free(g_decoder);
  g_decoder = nullptr;
}

FLW_EXPORT(flw_info)(int field)->double {
  switch (field) {
    case 0: return g_info.width;
    case 1: return g_info.height;
    case 2: return g_info.channels;
    case 3: return g_info.bit_depth;
    case 4: return static_cast<double>(g_info.file_bytes);
    case 5: return static_cast<double>(g_info.header_bytes);
    case 6: return static_cast<double>(g_info.tile_count);
    case 7: return g_info.tile_size;
    case 8: return g_info.flags;
    case 9: return g_info.max_value;
    case 10: return g_info.format_version;
    case 11: return static_cast<uint32_t>(g_info.model_hash >> 32);
    case 12: return static_cast<uint32_t>(g_info.model_hash);
    case 13: return g_info.preview_width;
    case 14: return g_info.preview_height;
    case 15: return g_info.preview_channels;
    case 16: return g_info.preview_bytes;
    default: return -1;
  }
}

// A width of 0 is the whole picture. `size` takes width and height of what decoding will give.
FLW_EXPORT(flw_window)
(uint32_t x, uint32_t y, uint32_t width, uint32_t height, int scale_log2, uint32_t* size)->int {
  flz_status status = flz_decoder_set_region(g_decoder, x, y, width, height);
  if (status == FLZ_OK) status = flz_decoder_set_scale(g_decoder, scale_log2);
  if (status == FLZ_OK) status = flz_decoder_size(g_decoder, &size[0], &size[1], nullptr);
  return Keep(status);
}

FLW_EXPORT(flw_decode)(void* pixels, size_t size)->int {
  return Keep(flz_decoder_decode(g_decoder, pixels, size, 0));
}

FLW_EXPORT(flw_preview)(void* pixels, size_t size)->int {
  return Keep(flz_decoder_preview(g_decoder, pixels, size, 0));
}

// FLZ_END after the last; else type, address and size of the chunk are in `out`.
FLW_EXPORT(flw_next_chunk)(uint32_t* out)->int {
  const flz_status status = flz_decoder_next_chunk(g_decoder, &g_chunk);
  if (status == FLZ_OK) {
    out[0] = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(g_chunk.type));
    out[1] = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(g_chunk.data));
    out[2] = static_cast<uint32_t>(g_chunk.size);
  }
  return Keep(status);
}

#ifdef __EMSCRIPTEN_PTHREADS__
// Upper end and size of the stack that was made for a thread: the worker that runs it needs them
// before it can call anything.
FLW_EXPORT(flw_thread_stack)(pthread_t thread, uint32_t* out)->int {
  pthread_attr_t attributes;
  void* lower = nullptr;
  size_t size = 0;
  pthread_getattr_np(thread, &attributes);
  pthread_attr_getstack(&attributes, &lower, &size);
  out[0] = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(lower) + size);
  out[1] = static_cast<uint32_t>(size);
  return FLZ_OK;
}
#endif

}  // namespace flowzip::web
