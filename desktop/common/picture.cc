// SPDX-License-Identifier: BSD-3-Clause
#include "picture.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

namespace flowzip_desktop {
namespace {

constexpr size_t kMostProfile = size_t{1} << 24;  // more is no colour profile

// Empty if it is malformed or unpacks to more.
Bytes Inflated(const uint8_t* data, size_t size, size_t most) {
  Bytes out;
  z_stream stream = {};
  if (size > most || inflateInit(&stream) != Z_OK) return out;
  stream.next_in = const_cast<Bytef*>(data);
  stream.avail_in = static_cast<uInt>(size);
  int result = Z_OK;
  while (result == Z_OK && out.size() < most) {
    const size_t before = out.size(), more = std::min(most - before, before + 65536);
    out.resize(before + more);
    stream.next_out = out.data() + before;
    stream.avail_out = static_cast<uInt>(more);
    result = inflate(&stream, Z_NO_FLUSH);
    out.resize(before + more - stream.avail_out);
  }
  inflateEnd(&stream);
  if (result != Z_STREAM_END) out.clear();
  return out;
}

// Tag 0x0112 of the first directory.
int ExifOrientation(const Bytes& exif) {
  const uint8_t* data = exif.data();
  size_t size = exif.size();
  if (size >= 6 && std::memcmp(data, "Exif\0\0", 6) == 0) data += 6, size -= 6;
  if (size < 8 || (std::memcmp(data, "II*\0", 4) != 0 && std::memcmp(data, "MM\0*", 4) != 0)) {
    return 1;
  }
  const bool little = data[0] == 'I';
  const auto number = [&](size_t at, int bytes) {
    uint32_t value = 0;
    for (int i = 0; i < bytes; ++i) {
      value |= uint32_t{data[at + static_cast<size_t>(i)]} << 8 * (little ? i : bytes - 1 - i);
    }
    return value;
  };
  const size_t directory = number(4, 4);
  if (directory > size - 2) return 1;
  const size_t entries = std::min<size_t>(number(directory, 2), (size - directory - 2) / 12);
  for (size_t i = 0; i < entries; ++i) {
    const size_t at = directory + 2 + 12 * i;
    if (number(at, 2) != 0x0112) continue;
    const uint32_t value = number(at + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

// An iTXt chunk of that keyword; empty if it is another.
std::string Text(const uint8_t* data, size_t size, const char* keyword) {
  const size_t length = std::strlen(keyword) + 1;
  if (size < length + 2 || std::memcmp(data, keyword, length) != 0) return {};
  const bool packed = data[length] == 1;
  size_t at = length + 2;
  for (int strings = 0; strings < 2; ++strings) {  // language, translated keyword
    const void* end = at < size ? std::memchr(data + at, 0, size - at) : nullptr;
    if (end == nullptr) return {};
    at = static_cast<size_t>(static_cast<const uint8_t*>(end) - data) + 1;
  }
  if (!packed) return {reinterpret_cast<const char*>(data) + at, size - at};
  const Bytes text = Inflated(data + at, size - at, kMostProfile);
  return {text.begin(), text.end()};
}

template <class T>
T Scaled(uint32_t sample, uint32_t largest) {
  constexpr uint64_t kMost = static_cast<T>(~T{0});
  return static_cast<T>((std::min(sample, largest) * kMost + largest / 2) / largest);
}

// From samples as the library gives them to RGB or RGBA.
template <class T>
class Converter {
 public:
  Converter(const flz_info& info, bool alpha, const Bytes& palette, const Bytes& transparency)
      : channels_(info.channels), deep_(info.bit_depth > 8), alpha_(alpha) {
    const uint32_t largest = info.max_value != 0 ? info.max_value : (1u << info.bit_depth) - 1;
    if (info.flags & FLZ_INDEXED) {
      colours_.resize(4 * 256);
      for (size_t i = 0; i < 256; ++i) {
        for (size_t c = 0; c < 3; ++c) {
          const size_t at = 3 * i + c;
          colours_[4 * i + c] = Scaled<T>(at < palette.size() ? palette[at] : 0, 255);
        }
        colours_[4 * i + 3] = Scaled<T>(i < transparency.size() ? transparency[i] : 255, 255);
      }
      return;
    }
    scaled_.resize(size_t{largest} + 1);
    for (uint32_t i = 0; i <= largest; ++i) scaled_[i] = Scaled<T>(i, largest);
    if (!alpha || channels_ % 2 == 0) return;
    key_.emplace();
    for (size_t c = 0; c < channels_; ++c) {
      (*key_)[c] = uint32_t{transparency[2 * c]} << 8 | transparency[2 * c + 1];
    }
  }

  void Row(const uint8_t* from, uint32_t width, T* to) const {
    const size_t step = deep_ ? 2 : 1;
    for (uint32_t x = 0; x < width; ++x) {
      if (!colours_.empty()) {
        std::copy_n(&colours_[size_t{4} * from[x]], alpha_ ? 4 : 3, to);
        to += alpha_ ? 4 : 3;
        continue;
      }
      std::array<uint32_t, 4> sample{};
      for (size_t c = 0; c < channels_; ++c, from += step) sample[c] = Sample(from);
      for (size_t c = 0; c < 3; ++c) *to++ = At(sample[channels_ < 3 ? 0 : c]);
      if (!alpha_) continue;
      bool opaque = !key_;
      for (size_t c = 0; key_ && c < channels_; ++c) opaque = opaque || sample[c] != (*key_)[c];
      *to++ = key_ ? (opaque ? static_cast<T>(~T{0}) : T{0}) : At(sample[channels_ - 1]);
    }
  }

 private:
  uint32_t Sample(const uint8_t* at) const {
    if (!deep_) return *at;
    uint16_t sample;
    std::memcpy(&sample, at, sizeof sample);
    return sample;
  }
  T At(uint32_t sample) const { return scaled_[std::min<size_t>(sample, scaled_.size() - 1)]; }

  size_t channels_;
  bool deep_, alpha_;
  std::vector<T> colours_, scaled_;
  std::optional<std::array<uint32_t, 3>> key_;
};

}  // namespace

size_t BytesForHeader(const void* data, size_t size) {
  size_t needed = 0;
  return flz_probe(data, size, nullptr, &needed) == FLZ_NEED_MORE ? needed : 0;
}

Picture::Picture() : decoder_(flz_decoder_new()) {}

bool Picture::Succeeded(flz_status status) {
  status_ = status;
  return status == FLZ_OK;
}

bool Picture::Open(const void* data, size_t size) {
  palette_.clear(), transparency_.clear(), icc_.clear(), exif_.clear(), xmp_.clear();
  orientation_ = 1;
  if (!Succeeded(flz_decoder_open(decoder_.get(), data, size, &info_))) return false;
  for (flz_chunk chunk; flz_decoder_next_chunk(decoder_.get(), &chunk) == FLZ_OK;) TakeChunk(chunk);
  orientation_ = ExifOrientation(exif_);
  const bool key = transparency_.size() == size_t{2} * info_.channels && info_.channels % 2 == 1;
  alpha_ = info_.channels % 2 == 0 || (info_.flags & FLZ_INDEXED ? !transparency_.empty() : key);
  return true;
}

void Picture::TakeChunk(const flz_chunk& chunk) {
  const auto is = [&](const char* type) { return std::memcmp(chunk.type, type, 4) == 0; };
  if (is("PLTE")) palette_.assign(chunk.data, chunk.data + chunk.size);
  if (is("tRNS")) transparency_.assign(chunk.data, chunk.data + chunk.size);
  if (is("eXIf")) exif_.assign(chunk.data, chunk.data + chunk.size);
  if (is("iTXt") && xmp_.empty()) xmp_ = Text(chunk.data, chunk.size, "XML:com.adobe.xmp");
  if (is("iCCP") && chunk.size > 0) {  // name, 0, method 0, packed
    const void* end = std::memchr(chunk.data, 0, chunk.size);
    const size_t at = end == nullptr
                          ? chunk.size
                          : static_cast<size_t>(static_cast<const uint8_t*>(end) - chunk.data) + 2;
    if (at < chunk.size) icc_ = Inflated(chunk.data + at, chunk.size - at, kMostProfile);
  }
}

template <class T>
bool Picture::Decode(T* pixels, size_t stride) {
  const uint32_t largest = info_.max_value != 0 ? info_.max_value : (1u << info_.bit_depth) - 1;
  const bool as_it_is = info_.channels == (alpha_ ? 4u : 3u) && largest == static_cast<T>(~T{0});
  const size_t shown = size_t{info_.width} * (alpha_ ? 4 : 3) * sizeof(T);
  if (as_it_is) {
    return Succeeded(
        flz_decoder_decode(decoder_.get(), pixels, stride * (info_.height - 1) + shown, stride));
  }
  const auto row_bytes = static_cast<size_t>(info_.row_bytes);
  // As much as the picture itself, beside what the library will take: its limits are for both.
  Bytes samples(row_bytes * info_.height);
  if (!Succeeded(flz_decoder_decode(decoder_.get(), samples.data(), samples.size(), 0))) {
    return false;
  }
  const Converter<T> converter(info_, alpha_, palette_, transparency_);
  for (uint32_t y = 0; y < info_.height; ++y) {
    converter.Row(&samples[y * row_bytes], info_.width,
                  reinterpret_cast<T*>(reinterpret_cast<uint8_t*>(pixels) + y * stride));
  }
  return true;
}

bool Picture::DecodeTo8(uint8_t* pixels, size_t stride) { return Decode(pixels, stride); }

bool Picture::DecodeTo16(uint16_t* pixels, size_t stride) { return Decode(pixels, stride); }

bool Picture::PreviewServes(uint32_t width, uint32_t height) const {
  constexpr uint32_t kThumbnail = 512;
  const uint32_t wanted = std::max(width, height),
                 there = std::max(info_.preview_width, info_.preview_height);
  return there > 0 && wanted <= kThumbnail && there >= wanted / 3 &&
         wanted < std::max(info_.width, info_.height);
}

bool Picture::DecodePreviewTo8(uint8_t* pixels, size_t stride) {
  const size_t row = size_t{info_.preview_width} * info_.preview_channels;
  Bytes samples(row * info_.preview_height);
  if (!Succeeded(flz_decoder_preview(decoder_.get(), samples.data(), samples.size(), 0))) {
    return false;
  }
  flz_info kind = {};
  kind.channels = info_.preview_channels;
  kind.bit_depth = 8;
  // Its alpha is there exactly if the picture has any; a file may contradict itself.
  const Converter<uint8_t> converter(kind, alpha_ && kind.channels % 2 == 0, {}, {});
  for (uint32_t y = 0; y < info_.preview_height; ++y) {
    uint8_t* to = pixels + y * stride;
    converter.Row(&samples[y * row], info_.preview_width, to);
    if (alpha_ && kind.channels % 2 == 1) {  // opaque
      for (size_t x = info_.preview_width; x-- > 0;) {
        to[4 * x + 3] = 255;
        for (size_t c = 3; c-- > 0;) to[4 * x + c] = to[3 * x + c];
      }
    }
  }
  return true;
}

}  // namespace flowzip_desktop
