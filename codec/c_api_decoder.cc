// SPDX-License-Identifier: BSD-3-Clause
// The C interface: flz_decoder.
#include <cstring>
#include <optional>
#include <utility>

#include "codec/c_api.h"
#include "model/embedded.h"

using namespace flowzip;         // NOLINT: this file is the library's face to C
using namespace flowzip::c_api;  // NOLINT

struct flz_decoder : Handle {
  ByteSpan file;
  std::optional<FileInfo> info;  // of the open file
  size_t next_chunk = 0;

  const FileInfo& Open() const {
    RequireArgument(info.has_value(), "no file is open");
    return *info;
  }
  Image DecodeFile() const {
    DecodeOptions options;
    options.model_override = model.get();
    options.jobs = Jobs();
    options.max_pixels = max_pixels;
    options.max_memory = max_memory;
    return Decode(file, options, nullptr, Progress());
  }
};

flz_decoder* flz_decoder_new(void) { return new (std::nothrow) flz_decoder; }

void flz_decoder_free(flz_decoder* decoder) { delete decoder; }

const char* flz_decoder_message(const flz_decoder* decoder) {
  return decoder != nullptr ? decoder->message.c_str() : "";
}

flz_status flz_decoder_set_model(flz_decoder* decoder, const void* data, size_t size) {
  return With(decoder, [&](flz_decoder& d) { d.SetModel(data, size); });
}

flz_status flz_decoder_set_threads(flz_decoder* decoder, int threads) {
  return With(decoder, [&](flz_decoder& d) { d.SetThreads(threads); });
}

flz_status flz_decoder_set_max_pixels(flz_decoder* decoder, uint64_t pixels) {
  return With(decoder, [&](flz_decoder& d) { d.max_pixels = pixels == 0 ? UINT64_MAX : pixels; });
}

flz_status flz_decoder_set_max_memory(flz_decoder* decoder, uint64_t bytes) {
  return With(decoder, [&](flz_decoder& d) { d.max_memory = bytes == 0 ? kNoMemoryLimit : bytes; });
}

flz_status flz_decoder_set_progress(flz_decoder* decoder, flz_progress_fn progress, void* user) {
  return With(decoder, [&](flz_decoder& d) {
    d.progress = progress;
    d.progress_user = user;
  });
}

flz_status flz_decoder_open(flz_decoder* decoder, const void* data, size_t size, flz_info* info) {
  if (info != nullptr) *info = {};
  return With(decoder, [&](flz_decoder& d) {
    d.info.reset();
    d.file = {};
    d.next_chunk = 0;
    RequireArgument(data != nullptr, "no file was given");
    const ByteSpan file(static_cast<const uint8_t*>(data), size);
    d.info = ParseHeader(file);
    d.file = file;
    if (info != nullptr) *info = ToInfo(*d.info);
  });
}

flz_status flz_decoder_next_chunk(flz_decoder* decoder, flz_chunk* chunk) {
  if (chunk != nullptr) *chunk = {};
  if (decoder == nullptr) return FLZ_INVALID_ARGUMENT;
  return Guard(&decoder->message, [&] {
    const FileInfo& info = decoder->Open();
    RequireArgument(chunk != nullptr, "there is nowhere to put the chunk");
    if (decoder->next_chunk == info.chunks.size()) {
      decoder->next_chunk = 0;
      return FLZ_END;
    }
    const Chunk& next = info.chunks[decoder->next_chunk++];
    std::memcpy(chunk->type, next.type.data(), sizeof chunk->type);
    chunk->data = next.data.data();
    chunk->size = next.data.size();
    return FLZ_OK;
  });
}

uint64_t flz_decoder_memory(flz_decoder* decoder) {
  uint64_t bytes = 0;
  With(decoder, [&](flz_decoder& d) {
    const FileInfo& info = d.Open();
    const Model* model = FindModel(info.model_hash);
    if (d.model != nullptr && d.model->hash() == info.model_hash) model = d.model.get();
    if (model != nullptr) bytes = DecodeMemory(info, *model, d.Jobs(), d.max_memory);
  });
  return bytes;
}

flz_status flz_decoder_decode(flz_decoder* decoder, void* pixels, size_t size, size_t stride) {
  return With(decoder, [&](flz_decoder& d) {
    const FileInfo& info = d.Open();
    RequireArgument(pixels != nullptr, "there is nowhere to put the picture");
    RequireArgument(size >= Extent(ToInfo(info).row_bytes, info.height, &stride),
                    "the buffer is too small for the picture");
    const Image image = d.DecodeFile();
    auto* to = static_cast<uint8_t*>(pixels);
    for (uint32_t y = 0; y < image.height; ++y) {
      std::memcpy(to + y * stride, image.samples.data() + y * image.row_bytes(), image.row_bytes());
    }
  });
}

flz_status flz_decoder_check(flz_decoder* decoder) {
  return With(decoder, [](flz_decoder& d) {
    d.Open();
    d.DecodeFile();
  });
}
