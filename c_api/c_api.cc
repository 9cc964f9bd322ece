// SPDX-License-Identifier: BSD-3-Clause
// The C interface: the library itself, the probe, and what encoder and decoder share.
#include "c_api/c_api.h"

#include <algorithm>
#include <thread>

#include "codec/metadata/chunk_store.h"
#include "model/embedded.h"
#include "model/simd_targets.h"

namespace flowzip::c_api {

int Handle::Jobs() const {
  if (threads > 0) return threads;
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 1024);
}

ProgressFn Handle::Progress() const {
  if (progress == nullptr) return {};
  return [this](uint64_t done, uint64_t total) {
    if (progress(progress_user, done, total) != 0) throw Cancelled{};
  };
}

void Handle::SetThreads(int count) {
  RequireArgument(count >= 0 && count <= 1024, "threads are 1 to 1024, or 0 for all processors");
  threads = count;
}

void Handle::SetModel(const void* data, size_t size) {
  RequireArgument(data != nullptr, "no model was given");
  model = std::make_unique<const Model>(Model::Parse({static_cast<const uint8_t*>(data), size}));
}

flz_info ToInfo(const FileInfo& info) {
  flz_info out = {};
  out.width = info.width;
  out.height = info.height;
  out.channels = static_cast<uint32_t>(info.channels);
  out.bit_depth = static_cast<uint32_t>(info.bit_depth);
  out.row_bytes = uint64_t{info.width} * out.channels * (info.bit_depth > 8 ? 2 : 1);
  out.model_hash = info.model_hash;
  out.header_bytes = info.header_bytes;
  out.file_bytes = info.file_bytes();
  out.tile_count = info.tile_count();
  out.tile_size = uint32_t{1} << info.tile_log2;  // 2^31: one tile
  out.format_version = kFormatVersion;
  out.flags = (info.indexed ? FLZ_INDEXED : 0) | (info.interlaced ? FLZ_INTERLACED : 0);
  out.max_value = StoredMaxValue(info);
  if (info.preview.channels > 0) {
    out.preview_width = info.preview_width();
    out.preview_height = info.preview_height();
    out.preview_channels = static_cast<uint32_t>(info.preview.channels);
    out.preview_bytes = static_cast<uint32_t>(info.tiles_at() - info.header_bytes);
  }
  return out;
}

size_t Extent(uint64_t row_bytes, uint32_t height, size_t* stride) {
  RequireArgument(row_bytes <= SIZE_MAX, "the picture exceeds the address space");
  if (*stride == 0) *stride = static_cast<size_t>(row_bytes);
  RequireArgument(*stride >= row_bytes, "the stride is shorter than a row");
  const size_t steps = height - size_t{1};
  RequireArgument(steps == 0 || *stride <= (SIZE_MAX - row_bytes) / steps,
                  "the picture exceeds the address space");
  return *stride * steps + static_cast<size_t>(row_bytes);
}

}  // namespace flowzip::c_api

using namespace flowzip;         // NOLINT: this file is the library's face to C
using namespace flowzip::c_api;  // NOLINT

const char* flz_version(void) { return FLZ_VERSION_STRING; }

uint32_t flz_version_number(void) { return FLZ_VERSION_NUMBER; }

uint32_t flz_format_version(void) { return kFormatVersion; }

const char* flz_simd_target(void) {
  thread_local std::string name;
  return Guard(nullptr,
               [] {
                 name = ActiveSimdTarget();
                 return FLZ_OK;
               }) == FLZ_OK
             ? name.c_str()
             : "";
}

const char* flz_status_text(flz_status status) {
  switch (status) {
    case FLZ_OK: return "done";
    case FLZ_INVALID_ARGUMENT: return "the call makes no sense";
    case FLZ_UNSUPPORTED: return "not supported by this version";
    case FLZ_TRUNCATED: return "the file is cut short";
    case FLZ_CORRUPT: return "the file is damaged or no flowzip file";
    case FLZ_UNKNOWN_MODEL: return "the model is not available";
    case FLZ_LIMIT: return "a limit would be exceeded";
    case FLZ_IO: return "a file could not be read or written";
    case FLZ_OUT_OF_MEMORY: return "out of memory";
    case FLZ_CANCELLED: return "cancelled";
    case FLZ_INTERNAL: return "internal error";
    case FLZ_NEED_MORE: return "more bytes are needed";
    case FLZ_END: return "no more chunks";
    case FLZ_BUFFER_TOO_SMALL: return "the buffer is too small";
  }
  return "unknown status";
}

size_t flz_model_count(void) { return EmbeddedModels().size(); }

flz_status flz_model_info(size_t index, const char** name, uint64_t* hash) {
  const auto models = EmbeddedModels();
  if (index >= models.size()) return FLZ_INVALID_ARGUMENT;
  if (name != nullptr) *name = models[index].name;
  if (hash != nullptr) *hash = models[index].hash();
  return FLZ_OK;
}

flz_status flz_signature(const void* data, size_t size) {
  if (data == nullptr && size > 0) return FLZ_INVALID_ARGUMENT;
  const auto* bytes = static_cast<const uint8_t*>(data);
  const size_t present = std::min(size, kMagic.size());
  if (!std::equal(bytes, bytes + present, kMagic.begin())) return FLZ_CORRUPT;
  return present < kMagic.size() ? FLZ_NEED_MORE : FLZ_OK;
}

flz_status flz_probe(const void* data, size_t size, flz_info* info, size_t* needed) {
  if (info != nullptr) *info = {};
  if (needed != nullptr) *needed = 0;
  const auto more = [needed](size_t count) {
    if (needed != nullptr) *needed = count;
    return FLZ_NEED_MORE;
  };
  const flz_status signature = flz_signature(data, size);
  if (signature == FLZ_NEED_MORE) return more(HeaderBytes({}));
  if (signature != FLZ_OK) return signature;
  return Guard(nullptr, [&] {
    const ByteSpan file(static_cast<const uint8_t*>(data), size);
    // A version that is not known may have any header: said as soon as it can be seen.
    if (size > kMagic.size() && file[kMagic.size()] != kFormatVersion) return FLZ_UNSUPPORTED;
    const uint64_t header = HeaderBytes(file);
    if (header > size) return more(static_cast<size_t>(header));
    const FileInfo parsed = ParseHeader(file);
    if (info != nullptr) *info = ToInfo(parsed);
    return FLZ_OK;
  });
}
