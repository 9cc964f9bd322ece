// SPDX-License-Identifier: BSD-3-Clause
// The C interface: flz_encoder.
#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "analysis/sampler.h"
#include "analysis/score.h"
#include "c_api/c_api.h"
#include "codec/picture/marks.h"
#include "model/embedded.h"

using namespace flowzip;         // NOLINT: this file is the library's face to C
using namespace flowzip::c_api;  // NOLINT

struct flz_encoder : Handle {
  const EmbeddedModel* embedded = nullptr;  // by effort; `model` goes before it
  bool recover_colour = true, preview = true;
  flz_effort effort = FLZ_EFFORT_STANDARD;
  flz_rows_fn rows = nullptr;
  void* rows_user = nullptr;
  std::vector<Chunk> chunks;
  float* pixel_bits = nullptr;  // the caller's
  size_t pixel_bits_count = 0;
  std::vector<uint8_t> file;

  // A model file is for files by the model, whatever the effort.
  Coding Way() const {
    if (effort == FLZ_EFFORT_BEST) return Coding::kThorough;
    return effort == FLZ_EFFORT_FAST && model == nullptr ? Coding::kFast : Coding::kSmallest;
  }
};

namespace {

constexpr const char* kEffortNames[] = {"", "fast", "standard", "best"};  // by flz_effort

const EmbeddedModel* RequireModel(const std::string& effort) {
  const EmbeddedModel* found = EmbeddedForEffort(effort);
  if (found != nullptr) return found;
  std::string others;
  for (const EmbeddedModel& model : EmbeddedModels()) {
    others += (others.empty() ? "" : ", ") + std::string(model.name);
  }
  throw Error(ErrorCode::kUnknownModel,
              "effort " + effort + " needs the model of that name, which was not built in (" +
                  (others.empty() ? "none was" : "there are: " + others) + ")");
}

uint64_t RowBytes(const flz_image& image) {
  return uint64_t{image.width} * image.channels * (image.bit_depth > 8 ? 2 : 1);
}

void CheckShape(const flz_image* image) {
  RequireArgument(image != nullptr, "no picture was given");
  RequireArgument(image->width >= 1 && image->width <= kMaxSide && image->height >= 1 &&
                      image->height <= kMaxSide,
                  "a picture has 1 to 2147483647 pixels on a side");
  RequireArgument(image->channels >= 1 && image->channels <= 4, "a picture has 1 to 4 channels");
  RequireArgument(image->bit_depth >= 1 && image->bit_depth <= 16, "a sample has 1 to 16 bits");
  RequireArgument(image->max_value < 1u << image->bit_depth, "the largest sample exceeds its bits");
  RequireArgument((image->flags & ~(FLZ_INDEXED | FLZ_INTERLACED)) == 0, "there are no such flags");
}

// All but the samples.
Image ToImage(const flz_encoder& encoder, const flz_image& picture) {
  Image image;
  image.width = picture.width;
  image.height = picture.height;
  image.channels = static_cast<int>(picture.channels);
  image.bit_depth = static_cast<int>(picture.bit_depth);
  image.indexed = (picture.flags & FLZ_INDEXED) != 0;
  image.interlaced = (picture.flags & FLZ_INTERLACED) != 0;
  const auto all = static_cast<uint16_t>((1u << picture.bit_depth) - 1);
  image.max_value = picture.max_value == all ? 0 : static_cast<uint16_t>(picture.max_value);
  image.chunks = encoder.chunks;
  return image;
}

EncodeOptions Options(const flz_encoder& encoder) {
  EncodeOptions options;
  options.model = encoder.model.get();
  options.embedded = encoder.embedded;
  options.jobs = encoder.Jobs();
  options.recover_colour = encoder.recover_colour;
  options.preview = encoder.preview;
  options.coding = encoder.Way();
  options.max_memory = encoder.max_memory;
  return options;
}

// The picture where it is, its limits checked.
Image Borrow(const flz_encoder& encoder, const flz_image* picture) {
  CheckShape(picture);
  RequireArgument(picture->pixels != nullptr, "no pixels were given");
  size_t stride = picture->stride;
  Extent(RowBytes(*picture), picture->height, &stride);
  RequirePixels(picture->width, picture->height, encoder.max_pixels);
  RequireArgument(
      encoder.pixel_bits == nullptr || encoder.pixel_bits_count / picture->width >= picture->height,
      "there is not enough room for the bits of all pixels");
  Image image = ToImage(encoder, *picture);
  image.outside = static_cast<uint8_t*>(const_cast<void*>(picture->pixels));  // is only read
  image.outside_stride = stride;
  return image;
}

// Options() with the functions and memory of the caller's; calls `body` with them.
template <class F>
void WithOptions(const flz_encoder& encoder, const flz_image& picture, const F& body) {
  EncodeOptions options = Options(encoder);
  if (encoder.rows != nullptr) {
    options.rows = [&encoder](uint32_t rows) {
      if (encoder.rows(encoder.rows_user, rows) != 0) throw Cancelled{};
    };
  }
  PixelBits bits;
  if (encoder.pixel_bits != nullptr) {
    options.pixel_bits = &bits;
    const uint64_t bytes = uint64_t{picture.width} * picture.height * sizeof(float);
    RequireMemory(bytes, options.max_memory);
    options.max_memory = MemoryLeft(options.max_memory, bytes);
  }
  body(options);
  std::copy(bits.bits.begin(), bits.bits.end(), encoder.pixel_bits);
}

void EncodeToFile(flz_encoder& encoder, const flz_image* picture) {
  Release(encoder.file);
  const Image image = Borrow(encoder, picture);
  WithOptions(encoder, *picture, [&](const EncodeOptions& options) {
    encoder.file = Encode(image, options, nullptr, encoder.Progress());
  });
}

}  // namespace

