// SPDX-License-Identifier: BSD-3-Clause
// The C interface: round trips with stride, limits, errors, the probe at every prefix length,
// and NULL everywhere.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "codec/api/codec.h"
#include "flowzip/flowzip.h"
#include "tests/converted.h"
#include "tests/picture_kinds.h"
#include "tests/tiny_model.h"

namespace flowzip {
namespace {

struct Free {
  void operator()(flz_encoder* encoder) const { flz_encoder_free(encoder); }
  void operator()(flz_decoder* decoder) const { flz_decoder_free(decoder); }
};
using EncoderPtr = std::unique_ptr<flz_encoder, Free>;
using DecoderPtr = std::unique_ptr<flz_decoder, Free>;

const std::vector<uint8_t>& TinyModelFile() {
  static const std::vector<uint8_t> file = testing::TinyModel(1).Serialize();
  return file;
}

EncoderPtr NewEncoder() {
  EncoderPtr encoder(flz_encoder_new());
  REQUIRE(encoder != nullptr);
  REQUIRE(flz_encoder_set_model(encoder.get(), TinyModelFile().data(), TinyModelFile().size()) ==
          FLZ_OK);
  return encoder;
}

DecoderPtr NewDecoder() {
  DecoderPtr decoder(flz_decoder_new());
  REQUIRE(decoder != nullptr);
  REQUIRE(flz_decoder_set_model(decoder.get(), TinyModelFile().data(), TinyModelFile().size()) ==
          FLZ_OK);
  return decoder;
}

flz_image ToPicture(const Image& image) {
  flz_image out = {};
  out.width = image.width;
  out.height = image.height;
  out.channels = static_cast<uint32_t>(image.channels);
  out.bit_depth = static_cast<uint32_t>(image.bit_depth);
  out.pixels = image.samples.data();
  out.flags = (image.indexed ? FLZ_INDEXED : 0) | (image.interlaced ? FLZ_INTERLACED : 0);
  out.max_value = image.max_value;
  return out;
}

std::vector<uint8_t> EncodeImage(flz_encoder* encoder, const flz_image& image) {
  const uint8_t* data = nullptr;
  size_t size = 0;
  const flz_status status = flz_encoder_encode(encoder, &image, &data, &size);
  INFO(flz_encoder_message(encoder));
  REQUIRE(status == FLZ_OK);
  return {data, data + size};
}

// One sentence: no line break, no full stop at the end, not empty.
void CheckSentence(const std::string& text) {
  INFO(text);
  CHECK(!text.empty());
  CHECK(text.find('\n') == std::string::npos);
  CHECK(text.find('.') != text.size() - 1);
}

}  // namespace

TEST_CASE("what the library says of itself") {
  CHECK(flz_version_number() == FLZ_VERSION_NUMBER);
  CHECK(std::string(flz_version()) == std::to_string(FLZ_VERSION_MAJOR) + "." +
                                          std::to_string(FLZ_VERSION_MINOR) + "." +
                                          std::to_string(FLZ_VERSION_PATCH));
  CHECK(flz_format_version() >= 1);
  CHECK(std::strlen(flz_simd_target()) > 0);
  for (int status = FLZ_OK; status <= FLZ_BUFFER_TOO_SMALL; ++status) {
    CHECK(std::string(flz_status_text(static_cast<flz_status>(status))) != "unknown status");
  }
  CHECK(std::string(flz_status_text(static_cast<flz_status>(99))) == "unknown status");
  for (size_t i = 0; i < flz_model_count(); ++i) {
    const char* name = nullptr;
    uint64_t hash = 0;
    CHECK(flz_model_info(i, &name, &hash) == FLZ_OK);
    CHECK(std::strlen(name) > 0);
    CHECK(hash != 0);
    CHECK(flz_model_info(i, nullptr, nullptr) == FLZ_OK);
  }
  CHECK(flz_model_info(flz_model_count(), nullptr, nullptr) == FLZ_INVALID_ARGUMENT);
}

TEST_CASE("round trips, with and without gaps between the rows") {
  const EncoderPtr encoder = NewEncoder();
  const DecoderPtr decoder = NewDecoder();
  for (const int channels : {1, 3}) {
    for (const auto& [width, height] : {std::pair{1, 1}, {37, 23}, {64, 5}}) {
      const Image image = testing::Scene(width, height, channels, 9);
      const std::vector<uint8_t> file = EncodeImage(encoder.get(), ToPicture(image));

      // The same picture with rows further apart and rubbish between them gives the same file.
      const size_t row = image.row_bytes(), stride = row + 11;
      std::vector<uint8_t> spread(stride * (image.height - 1) + row, 0xEE);
      for (uint32_t y = 0; y < image.height; ++y) {
        std::memcpy(&spread[y * stride], &image.samples[y * row], row);
      }
      flz_image gaps = ToPicture(image);
      gaps.pixels = spread.data();
      gaps.stride = stride;
      CHECK(EncodeImage(encoder.get(), gaps) == file);

      flz_info info;
      REQUIRE(flz_decoder_open(decoder.get(), file.data(), file.size(), &info) == FLZ_OK);
      CHECK(info.width == image.width);
      CHECK(info.height == image.height);
      CHECK(info.channels == static_cast<uint32_t>(channels));
      CHECK(info.bit_depth == 8);
      CHECK(info.row_bytes == row);
      CHECK(info.file_bytes == file.size());
      CHECK(info.format_version == flz_format_version());

      Samples pixels(image.samples.size(), 0);
      REQUIRE(flz_decoder_decode(decoder.get(), pixels.data(), pixels.size(), 0) == FLZ_OK);
      CHECK(pixels == image.samples);
      // Twice from one open file, the second time with gaps that stay as they were.
      std::vector<uint8_t> wide(spread.size(), 0xEE);
      REQUIRE(flz_decoder_decode(decoder.get(), wide.data(), wide.size(), stride) == FLZ_OK);
      CHECK(wide == spread);
      CHECK(flz_decoder_check(decoder.get()) == FLZ_OK);
      CHECK(flz_decoder_decode(decoder.get(), wide.data(), wide.size() - 1, stride) ==
            FLZ_INVALID_ARGUMENT);
      if (row > 1) {
        CHECK(flz_decoder_decode(decoder.get(), wide.data(), wide.size(), row - 1) ==
              FLZ_INVALID_ARGUMENT);
      }
      CHECK(flz_decoder_decode(decoder.get(), wide.data(), wide.size(), SIZE_MAX) ==
            (image.height > 1 ? FLZ_INVALID_ARGUMENT : FLZ_OK));
    }
  }
}

TEST_CASE("the bytes do not depend on the number of threads") {
  const EncoderPtr encoder = NewEncoder();
  const Image image = testing::Scene(300, 200, 3, 10);
  std::vector<uint8_t> first;
  for (const int threads : {1, 2, 5, 0}) {
    REQUIRE(flz_encoder_set_threads(encoder.get(), threads) == FLZ_OK);
    const std::vector<uint8_t> file = EncodeImage(encoder.get(), ToPicture(image));
    if (first.empty()) first = file;
    CHECK(file == first);
  }
  CHECK(flz_encoder_set_threads(encoder.get(), -1) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_set_threads(encoder.get(), 1025) == FLZ_INVALID_ARGUMENT);
  CheckSentence(flz_encoder_message(encoder.get()));
}

TEST_CASE("into the caller's buffer") {
  const EncoderPtr encoder = NewEncoder();
  const Image image = testing::Scene(50, 40, 3, 11);
  const flz_image picture = ToPicture(image);
  const std::vector<uint8_t> file = EncodeImage(encoder.get(), picture);
  std::vector<uint8_t> buffer(file.size() + 1, 0xEE);
  size_t size = 0;
  CHECK(flz_encoder_encode_into(encoder.get(), &picture, buffer.data(), file.size() - 1, &size) ==
        FLZ_BUFFER_TOO_SMALL);
  CHECK(size == file.size());
  CheckSentence(flz_encoder_message(encoder.get()));
  CHECK(buffer == std::vector<uint8_t>(buffer.size(), 0xEE));
  CHECK(flz_encoder_encode_into(encoder.get(), &picture, nullptr, 0, &size) ==
        FLZ_BUFFER_TOO_SMALL);
  CHECK(flz_encoder_encode_into(encoder.get(), &picture, buffer.data(), file.size(), &size) ==
        FLZ_OK);
  CHECK(size == file.size());
  CHECK(std::equal(file.begin(), file.end(), buffer.begin()));
  CHECK(buffer.back() == 0xEE);
}

// That it is kept where it is smaller: floor_test.sh.
TEST_CASE("another picture's stream, or a larger one, is not kept") {
  const EncoderPtr encoder = NewEncoder();
  const Image image = testing::OfKind({3, 8, 3}, 40, 30, 5);
  const flz_image picture = ToPicture(image);
  const uint8_t* data = nullptr;
  size_t size = 0;
  const std::vector<uint8_t> none(10, 0x78), large(20000);
  const auto keep = [&](const std::vector<uint8_t>& stream) {
    return flz_encoder_keep_smaller(encoder.get(), &picture, stream.data(), stream.size(), &data,
                                    &size);
  };
  CHECK(keep(none) == FLZ_INVALID_ARGUMENT);  // nothing has been encoded
  const std::vector<uint8_t> file = EncodeImage(encoder.get(), picture);
  REQUIRE(flz_encoder_encode(encoder.get(), &picture, &data, &size) == FLZ_OK);
  CHECK(keep(none) == FLZ_INVALID_ARGUMENT);
  CheckSentence(flz_encoder_message(encoder.get()));
  CHECK((std::vector<uint8_t>(data, data + size) == file));
  CHECK(keep(large) == FLZ_OK);
  CHECK((std::vector<uint8_t>(data, data + size) == file));
}

TEST_CASE("the probe at every prefix length") {
  const EncoderPtr encoder = NewEncoder();
  const Image image = testing::Noise(40, 30, 3, 12);
  const std::string text = "a chunk makes the header longer than its fixed part";
  REQUIRE(flz_encoder_add_chunk(encoder.get(), "teSt", text.data(), text.size()) == FLZ_OK);
  const std::vector<uint8_t> file = EncodeImage(encoder.get(), ToPicture(image));
  flz_info whole;
  REQUIRE(flz_probe(file.data(), file.size(), &whole, nullptr) == FLZ_OK);
  CHECK(whole.file_bytes == file.size());
  const DecoderPtr decoder = NewDecoder();

  for (size_t size = 0; size <= file.size(); ++size) {
    // A copy of just these bytes: a sanitizer sees whoever reads beyond them.
    const std::unique_ptr<uint8_t[]> prefix(new uint8_t[size]);
    std::memcpy(prefix.get(), file.data(), size);
    flz_info info;
    std::memset(&info, 0xEE, sizeof info);
    size_t needed = 99999;
    const flz_status status = flz_probe(prefix.get(), size, &info, &needed);
    CHECK(flz_signature(prefix.get(), size) == (size < 8 ? FLZ_NEED_MORE : FLZ_OK));
    if (size < whole.header_bytes) {
      CHECK(status == FLZ_NEED_MORE);
      CHECK(needed > size);
      CHECK(needed <= whole.header_bytes);
      CHECK(info.width == 0);
      CHECK(flz_decoder_open(decoder.get(), prefix.get(), size, &info) == FLZ_TRUNCATED);
      CheckSentence(flz_decoder_message(decoder.get()));
    } else {
      CHECK(status == FLZ_OK);
      CHECK(needed == 0);
      CHECK(std::memcmp(&info, &whole, sizeof info) == 0);
      CHECK(flz_decoder_open(decoder.get(), prefix.get(), size, nullptr) == FLZ_OK);
      CHECK(flz_decoder_check(decoder.get()) == (size < file.size() ? FLZ_TRUNCATED : FLZ_OK));
    }
    // Other first bytes are no flowzip file, however few they are.
    for (size_t i = 0; i < std::min<size_t>(size, 8); ++i) {
      prefix[i] ^= 0x20;
      CHECK(flz_signature(prefix.get(), size) == FLZ_CORRUPT);
      CHECK(flz_probe(prefix.get(), size, &info, &needed) == FLZ_CORRUPT);
      prefix[i] ^= 0x20;
    }
    if (size > 8) {
      prefix[8] = 0xFE;  // the format's version
      CHECK(flz_probe(prefix.get(), size, &info, &needed) == FLZ_UNSUPPORTED);
    }
  }
}

TEST_CASE("damage anywhere is found") {
  const EncoderPtr encoder = NewEncoder();
  std::vector<uint8_t> file = EncodeImage(encoder.get(), ToPicture(testing::Scene(20, 16, 3, 13)));
  const DecoderPtr decoder = NewDecoder();
  for (size_t i = 0; i < file.size(); ++i) {
    file[i] ^= static_cast<uint8_t>(1 << (i % 8));
    flz_status status = flz_decoder_open(decoder.get(), file.data(), file.size(), nullptr);
    if (status == FLZ_OK) status = flz_decoder_check(decoder.get());
    INFO("byte " << i << ": " << flz_status_text(status));
    CHECK((status == FLZ_CORRUPT || status == FLZ_UNSUPPORTED || status == FLZ_TRUNCATED));
    CheckSentence(flz_decoder_message(decoder.get()));
    file[i] ^= static_cast<uint8_t>(1 << (i % 8));
  }
}

TEST_CASE("chunks come back in order") {
  const EncoderPtr encoder = NewEncoder();
  const Image image = testing::Scene(9, 7, 1, 14);
  const std::vector<uint8_t> plain = EncodeImage(encoder.get(), ToPicture(image));
  const std::string first = "one", second(300, '\0');
  REQUIRE(flz_encoder_add_chunk(encoder.get(), "teSt", first.data(), first.size()) == FLZ_OK);
  REQUIRE(flz_encoder_add_chunk(encoder.get(), "abCd", second.data(), second.size()) == FLZ_OK);
  REQUIRE(flz_encoder_add_chunk(encoder.get(), "teSt", nullptr, 0) == FLZ_OK);
  for (const char* wrong : {"te1t", "TeSt", "IDAT", "te\0S"}) {
    CHECK(flz_encoder_add_chunk(encoder.get(), wrong, "x", 1) == FLZ_INVALID_ARGUMENT);
    CheckSentence(flz_encoder_message(encoder.get()));
  }
  const std::vector<uint8_t> file = EncodeImage(encoder.get(), ToPicture(image));

  const DecoderPtr decoder = NewDecoder();
  flz_chunk chunk;
  CHECK(flz_decoder_next_chunk(decoder.get(), &chunk) == FLZ_INVALID_ARGUMENT);
  REQUIRE(flz_decoder_open(decoder.get(), file.data(), file.size(), nullptr) == FLZ_OK);
  for (int round = 0; round < 2; ++round) {
    for (const auto& [type, text] :
         {std::pair<std::string, std::string>{"teSt", first}, {"abCd", second}, {"teSt", ""}}) {
      REQUIRE(flz_decoder_next_chunk(decoder.get(), &chunk) == FLZ_OK);
      CHECK(std::string(chunk.type, 4) == type);
      CHECK(std::string(chunk.data, chunk.data + chunk.size) == text);
    }
    CHECK(flz_decoder_next_chunk(decoder.get(), &chunk) == FLZ_END);
    CHECK(chunk.size == 0);
  }
  REQUIRE(flz_encoder_clear_chunks(encoder.get()) == FLZ_OK);
  CHECK(EncodeImage(encoder.get(), ToPicture(image)) == plain);
}

// Decodes the open file as its flz_info and flz_decoder_size() say.
Image DecodeImage(flz_decoder* decoder, const flz_info& info) {
  Image image;
  uint64_t row_bytes = 0;
  REQUIRE(flz_decoder_size(decoder, &image.width, &image.height, &row_bytes) == FLZ_OK);
  image.channels = static_cast<int>(info.channels);
  image.bit_depth = static_cast<int>(info.bit_depth);
  image.indexed = (info.flags & FLZ_INDEXED) != 0;
  image.interlaced = (info.flags & FLZ_INTERLACED) != 0;
  image.max_value = static_cast<uint16_t>(info.max_value);
  CHECK(row_bytes == image.row_bytes());
  image.samples.assign(row_bytes * image.height, 0);
  REQUIRE(flz_decoder_decode(decoder, image.samples.data(), image.samples.size(), 0) == FLZ_OK);
  flz_chunk chunk;
  while (flz_decoder_next_chunk(decoder, &chunk) == FLZ_OK) {
    image.chunks.push_back(MakeChunk({chunk.type, 4}, ByteSpan(chunk.data, chunk.size)));
  }
  return image;
}

TEST_CASE("every kind of picture, with its chunks") {
  Image odd = testing::OfKind({1, 10, 3}, 9, 9, 7);
  odd.max_value = 999;
  for (size_t i = 0; i < odd.samples.size() / 2; ++i) testing::SetSample(odd, i, 3 * int(i));
  const Image pictures[] = {
      testing::OfKind({1, 1, 1}, 13, 9, 1), testing::OfKind({2, 8, 3}, 20, 11, 2),
      testing::OfKind({4, 16, 3, false, true}, 12, 11, 3),
      testing::WithMetadata(testing::OfKind({1, 4, 1, true}, 31, 17, 4)), odd};
  const EncoderPtr encoder = NewEncoder();
  const DecoderPtr decoder = NewDecoder();
  for (const Image& image : pictures) {
    REQUIRE(flz_encoder_clear_chunks(encoder.get()) == FLZ_OK);
    for (const Chunk& chunk : image.chunks) {
      REQUIRE(flz_encoder_add_chunk(encoder.get(), chunk.type.data(), chunk.data.data(),
                                    chunk.data.size()) == FLZ_OK);
    }
    const std::vector<uint8_t> file = EncodeImage(encoder.get(), ToPicture(image));
    flz_info info;
    REQUIRE(flz_decoder_open(decoder.get(), file.data(), file.size(), &info) == FLZ_OK);
    CHECK(SameImage(DecodeImage(decoder.get(), info), image));
  }
}

TEST_CASE("parts and scales") {
  const Image image = testing::Scene(45, 37, 3, 18);
  const std::vector<uint8_t> file = EncodeImage(NewEncoder().get(), ToPicture(image));
  const DecoderPtr decoder = NewDecoder();
  flz_info info;
  REQUIRE(flz_decoder_open(decoder.get(), file.data(), file.size(), &info) == FLZ_OK);
  for (const Rect& region : {Rect{0, 0, 0, 0}, Rect{3, 4, 20, 30}, Rect{44, 36, 1, 1}}) {
    for (int scale = 0; scale <= 3; ++scale) {
      CAPTURE(region.x, region.width, scale);
      REQUIRE(flz_decoder_set_region(decoder.get(), region.x, region.y, region.width,
                                     region.height) == FLZ_OK);
      REQUIRE(flz_decoder_set_scale(decoder.get(), scale) == FLZ_OK);
      const Rect whole = region.width == 0 ? Rect{0, 0, 45, 37} : region;
      Samples wanted;
      for (uint32_t y = whole.y; y < whole.y + whole.height; ++y) {
        for (uint32_t x = whole.x; x < whole.x + whole.width; ++x) {
          if (x % (1u << scale) != 0 || y % (1u << scale) != 0) continue;
          const auto pixel = image.samples.begin() + (y * 45 + x) * 3;
          wanted.insert(wanted.end(), pixel, pixel + 3);
        }
      }
      if (wanted.empty()) {
        CHECK(flz_decoder_size(decoder.get(), nullptr, nullptr, nullptr) == FLZ_INVALID_ARGUMENT);
        continue;
      }
      CHECK(DecodeImage(decoder.get(), info).samples == wanted);
    }
  }
  CHECK(flz_decoder_check(decoder.get()) == FLZ_OK);  // always the whole picture
  REQUIRE(flz_decoder_set_region(decoder.get(), 40, 0, 6, 1) == FLZ_OK);
  uint8_t pixels[18];
  CHECK(flz_decoder_decode(decoder.get(), pixels, sizeof pixels, 0) == FLZ_INVALID_ARGUMENT);
  CheckSentence(flz_decoder_message(decoder.get()));
  CHECK(flz_decoder_set_region(decoder.get(), 0, 0, 1, 0) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_decoder_set_scale(decoder.get(), 4) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_decoder_set_scale(decoder.get(), -1) == FLZ_INVALID_ARGUMENT);
}

TEST_CASE("limits") {
  const EncoderPtr encoder = NewEncoder();
  const Image image = testing::Scene(100, 50, 3, 15);
  const flz_image picture = ToPicture(image);
  const uint8_t* data = nullptr;
  size_t size = 0;
  CHECK(flz_encoder_set_max_pixels(encoder.get(), 4999) == FLZ_OK);
  CHECK(flz_encoder_encode(encoder.get(), &picture, &data, &size) == FLZ_LIMIT);
  CHECK(std::string(flz_encoder_message(encoder.get())).find("4999") != std::string::npos);
  CHECK(flz_encoder_set_max_pixels(encoder.get(), 5000) == FLZ_OK);
  const uint64_t memory = flz_encoder_memory(encoder.get(), &picture);
  CHECK(memory > image.samples.size());
  CHECK(flz_encoder_set_max_memory(encoder.get(), memory - 1) == FLZ_OK);
  CHECK(flz_encoder_encode(encoder.get(), &picture, &data, &size) == FLZ_LIMIT);
  CHECK(data == nullptr);
  CheckSentence(flz_encoder_message(encoder.get()));
  CHECK(flz_encoder_set_max_memory(encoder.get(), memory) == FLZ_OK);
  const std::vector<uint8_t> file = EncodeImage(encoder.get(), picture);

  const DecoderPtr decoder = NewDecoder();
  CHECK(flz_decoder_memory(decoder.get()) == 0);
  flz_info info;
  REQUIRE(flz_decoder_open(decoder.get(), file.data(), file.size(), &info) == FLZ_OK);
  CHECK(flz_decoder_set_max_pixels(decoder.get(), 4999) == FLZ_OK);
  CHECK(flz_decoder_check(decoder.get()) == FLZ_LIMIT);
  CHECK(flz_decoder_set_max_pixels(decoder.get(), 0) == FLZ_OK);
  CHECK(flz_decoder_set_max_memory(decoder.get(), flz_decoder_memory(decoder.get()) - 1) == FLZ_OK);
  CHECK(flz_decoder_check(decoder.get()) == FLZ_LIMIT);
  CHECK(flz_decoder_set_max_memory(decoder.get(), 0) == FLZ_OK);
  CHECK(flz_decoder_check(decoder.get()) == FLZ_OK);

  // The largest picture there can be: refused by the default limits before anything happens.
  flz_image huge = picture;
  huge.width = huge.height = 0x7FFFFFFF;
  CHECK(flz_encoder_set_max_memory(encoder.get(), 0) == FLZ_OK);
  CHECK(flz_encoder_encode(encoder.get(), &huge, &data, &size) == FLZ_LIMIT);
}

TEST_CASE("metadata counts towards the memory limit, however small the file") {
  const EncoderPtr encoder = NewEncoder();
  const std::vector<uint8_t> zeros(1000000), pixels(3);
  REQUIRE(flz_encoder_add_chunk(encoder.get(), "teSt", zeros.data(), zeros.size()) == FLZ_OK);
  const flz_image picture = {1, 1, 3, 8, pixels.data(), 0, 0, 0};
  const std::vector<uint8_t> file = EncodeImage(encoder.get(), picture);
  CHECK(file.size() < 1000);
  CHECK(flz_encoder_memory(encoder.get(), &picture) > 15 * zeros.size());

  const DecoderPtr decoder = NewDecoder();
  REQUIRE(flz_decoder_open(decoder.get(), file.data(), file.size(), nullptr) == FLZ_OK);
  const uint64_t memory = flz_decoder_memory(decoder.get());
  CHECK(memory > 15 * zeros.size());
  REQUIRE(flz_decoder_set_max_memory(decoder.get(), memory - 1) == FLZ_OK);
  CHECK(flz_decoder_open(decoder.get(), file.data(), file.size(), nullptr) == FLZ_LIMIT);
  CheckSentence(flz_decoder_message(decoder.get()));
  REQUIRE(flz_decoder_set_max_memory(decoder.get(), memory) == FLZ_OK);
  REQUIRE(flz_decoder_open(decoder.get(), file.data(), file.size(), nullptr) == FLZ_OK);
  flz_chunk chunk;
  REQUIRE(flz_decoder_next_chunk(decoder.get(), &chunk) == FLZ_OK);
  CHECK(chunk.size == zeros.size());
}

TEST_CASE("pictures that are none, or not yet") {
  const EncoderPtr encoder = NewEncoder();
  std::vector<uint8_t> pixels(64 * 64 * 8);
  const auto encode = [&](uint32_t width, uint32_t height, uint32_t channels, uint32_t depth) {
    const flz_image image = {width, height, channels, depth, pixels.data(), 0, 0, 0};
    const uint8_t* data = nullptr;
    size_t size = 0;
    const flz_status status = flz_encoder_encode(encoder.get(), &image, &data, &size);
    if (status != FLZ_OK) CheckSentence(flz_encoder_message(encoder.get()));
    return status;
  };
  CHECK(encode(0, 1, 3, 8) == FLZ_INVALID_ARGUMENT);
  CHECK(encode(1, 0, 3, 8) == FLZ_INVALID_ARGUMENT);
  CHECK(encode(0x80000000, 1, 3, 8) == FLZ_INVALID_ARGUMENT);
  CHECK(encode(1, 1, 0, 8) == FLZ_INVALID_ARGUMENT);
  CHECK(encode(1, 1, 5, 8) == FLZ_INVALID_ARGUMENT);
  CHECK(encode(1, 1, 3, 0) == FLZ_INVALID_ARGUMENT);
  CHECK(encode(1, 1, 3, 17) == FLZ_INVALID_ARGUMENT);
  for (uint32_t channels = 1; channels <= 4; ++channels) {
    for (uint32_t depth = 1; depth <= 16; ++depth) {
      INFO(channels << " channels of " << depth << " bits");
      CHECK(encode(3, 2, channels, depth) == FLZ_OK);
    }
  }
  // What the bits cannot hold makes no sense, nor do flags that nobody knows, nor indices without
  // a palette.
  flz_image special = {3, 2, 1, 8, pixels.data(), 0, FLZ_INTERLACED, 0};
  const uint8_t* data = nullptr;
  size_t size = 0;
  CHECK(flz_encoder_encode(encoder.get(), &special, &data, &size) == FLZ_OK);
  for (const uint32_t flags : {FLZ_INDEXED, 4u}) {
    special.flags = flags;
    CHECK(flz_encoder_encode(encoder.get(), &special, &data, &size) == FLZ_INVALID_ARGUMENT);
    CheckSentence(flz_encoder_message(encoder.get()));
  }
  special.flags = 0;
  special.max_value = 256;
  CHECK(flz_encoder_encode(encoder.get(), &special, &data, &size) == FLZ_INVALID_ARGUMENT);
  // Samples must fit their bits.
  pixels[1] = 16;
  CHECK(encode(3, 2, 1, 4) == FLZ_INVALID_ARGUMENT);
}

TEST_CASE("efforts and models") {
  const EncoderPtr encoder(flz_encoder_new());
  // Small pictures are left to contexts, most others of this kind to the raster coder.
  const Image image = testing::Converted(testing::Scene(160, 120, 3, 16), 2, 0, /*half=*/true);
  for (const auto& [effort, name] : {std::pair{FLZ_EFFORT_FAST, "fast"},
                                     {FLZ_EFFORT_STANDARD, "standard"},
                                     {FLZ_EFFORT_BEST, "best"}}) {
    uint64_t hash = 0;
    for (size_t i = 0; i < flz_model_count(); ++i) {
      const char* other = nullptr;
      uint64_t its = 0;
      REQUIRE(flz_model_info(i, &other, &its) == FLZ_OK);
      if (std::strcmp(other, name) == 0) hash = its;
      if (hash == 0 && effort == FLZ_EFFORT_BEST && std::strcmp(other, "standard") == 0) hash = its;
    }
    const bool needs_none = effort == FLZ_EFFORT_FAST;
    const flz_status status = flz_encoder_set_effort(encoder.get(), effort);
    CHECK(status == (hash != 0 || needs_none ? FLZ_OK : FLZ_UNKNOWN_MODEL));
    if (hash == 0 && !needs_none) {
      CHECK(std::string(flz_encoder_message(encoder.get())).find(name) != std::string::npos);
      continue;
    }
    const std::vector<uint8_t> file = EncodeImage(encoder.get(), ToPicture(image));
    flz_info info;
    REQUIRE(flz_probe(file.data(), file.size(), &info, nullptr) == FLZ_OK);
    CHECK(info.model_hash == (effort == FLZ_EFFORT_FAST ? 0 : hash));
  }
  CHECK(flz_encoder_set_effort(encoder.get(), static_cast<flz_effort>(0)) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_set_effort(encoder.get(), static_cast<flz_effort>(4)) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_set_model(encoder.get(), "no model", 8) != FLZ_OK);
  CheckSentence(flz_encoder_message(encoder.get()));

  // A file of a model that the decoder does not have.
  const Model tiny = testing::TinyModel(1);
  EncodeOptions by_model;
  by_model.model = &tiny;
  by_model.coding = Coding::kNetwork;
  const std::vector<uint8_t> file = Encode(image, by_model);
  const DecoderPtr decoder(flz_decoder_new());
  REQUIRE(flz_decoder_open(decoder.get(), file.data(), file.size(), nullptr) == FLZ_OK);
  CHECK(flz_decoder_memory(decoder.get()) > 0);  // whatever the model
  CHECK(flz_decoder_check(decoder.get()) == FLZ_UNKNOWN_MODEL);
  CheckSentence(flz_decoder_message(decoder.get()));
}

TEST_CASE("progress, and stopping it") {
  struct Watch {
    uint64_t last = 0, total = 0;
    int calls = 0;
    bool stop = false;
    std::thread::id thread;
  } watch;
  const auto call = [](void* user, uint64_t done, uint64_t total) {
    auto* w = static_cast<Watch*>(user);
    w->last = done;
    w->total = total;
    w->thread = std::this_thread::get_id();
    ++w->calls;
    return w->stop ? 1 : 0;
  };
  const EncoderPtr encoder = NewEncoder();
  const Image image = testing::Noise(1030, 1000, 1, 17);         // two tiles
  REQUIRE(flz_encoder_set_threads(encoder.get(), 1) == FLZ_OK);  // all of them its own
  REQUIRE(flz_encoder_set_progress(encoder.get(), call, &watch) == FLZ_OK);
  const std::vector<uint8_t> file = EncodeImage(encoder.get(), ToPicture(image));
  CHECK(watch.calls >= 2);
  CHECK(watch.last == watch.total);
  CHECK(watch.total == 1030000);
  CHECK(watch.thread == std::this_thread::get_id());

  watch = {};
  watch.stop = true;
  const flz_image picture = ToPicture(image);
  const uint8_t* data = nullptr;
  size_t size = 0;
  CHECK(flz_encoder_encode(encoder.get(), &picture, &data, &size) == FLZ_CANCELLED);
  CHECK(watch.calls == 1);
  CHECK(data == nullptr);
  const DecoderPtr decoder = NewDecoder();
  REQUIRE(flz_decoder_open(decoder.get(), file.data(), file.size(), nullptr) == FLZ_OK);
  REQUIRE(flz_decoder_set_progress(decoder.get(), call, &watch) == FLZ_OK);
  CHECK(flz_decoder_check(decoder.get()) == FLZ_CANCELLED);
  CheckSentence(flz_decoder_message(decoder.get()));
  REQUIRE(flz_decoder_set_progress(decoder.get(), nullptr, nullptr) == FLZ_OK);
  CHECK(flz_decoder_check(decoder.get()) == FLZ_OK);
}

TEST_CASE("rows that come while others are encoded, and stopping them") {
  const Image image = testing::Noise(1000, 3000, 1, 18);  // three tiles, one above another
  const EncoderPtr encoder = NewEncoder();
  const std::vector<uint8_t> file = EncodeImage(encoder.get(), ToPicture(image));
  struct Source {
    const Image* image;
    std::vector<uint8_t> pixels;
    uint32_t present = 0;
    int calls = 0, fail_at = 0;
    std::atomic<int> inside{0};
    bool in_order = true;
  };
  const auto call = [](void* user, uint32_t rows) {
    auto* s = static_cast<Source*>(user);
    const bool alone = ++s->inside == 1;
    s->in_order = s->in_order && alone && rows > s->present && rows <= s->image->height;
    if (++s->calls == s->fail_at) return 1;
    std::copy(s->image->Row(s->present), s->image->Row(0) + rows * s->image->row_bytes(),
              s->pixels.begin() + s->present * s->image->row_bytes());
    s->present = rows;
    --s->inside;
    return 0;
  };
  for (const int threads : {1, 2, 5}) {
    for (const int fail_at : {0, 1, 2, 3}) {
      CAPTURE(threads, fail_at);
      Source source;
      source.image = &image;
      source.pixels.assign(image.samples.size(), 0x55);
      source.fail_at = fail_at;
      flz_image picture = ToPicture(image);
      picture.pixels = source.pixels.data();
      REQUIRE(flz_encoder_set_threads(encoder.get(), threads) == FLZ_OK);
      REQUIRE(flz_encoder_set_rows(encoder.get(), call, &source) == FLZ_OK);
      const uint8_t* data = nullptr;
      size_t size = 0;
      const flz_status status = flz_encoder_encode(encoder.get(), &picture, &data, &size);
      CHECK(source.in_order);
      if (fail_at == 0) {
        REQUIRE(status == FLZ_OK);
        CHECK(std::vector<uint8_t>(data, data + size) == file);
        CHECK(source.present == image.height);
      } else {
        CHECK(status == FLZ_CANCELLED);
        CHECK(source.calls == fail_at);
        CHECK(data == nullptr);
      }
    }
  }
  REQUIRE(flz_encoder_set_rows(encoder.get(), nullptr, nullptr) == FLZ_OK);
  CHECK(EncodeImage(encoder.get(), ToPicture(image)) == file);
}

TEST_CASE("NULL everywhere") {
  const EncoderPtr encoder = NewEncoder();
  const DecoderPtr decoder = NewDecoder();
  const uint8_t byte = 0;
  const uint8_t* data = &byte;
  size_t size = 1;
  const flz_image image = {1, 1, 1, 8, &byte, 0, 0, 0}, blank = {1, 1, 1, 8, nullptr, 0, 0, 0};

  flz_encoder_free(nullptr);
  flz_decoder_free(nullptr);
  CHECK(std::string(flz_encoder_message(nullptr)).empty());
  CHECK(std::string(flz_decoder_message(nullptr)).empty());
  CHECK(flz_encoder_set_effort(nullptr, FLZ_EFFORT_STANDARD) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_set_model(nullptr, &byte, 1) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_set_model(encoder.get(), nullptr, 1) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_set_recover_colour(nullptr, 1) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_set_recover_colour(encoder.get(), 2) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_set_recover_colour(encoder.get(), 0) == FLZ_OK);
  CHECK(flz_encoder_set_threads(nullptr, 1) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_set_max_pixels(nullptr, 1) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_set_max_memory(nullptr, 1) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_set_progress(nullptr, nullptr, nullptr) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_set_rows(nullptr, nullptr, nullptr) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_add_chunk(nullptr, "teSt", &byte, 1) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_add_chunk(encoder.get(), nullptr, &byte, 1) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_add_chunk(encoder.get(), "teSt", nullptr, 1) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_clear_chunks(nullptr) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_memory(nullptr, &image) == 0);
  CHECK(flz_encoder_memory(encoder.get(), nullptr) == 0);
  CHECK(flz_encoder_encode(nullptr, &image, &data, &size) == FLZ_INVALID_ARGUMENT);
  CHECK(data == nullptr);
  CHECK(size == 0);
  CHECK(flz_encoder_encode(encoder.get(), nullptr, &data, &size) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_encode(encoder.get(), &blank, &data, &size) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_encode(encoder.get(), &image, nullptr, &size) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_encode(encoder.get(), &image, &data, nullptr) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_encode_into(nullptr, &image, nullptr, 0, &size) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_encode_into(encoder.get(), &image, nullptr, 1, &size) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_encoder_encode_into(encoder.get(), &image, nullptr, 0, nullptr) ==
        FLZ_INVALID_ARGUMENT);

  CHECK(flz_signature(nullptr, 0) == FLZ_NEED_MORE);
  CHECK(flz_signature(nullptr, 1) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_probe(nullptr, 0, nullptr, nullptr) == FLZ_NEED_MORE);
  CHECK(flz_probe(nullptr, 1, nullptr, nullptr) == FLZ_INVALID_ARGUMENT);

  CHECK(flz_decoder_set_model(nullptr, &byte, 1) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_decoder_set_model(decoder.get(), nullptr, 1) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_decoder_set_threads(nullptr, 1) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_decoder_set_max_pixels(nullptr, 1) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_decoder_set_max_memory(nullptr, 1) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_decoder_set_progress(nullptr, nullptr, nullptr) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_decoder_open(nullptr, &byte, 1, nullptr) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_decoder_open(decoder.get(), nullptr, 1, nullptr) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_decoder_memory(nullptr) == 0);
  CHECK(flz_decoder_check(nullptr) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_decoder_check(decoder.get()) == FLZ_INVALID_ARGUMENT);
  uint8_t pixel = 0;
  CHECK(flz_decoder_decode(nullptr, &pixel, 1, 0) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_decoder_decode(decoder.get(), &pixel, 1, 0) == FLZ_INVALID_ARGUMENT);
  const std::vector<uint8_t> file = EncodeImage(encoder.get(), image);
  REQUIRE(flz_decoder_open(decoder.get(), file.data(), file.size(), nullptr) == FLZ_OK);
  CHECK(flz_decoder_decode(decoder.get(), nullptr, 1, 0) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_decoder_next_chunk(nullptr, nullptr) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_decoder_set_region(nullptr, 0, 0, 1, 1) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_decoder_set_scale(nullptr, 1) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_decoder_size(nullptr, nullptr, nullptr, nullptr) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_decoder_next_chunk(decoder.get(), nullptr) == FLZ_INVALID_ARGUMENT);
  CHECK(flz_decoder_decode(decoder.get(), &pixel, 1, 0) == FLZ_OK);
}

}  // namespace flowzip
