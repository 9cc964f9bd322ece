// SPDX-License-Identifier: BSD-3-Clause
// The C interface as a careless program uses it: any bytes as a file, handles in any order,
// strides and sizes that fit or do not. Nothing outside the buffers may be touched, and what
// decodes must be what encodes.
#include <cstring>
#include <memory>

#include "flowzip/flowzip.h"
#include "tests/fuzz/harness.h"

namespace flowzip {
namespace {

using Decoder = std::unique_ptr<flz_decoder, decltype(&flz_decoder_free)>;
using Encoder = std::unique_ptr<flz_encoder, decltype(&flz_encoder_free)>;

const std::vector<uint8_t>& MicroBytes() {
  static const std::vector<uint8_t> bytes = [] {
    Model model = fuzz::Micro();
    return model.Serialize();
  }();
  return bytes;
}

// Stops after `user` calls.
int Progress(void* user, uint64_t done, uint64_t total) {
  fuzz::Check(done <= total, "more than all is done");
  auto* left = static_cast<int*>(user);
  return *left > 0 && --*left == 0;
}

// Every beginning asks for more bytes than it has, or is answered.
void ProbeBeginnings(const uint8_t* data, size_t size) {
  for (size_t have = 0; have <= size;) {
    flz_info info;
    size_t needed = 0;
    const flz_status status = flz_probe(data, have, &info, &needed);
    fuzz::Check((status == FLZ_NEED_MORE) == (needed != 0), "needs nothing more");
    if (status != FLZ_NEED_MORE) return;
    fuzz::Check(needed > have, "needs no more than it has");
    have = needed;
  }
}

// Encodes the picture again, and decodes that.
void Again(const flz_info& info, const std::vector<uint8_t>& pixels, size_t stride) {
  const Encoder encoder(flz_encoder_new(), flz_encoder_free);
  flz_encoder_set_threads(encoder.get(), 1);
  fuzz::Check(
      flz_encoder_set_model(encoder.get(), MicroBytes().data(), MicroBytes().size()) == FLZ_OK,
      "the model is refused");
  const flz_image image = {
      info.width, info.height, info.channels, info.bit_depth, pixels.data(), stride, 0, 0};
  const uint8_t* file = nullptr;
  size_t size = 0;
  fuzz::Check(flz_encoder_encode(encoder.get(), &image, &file, &size) == FLZ_OK,
              flz_encoder_message(encoder.get()));
  const Decoder decoder(flz_decoder_new(), flz_decoder_free);
  flz_decoder_set_threads(decoder.get(), 1);
  flz_decoder_set_model(decoder.get(), MicroBytes().data(), MicroBytes().size());
  flz_info second;
  fuzz::Check(flz_decoder_open(decoder.get(), file, size, &second) == FLZ_OK, "cannot open");
  std::vector<uint8_t> back(pixels.size(), 0xA5);
  fuzz::Check(flz_decoder_decode(decoder.get(), back.data(), back.size(), stride) == FLZ_OK,
              flz_decoder_message(decoder.get()));
  fuzz::Check(back == pixels, "other pixels, or bytes between the rows");
}

void Run(const uint8_t* data, size_t size) {
  if (size == 0) return;
  const uint8_t flags = data[--size];  // behind the file, so that files are inputs as they are
  flz_signature(data, size);
  ProbeBeginnings(data, size);
  const Decoder decoder(flz_decoder_new(), flz_decoder_free);
  flz_decoder_set_threads(decoder.get(), 1);
  flz_decoder_set_max_pixels(decoder.get(), 1 << 12);
  flz_decoder_set_max_memory(decoder.get(), 64 << 20);
  if (flags & 1) {
    fuzz::Check(flz_decoder_set_model(decoder.get(), data, size) != FLZ_OK ||
                    size >= MicroBytes().size() / 8,
                "a very short model");
  }
  flz_decoder_set_model(decoder.get(), MicroBytes().data(), MicroBytes().size());
  int calls = flags >> 5;
  flz_decoder_set_progress(decoder.get(), Progress, &calls);
  flz_info info;
  uint8_t none;
  fuzz::Check(flz_decoder_decode(decoder.get(), &none, 0, 0) != FLZ_OK, "decodes nothing");
  if (flz_decoder_open(decoder.get(), data, size, &info) != FLZ_OK) {
    fuzz::Check(*flz_decoder_message(decoder.get()) != 0, "fails without a word");
    return;
  }
  flz_chunk chunk;
  for (int i = 0; i < 100 && flz_decoder_next_chunk(decoder.get(), &chunk) == FLZ_OK; ++i) {
    // Reads every byte, for the sanitizer.
    fuzz::Check(chunk.size == 0 || std::memchr(chunk.data, -1, chunk.size) != &info, "never");
  }
  if (info.preview_width > 0) {
    const size_t row = size_t{info.preview_width} * info.preview_channels;
    std::vector<uint8_t> preview(row * info.preview_height);
    flz_decoder_preview(decoder.get(), preview.data(), preview.size(), 0);
    fuzz::Check(flz_decoder_preview(decoder.get(), preview.data(), preview.size() - 1, 0) != FLZ_OK,
                "a buffer too small for the preview is accepted");
  }
  if (uint64_t{info.width} * info.height > 1 << 12) {
    fuzz::Check(flz_decoder_check(decoder.get()) != FLZ_OK, "the limit of pixels is not kept");
    return;
  }
  const size_t stride = info.row_bytes + (flags >> 1 & 3);
  std::vector<uint8_t> pixels(stride * (info.height - 1) + info.row_bytes, 0xA5);
  if (flags & 8) {
    fuzz::Check(
        flz_decoder_decode(decoder.get(), pixels.data(), pixels.size() - 1, stride) != FLZ_OK,
        "a buffer too small is accepted");
  }
  const flz_status status = flz_decoder_decode(decoder.get(), pixels.data(), pixels.size(), stride);
  if (status == FLZ_OK) Again(info, pixels, stride);
  if (status == FLZ_CANCELLED) fuzz::Check(flags >> 5 != 0, "cancelled by nobody");
}

}  // namespace
}  // namespace flowzip

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  flowzip::Run(data, size);
  return 0;
}
