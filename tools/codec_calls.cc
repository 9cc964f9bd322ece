// SPDX-License-Identifier: BSD-3-Clause
#include "tools/codec_calls.h"

#include <new>
#include <utility>

#include "codec/options/limits.h"
#include "tools/read_file.h"

namespace flowzip {
namespace {

[[noreturn]] void Throw(flz_status status, const char* message) {
  if (status == FLZ_OUT_OF_MEMORY) throw std::bad_alloc();
  const std::string text = *message != 0 ? message : flz_status_text(status);
  if (status <= FLZ_IO) throw Error(static_cast<ErrorCode>(status), text);
  throw std::runtime_error(text);
}

// What encoder and decoder have alike.
template <class Handle, class SetThreads, class SetPixels, class SetMemory, class SetModel>
void Configure(const Handle& handle, const CommonOptions& options, SetThreads set_threads,
               SetPixels set_pixels, SetMemory set_memory, SetModel set_model) {
  if (handle == nullptr) throw std::bad_alloc();
  const auto or_none = [](uint64_t limit) { return limit == UINT64_MAX ? 0 : limit; };
  Check(set_threads(handle.get(), options.jobs), handle);
  Check(set_pixels(handle.get(), or_none(options.max_pixels)), handle);
  Check(set_memory(handle.get(), or_none(options.max_memory)), handle);
  if (options.model_path.empty()) return;
  WithFile(options.model_path, [&] {
    const FileBytes model = ReadFile(options.model_path, options.max_memory);
    Check(set_model(handle.get(), model.data(), model.size()), handle);
  });
}

}  // namespace

void Check(flz_status status, const EncoderHandle& encoder) {
  if (status != FLZ_OK) Throw(status, flz_encoder_message(encoder.get()));
}

void Check(flz_status status, const DecoderHandle& decoder) {
  if (status != FLZ_OK) Throw(status, flz_decoder_message(decoder.get()));
}

EncoderHandle NewEncoder(const CommonOptions& options) {
  EncoderHandle encoder(flz_encoder_new());
  Configure(encoder, options, flz_encoder_set_threads, flz_encoder_set_max_pixels,
            flz_encoder_set_max_memory, flz_encoder_set_model);
  constexpr std::pair<const char*, flz_effort> kEfforts[] = {
      {"fast", FLZ_EFFORT_FAST}, {"standard", FLZ_EFFORT_STANDARD}, {"best", FLZ_EFFORT_BEST}};
  for (const auto& [name, effort] : kEfforts) {
    if (options.effort == name) Check(flz_encoder_set_effort(encoder.get(), effort), encoder);
  }
  return encoder;
}

DecoderHandle NewDecoder(const CommonOptions& options) {
  DecoderHandle decoder(flz_decoder_new());
  Configure(decoder, options, flz_decoder_set_threads, flz_decoder_set_max_pixels,
            flz_decoder_set_max_memory, flz_decoder_set_model);
  return decoder;
}

flz_image ToPicture(const Image& image) {
  flz_image picture = {};
  picture.width = image.width;
  picture.height = image.height;
  picture.channels = static_cast<uint32_t>(image.channels);
  picture.bit_depth = static_cast<uint32_t>(image.bit_depth);
  picture.pixels = image.samples.data();
  picture.flags = (image.indexed ? FLZ_INDEXED : 0) | (image.interlaced ? FLZ_INTERLACED : 0);
  picture.max_value = image.max_value;
  return picture;
}

void SetChunks(const Image& image, const EncoderHandle& encoder) {
  Check(flz_encoder_clear_chunks(encoder.get()), encoder);
  for (const Chunk& chunk : image.chunks) {
    Check(flz_encoder_add_chunk(encoder.get(), chunk.type.data(), chunk.data.data(),
                                chunk.data.size()),
          encoder);
  }
}

flz_info OpenFile(const DecoderHandle& decoder, ByteSpan file) {
  flz_info info;
  Check(flz_decoder_open(decoder.get(), file.data(), file.size(), &info), decoder);
  return info;
}

std::vector<Chunk> ChunksOf(const DecoderHandle& decoder) {
  std::vector<Chunk> chunks;
  for (flz_chunk chunk;;) {
    const flz_status status = flz_decoder_next_chunk(decoder.get(), &chunk);
    if (status == FLZ_END) return chunks;
    Check(status, decoder);
    chunks.push_back(MakeChunk({chunk.type, 4}, ByteSpan(chunk.data, chunk.size)));
  }
}

Image HeaderOpen(const DecoderHandle& decoder, const flz_info& info) {
  Image image;
  Check(flz_decoder_size(decoder.get(), &image.width, &image.height, nullptr), decoder);
  image.channels = static_cast<int>(info.channels);
  image.bit_depth = static_cast<int>(info.bit_depth);
  image.indexed = (info.flags & FLZ_INDEXED) != 0;
  image.interlaced = (info.flags & FLZ_INTERLACED) != 0;
  image.max_value = static_cast<uint16_t>(info.max_value);
  image.chunks = ChunksOf(decoder);
  return image;
}

Image DecodeOpen(const DecoderHandle& decoder, const flz_info& info, uint64_t holds,
                 const CommonOptions& options) {
  Image image = HeaderOpen(decoder, info);
  // What the library refuses for its pixels, its model, or a size that 64 bits do not hold.
  const uint64_t memory = flz_decoder_memory(decoder.get());
  if (uint64_t{image.width} * image.height > options.max_pixels || memory == 0 ||
      memory >= UINT64_MAX / 4) {
    Check(flz_decoder_check(decoder.get()), decoder);
  }
  RequireMemory(memory + image.row_bytes() * image.height + holds, options.max_memory);
  image.samples.resize(image.row_bytes() * image.height);
  Check(flz_decoder_decode(decoder.get(), image.samples.data(), image.samples.size(), 0), decoder);
  return image;
}

HandleProgress::HandleProgress(const std::string& verb, const EncoderHandle& encoder, bool quiet)
    : progress_(verb, quiet), show_(progress_.Callback()), encoder_(encoder.get()) {
  if (show_) flz_encoder_set_progress(encoder_, Call, this);
}

HandleProgress::HandleProgress(const std::string& verb, const DecoderHandle& decoder, bool quiet)
    : progress_(verb, quiet), show_(progress_.Callback()), decoder_(decoder.get()) {
  if (show_) flz_decoder_set_progress(decoder_, Call, this);
}

HandleProgress::~HandleProgress() {
  if (encoder_ != nullptr) flz_encoder_set_progress(encoder_, nullptr, nullptr);
  if (decoder_ != nullptr) flz_decoder_set_progress(decoder_, nullptr, nullptr);
}

int HandleProgress::Call(void* self, uint64_t done, uint64_t total) {
  static_cast<HandleProgress*>(self)->show_(done, total);
  return 0;
}

HandleRows::HandleRows(const EncoderHandle& encoder, RowsFn read)
    : encoder_(encoder), read_(std::move(read)) {
  flz_encoder_set_rows(encoder_.get(), Call, this);
}

HandleRows::~HandleRows() { flz_encoder_set_rows(encoder_.get(), nullptr, nullptr); }

int HandleRows::Call(void* self, uint32_t rows) {
  auto* const handle = static_cast<HandleRows*>(self);
  try {
    handle->read_(rows);
    return 0;
  } catch (...) {
    handle->error_ = std::current_exception();
    return 1;
  }
}

void HandleRows::Check(flz_status status) const {
  if (error_) std::rethrow_exception(error_);
  flowzip::Check(status, encoder_);
}

}  // namespace flowzip
