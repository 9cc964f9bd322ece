// SPDX-License-Identifier: BSD-3-Clause
// The C interface: flz_decoder.
#include <cstring>
#include <optional>
#include <utility>

#include "c_api/c_api.h"
#include "codec/metadata/chunk_store.h"
#include "codec/metadata/shown_colours.h"
#include "codec/preview/preview.h"
#include "model/embedded.h"

using namespace flowzip;         // NOLINT: this file is the library's face to C
using namespace flowzip::c_api;  // NOLINT

struct flz_decoder : Handle {
  ByteSpan file;
  std::optional<FileInfo> info;  // of the open file
  std::vector<Chunk> chunks;     // of the open file, as PNG has them
  Rect region;
  int scale_log2 = 0;
  size_t next_chunk = 0;

  const FileInfo& Open() const {
    RequireArgument(info.has_value(), "no file is open");
    return *info;
  }
  DecodeOptions Options() const {
    DecodeOptions options;
    options.model_override = model.get();
    options.jobs = Jobs();
    options.max_pixels = max_pixels;
    options.max_memory = max_memory;
    options.region = region;
    options.scale_log2 = scale_log2;
    options.to_pixels = true;
    return options;
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
    FileInfo parsed = ParseHeader(file);
    Image image;
    image.bit_depth = parsed.bit_depth;
    image.indexed = parsed.indexed;
    RequireMemory(RestoringMemory(parsed), d.max_memory);
    RestoreChunks(parsed, RestoreColours(parsed), &image);
    d.chunks = std::move(image.chunks);
    d.info = std::move(parsed);
    d.file = file;
    if (info != nullptr) *info = ToInfo(*d.info);
  });
}

flz_status flz_decoder_next_chunk(flz_decoder* decoder, flz_chunk* chunk) {
  if (chunk != nullptr) *chunk = {};
  if (decoder == nullptr) return FLZ_INVALID_ARGUMENT;
  return Guard(&decoder->message, [&] {
    decoder->Open();
    RequireArgument(chunk != nullptr, "there is nowhere to put the chunk");
    if (decoder->next_chunk == decoder->chunks.size()) {
      decoder->next_chunk = 0;
      return FLZ_END;
    }
    const Chunk& next = decoder->chunks[decoder->next_chunk++];
    std::memcpy(chunk->type, next.type.data(), sizeof chunk->type);
    chunk->data = next.data.data();
    chunk->size = next.data.size();
    return FLZ_OK;
  });
}

uint64_t flz_decoder_memory(flz_decoder* decoder) {
  uint64_t bytes = 0;
  With(decoder, [&](flz_decoder& d) { bytes = DecodingMemory(d.Open(), d.Options()); });
  return bytes;
}

flz_status flz_decoder_set_region(flz_decoder* decoder, uint32_t x, uint32_t y, uint32_t width,
                                  uint32_t height) {
  return With(decoder, [&](flz_decoder& d) {
    RequireArgument(width == 0 || height > 0, "the region has no pixels");
    d.region = {x, y, width, height};
  });
}

flz_status flz_decoder_set_scale(flz_decoder* decoder, int scale_log2) {
  return With(decoder, [&](flz_decoder& d) {
    RequireArgument(scale_log2 >= 0 && scale_log2 <= 3, "the scale is 1, 1/2, 1/4 or 1/8");
    d.scale_log2 = scale_log2;
  });
}

flz_status flz_decoder_size(flz_decoder* decoder, uint32_t* width, uint32_t* height,
                            uint64_t* row_bytes) {
  if (width != nullptr) *width = 0;
  if (height != nullptr) *height = 0;
  if (row_bytes != nullptr) *row_bytes = 0;
  return With(decoder, [&](flz_decoder& d) {
    const FileInfo& info = d.Open();
    const Rect rect = DecodedRect(info, d.Options());
    if (width != nullptr) *width = rect.width;
    if (height != nullptr) *height = rect.height;
    if (row_bytes != nullptr) *row_bytes = ToInfo(info).row_bytes / info.width * rect.width;
  });
}

flz_status flz_decoder_decode(flz_decoder* decoder, void* pixels, size_t size, size_t stride) {
  return With(decoder, [&](flz_decoder& d) {
    const FileInfo& info = d.Open();
    RequireArgument(pixels != nullptr, "there is nowhere to put the picture");
    const Rect rect = DecodedRect(info, d.Options());
    const uint64_t row_bytes = ToInfo(info).row_bytes / info.width * rect.width;
    RequireArgument(size >= Extent(row_bytes, rect.height, &stride),
                    "the buffer is too small for the picture");
    DecodeOptions options = d.Options();
    options.pixels = static_cast<uint8_t*>(pixels);
    options.stride = stride;
    Decode(d.file, options, nullptr, d.Progress());
  });
}

flz_status flz_decoder_preview(flz_decoder* decoder, void* pixels, size_t size, size_t stride) {
  return With(decoder, [&](flz_decoder& d) {
    const FileInfo& info = d.Open();
    RequireArgument(info.preview.channels > 0, "the file has no preview");
    RequireArgument(pixels != nullptr, "there is nowhere to put the preview");
    const uint64_t row_bytes =
        uint64_t{info.preview_width()} * static_cast<uint64_t>(info.preview.channels);
    RequireArgument(size >= Extent(row_bytes, info.preview_height(), &stride),
                    "the buffer is too small for the preview");
    RequireMemory(PreviewMemory(info), d.max_memory);
    const Image preview = DecodePreview(info, d.file);
    for (uint32_t y = 0; y < preview.height; ++y) {
      std::memcpy(static_cast<uint8_t*>(pixels) + y * stride, preview.Row(y), preview.row_bytes());
    }
  });
}

flz_status flz_decoder_check(flz_decoder* decoder) {
  return With(decoder, [](flz_decoder& d) {
    d.Open();
    DecodeOptions options = d.Options();
    options.region = {};
    options.scale_log2 = 0;
    options.to_pixels = false;
    if (d.info->preview.channels > 0) DecodePreview(*d.info, d.file);
    Decode(d.file, options, nullptr, d.Progress());
  });
}