flz_encoder* flz_encoder_new(void) { return new (std::nothrow) flz_encoder; }

void flz_encoder_free(flz_encoder* encoder) { delete encoder; }

const char* flz_encoder_message(const flz_encoder* encoder) {
  return encoder != nullptr ? encoder->message.c_str() : "";
}

flz_status flz_encoder_set_effort(flz_encoder* encoder, flz_effort effort) {
  return With(encoder, [&](flz_encoder& e) {
    RequireArgument(effort >= FLZ_EFFORT_FAST && effort <= FLZ_EFFORT_BEST,
                    "an effort is fast, standard or best");
    const EmbeddedModel* found =
        effort == FLZ_EFFORT_FAST ? nullptr : RequireModel(kEffortNames[effort]);
    e.embedded = found;
    e.effort = effort;
    e.model = nullptr;
  });
}

flz_status flz_encoder_set_recover_colour(flz_encoder* encoder, int on) {
  return With(encoder, [&](flz_encoder& e) {
    RequireArgument(on == 0 || on == 1, "recovering colours is on (1) or off (0)");
    e.recover_colour = on == 1;
  });
}

flz_status flz_encoder_set_preview(flz_encoder* encoder, int on) {
  return With(encoder, [&](flz_encoder& e) {
    RequireArgument(on == 0 || on == 1, "the preview is on (1) or off (0)");
    e.preview = on == 1;
  });
}

flz_status flz_encoder_set_model(flz_encoder* encoder, const void* data, size_t size) {
  return With(encoder, [&](flz_encoder& e) { e.SetModel(data, size); });
}

flz_status flz_encoder_set_threads(flz_encoder* encoder, int threads) {
  return With(encoder, [&](flz_encoder& e) { e.SetThreads(threads); });
}

flz_status flz_encoder_set_max_pixels(flz_encoder* encoder, uint64_t pixels) {
  return With(encoder, [&](flz_encoder& e) { e.max_pixels = pixels == 0 ? UINT64_MAX : pixels; });
}

flz_status flz_encoder_set_max_memory(flz_encoder* encoder, uint64_t bytes) {
  return With(encoder, [&](flz_encoder& e) { e.max_memory = bytes == 0 ? kNoMemoryLimit : bytes; });
}

flz_status flz_encoder_set_progress(flz_encoder* encoder, flz_progress_fn progress, void* user) {
  return With(encoder, [&](flz_encoder& e) {
    e.progress = progress;
    e.progress_user = user;
  });
}

flz_status flz_encoder_set_rows(flz_encoder* encoder, flz_rows_fn rows, void* user) {
  return With(encoder, [&](flz_encoder& e) {
    e.rows = rows;
    e.rows_user = user;
  });
}

flz_status flz_encoder_set_pixel_bits(flz_encoder* encoder, float* pixel_bits, size_t count) {
  return With(encoder, [&](flz_encoder& e) {
    e.pixel_bits = pixel_bits;
    e.pixel_bits_count = count;
  });
}

flz_status flz_encoder_add_chunk(flz_encoder* encoder, const char type[4], const void* data,
                                 size_t size) {
  return With(encoder, [&](flz_encoder& e) {
    RequireArgument(type != nullptr && (data != nullptr || size == 0), "no chunk was given");
    Chunk chunk;
    std::memcpy(chunk.type.data(), type, chunk.type.size());
    const std::string_view name = chunk.name();
    RequireArgument(IsChunkType(name), "a chunk's type is four ASCII letters");
    const bool mark = name == kSourceMark || name == kTailMark || (name == "IDAT" && size == 0);
    if (!(chunk.type[0] >= 'a' || name == "PLTE" || mark)) {
      throw Error(ErrorCode::kInvalidArgument,
                  "chunk " + std::string(name) +
                      " is no metadata: those are PLTE, ancillary chunks, whose type has a small "
                      "first letter, and the marks IHDR, IDAT and IEND");
    }
    const auto* bytes = static_cast<const uint8_t*>(data);
    chunk.data.assign(bytes, bytes + size);
    e.chunks.push_back(std::move(chunk));
  });
}

