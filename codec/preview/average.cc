// SPDX-License-Identifier: BSD-3-Clause
#include "codec/preview/average.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <vector>

namespace flowzip {
namespace {

// Rows of any kind as rows of 8 bits a sample, of AveragedChannels().
class PlainRows {
 public:
  explicit PlainRows(const Image& image);

  int channels() const { return channels_; }
  // The row from x on; in `buffer`, of `count` pixels, or where it is.
  const uint8_t* Row(uint32_t y, uint32_t x, uint32_t count, uint8_t* buffer) const;

 private:
  uint32_t Sample(const uint8_t* at) const {
    if (image_.bytes_per_sample() == 1) return *at;
    uint16_t sample;
    std::memcpy(&sample, at, sizeof(sample));
    return sample;
  }
  void ReadPalette();
  void ReadKey(const Chunk& transparency);

  const Image& image_;
  int channels_;
  std::array<std::array<uint8_t, 4>, 256> palette_{};
  std::vector<uint8_t> scaled_;  // by sample
  std::optional<std::array<uint32_t, 3>> key_;
};

PlainRows::PlainRows(const Image& image) : image_(image), channels_(AveragedChannels(image)) {
  if (image.indexed) {
    ReadPalette();
    return;
  }
  const int largest = image.largest();
  scaled_.resize(static_cast<size_t>(largest) + 1);
  for (int i = 0; i <= largest; ++i) {
    scaled_[static_cast<size_t>(i)] = static_cast<uint8_t>((i * 255 + largest / 2) / largest);
  }
  const Chunk* transparency = FindChunk(image, "tRNS");
  if (transparency != nullptr && channels_ != image.channels) ReadKey(*transparency);
}

void PlainRows::ReadPalette() {
  const Chunk* colours = FindChunk(image_, "PLTE");
  const Chunk* alpha = FindChunk(image_, "tRNS");
  for (size_t i = 0; i < palette_.size(); ++i) {
    palette_[i][3] = alpha != nullptr && i < alpha->data.size() ? alpha->data[i] : uint8_t{255};
    if (colours == nullptr || i * 3 + 3 > colours->data.size()) continue;
    std::copy_n(colours->data.begin() + static_cast<ptrdiff_t>(i * 3), 3, palette_[i].begin());
  }
}

void PlainRows::ReadKey(const Chunk& transparency) {
  key_.emplace();
  for (size_t c = 0; c < static_cast<size_t>(image_.channels); ++c) {
    (*key_)[c] = uint32_t{transparency.data[2 * c]} << 8 | transparency.data[2 * c + 1];
  }
}

const uint8_t* PlainRows::Row(uint32_t y, uint32_t x, uint32_t count, uint8_t* buffer) const {
  const uint8_t* from = image_.At(x, y);
  if (image_.full_bytes() && channels_ == image_.channels) return from;
  uint8_t* to = buffer;
  if (image_.indexed) {
    for (uint32_t i = 0; i < count; ++i, to += channels_) {
      std::copy_n(palette_[from[i]].begin(), channels_, to);
    }
    return buffer;
  }
  const auto step = static_cast<size_t>(image_.bytes_per_sample());
  for (uint32_t i = 0; i < count; ++i, to += channels_) {
    bool same = key_.has_value();
    for (int c = 0; c < image_.channels; ++c, from += step) {
      const uint32_t sample = Sample(from);
      same = same && sample == (*key_)[static_cast<size_t>(c)];
      to[c] = scaled_[std::min<size_t>(sample, scaled_.size() - 1)];
    }
    if (key_) to[channels_ - 1] = same ? 0 : 255;
  }
  return buffer;
}

// Of some pixels: colours times their alpha; their alpha, or their number where there is none.
using Sums = std::array<uint64_t, 4>;

template <int kChannels>
void Add(const uint8_t* pixel, uint32_t count, Sums& sums) {
  constexpr bool kAlpha = kChannels % 2 == 0;
  constexpr int kColours = kAlpha ? kChannels - 1 : kChannels;
  Sums sum{};
  for (uint32_t i = 0; i < count; ++i, pixel += kChannels) {
    const uint64_t alpha = kAlpha ? pixel[kChannels - 1] : 1;
    for (int c = 0; c < kColours; ++c) sum[static_cast<size_t>(c)] += pixel[c] * alpha;
    sum[3] += alpha;
  }
  for (size_t i = 0; i < sums.size(); ++i) sums[i] += sum[i];
}

void Add(int channels, const uint8_t* pixels, uint32_t count, Sums& sums) {
  switch (channels) {
    case 1: return Add<1>(pixels, count, sums);
    case 2: return Add<2>(pixels, count, sums);
    case 3: return Add<3>(pixels, count, sums);
    default: return Add<4>(pixels, count, sums);
  }
}

uint8_t Rounded(uint64_t sum, uint64_t count) {
  return static_cast<uint8_t>(count == 0 ? 0 : (sum + count / 2) / count);
}

}  // namespace

int AveragedChannels(const Image& kind) {
  const Chunk* transparency = FindChunk(kind, "tRNS");
  if (kind.indexed) return transparency != nullptr ? 4 : 3;
  const bool key = transparency != nullptr && !kind.has_alpha() &&
                   transparency->data.size() == 2 * static_cast<size_t>(kind.channels);
  return kind.channels + (key ? 1 : 0);
}

Image Averaged(const Image& image, uint32_t factor, ThreadPool& pool) {
  const PlainRows rows(image);
  Image out;
  out.width = (image.width - 1) / factor + 1;
  out.height = (image.height - 1) / factor + 1;
  out.channels = rows.channels();
  out.samples.resize(out.row_bytes() * out.height);
  const size_t colours = static_cast<size_t>(out.channels) - (out.has_alpha() ? 1 : 0);
  pool.ParallelFor(out.height, [&](int64_t at) {
    const auto top = static_cast<uint32_t>(at) * factor;
    const uint32_t height = std::min(factor, image.height - top);
    std::vector<uint8_t> buffer(size_t{std::min(factor, image.width)} *
                                static_cast<size_t>(out.channels));
    std::vector<Sums> sums(out.width);
    for (uint32_t y = top; y < top + height; ++y) {
      for (uint32_t i = 0, x = 0; i < out.width; ++i, x += factor) {
        const uint32_t count = std::min(factor, image.width - x);
        Add(out.channels, rows.Row(y, x, count, buffer.data()), count, sums[i]);
      }
    }
    uint8_t* to = out.Row(static_cast<uint32_t>(at));
    for (uint32_t i = 0; i < out.width; ++i) {
      for (size_t c = 0; c < colours; ++c) *to++ = Rounded(sums[i][c], sums[i][3]);
      const uint64_t pixels = uint64_t{height} * std::min(factor, image.width - i * factor);
      if (out.has_alpha()) *to++ = Rounded(sums[i][3], pixels);
    }
  });
  return out;
}

}  // namespace flowzip