flz_status flz_encoder_clear_chunks(flz_encoder* encoder) {
  return With(encoder, [](flz_encoder& e) { e.chunks.clear(); });
}

uint64_t flz_encoder_memory(flz_encoder* encoder, const flz_image* image) {
  uint64_t bytes = 0;
  With(encoder, [&](flz_encoder& e) {
    CheckShape(image);
    bytes = EncodingMemory(ToImage(e, *image), Options(e));
  });
  return bytes;
}

flz_status flz_encoder_encode(flz_encoder* encoder, const flz_image* image, const uint8_t** data,
                              size_t* size) {
  if (data != nullptr) *data = nullptr;
  if (size != nullptr) *size = 0;
  return With(encoder, [&](flz_encoder& e) {
    RequireArgument(data != nullptr && size != nullptr, "there is nowhere to put the result");
    EncodeToFile(e, image);
    *data = e.file.data();
    *size = e.file.size();
  });
}

flz_status flz_encoder_keep_smaller(flz_encoder* encoder, const flz_image* image,
                                    const void* stream, size_t stream_size, const uint8_t** data,
                                    size_t* size) {
  return With(encoder, [&](flz_encoder& e) {
    RequireArgument(data != nullptr && size != nullptr, "there is nowhere to put the result");
    RequireArgument(stream != nullptr, "no stream was given");
    RequireArgument(!e.file.empty(), "nothing has been encoded");
    if (stream_size < e.file.size()) {
      const ByteSpan rows(static_cast<const uint8_t*>(stream), stream_size);
      std::vector<uint8_t> file = EncodeDeflated(Borrow(e, image), rows, Options(e));
      if (file.size() < e.file.size()) e.file = std::move(file);
    }
    *data = e.file.data();
    *size = e.file.size();
  });
}

flz_status flz_encoder_encode_into(flz_encoder* encoder, const flz_image* image, void* buffer,
                                   size_t capacity, size_t* size) {
  if (size != nullptr) *size = 0;
  if (encoder == nullptr) return FLZ_INVALID_ARGUMENT;
  return Guard(&encoder->message, [&] {
    RequireArgument(size != nullptr && (buffer != nullptr || capacity == 0),
                    "there is nowhere to put the result");
    EncodeToFile(*encoder, image);
    const std::vector<uint8_t> file = std::exchange(encoder->file, {});
    *size = file.size();
    if (file.size() > capacity) {
      encoder->message = "the file has " + std::to_string(file.size()) +
                         " bytes, the buffer only " + std::to_string(capacity);
      return FLZ_BUFFER_TOO_SMALL;
    }
    std::memcpy(buffer, file.data(), file.size());
    return FLZ_OK;
  });
}

flz_status flz_encoder_score(flz_encoder* encoder, const flz_image* image, flz_score* score) {
  if (score != nullptr) *score = {};
  return With(encoder, [&](flz_encoder& e) {
    RequireArgument(score != nullptr, "there is nowhere to put the score");
    const Image borrowed = Borrow(e, image);
    WithOptions(e, *image, [&](const EncodeOptions& options) {
      const Score found = ScoreImage(borrowed, options, e.Progress());
      score->bits = found.bits;
      score->bits_per_dimension = found.bits_per_dimension;
      score->file_bytes = found.stats.file_bytes;
      score->overhead_limit = found.overhead_limit;
    });
  });
}

flz_status flz_encoder_sample(flz_encoder* encoder, uint32_t width, uint32_t height,
                              uint32_t channels, uint64_t seed, double temperature, void* pixels,
                              size_t size, size_t stride) {
  return With(encoder, [&](flz_encoder& e) {
    RequireArgument(pixels != nullptr, "there is nowhere to put the picture");
    SampleOptions options;
    options.width = width;
    options.height = height;
    options.channels = channels <= 4 ? static_cast<int>(channels) : 0;
    options.seed = seed;
    options.temperature = temperature;
    options.jobs = e.Jobs();
    options.model = e.model.get();
    if (options.model == nullptr && e.embedded != nullptr) options.model = &e.embedded->Parsed();
    RequireArgument(height >= 1, "a picture has pixels");
    const uint64_t row_bytes = uint64_t{width} * channels;
    RequireArgument(size >= Extent(row_bytes, height, &stride),
                    "the buffer is too small for the picture");
    const Image image = Sample(options);
    for (uint32_t y = 0; y < height; ++y) {
      std::memcpy(static_cast<uint8_t*>(pixels) + y * stride, image.Row(y), image.row_bytes());
    }
  });
}
