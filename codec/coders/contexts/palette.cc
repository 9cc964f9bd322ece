// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/contexts/palette.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "codec/coders/contexts/tile_ways.h"

namespace flowzip {
namespace {

uint64_t PixelAt(const SampleBlock& block, size_t pixel) {
  uint64_t value = 0;
  for (int c = 0; c < block.channels; ++c) {
    value |= uint64_t{block.samples[pixel * block.channels + c]} << (16 * c);
  }
  return value;
}

}  // namespace

std::vector<uint64_t> FindPalette(const SampleBlock& block) {
  std::unordered_set<uint64_t> colors;
  const size_t pixels = size_t(block.width) * block.height;
  uint64_t last = ~uint64_t{0};
  for (size_t i = 0; i < pixels; ++i) {
    const uint64_t value = PixelAt(block, i);
    if (value == last) continue;
    last = value;
    colors.insert(value);
    if (colors.size() > kMostColors) return {};
  }
  std::vector<uint64_t> palette(colors.begin(), colors.end());
  std::sort(palette.begin(), palette.end());
  return palette;
}

SampleBlock PaletteBlock(const std::vector<uint64_t>& palette, const SampleBlock& like) {
  SampleBlock block{static_cast<int>(palette.size()), 1, like.channels, like.bit_depth, {}};
  for (const uint64_t color : palette) {
    for (int c = 0; c < like.channels; ++c) {
      block.samples.push_back(static_cast<uint16_t>(color >> (16 * c)));
    }
  }
  return block;
}

SampleBlock IndexBlock(const SampleBlock& block, const std::vector<uint64_t>& palette,
                       const std::vector<uint16_t>& index_of) {
  SampleBlock plane{block.width, block.height, 1, BitsFor(palette.size()), {}};
  plane.samples.reserve(plane.count());
  for (size_t i = 0; i < plane.count(); ++i) {
    const auto at = std::lower_bound(palette.begin(), palette.end(), PixelAt(block, i));
    const auto number = static_cast<size_t>(at - palette.begin());
    plane.samples.push_back(index_of.empty() ? static_cast<uint16_t>(number) : index_of[number]);
  }
  return plane;
}

std::vector<uint16_t> LikeColours(const std::vector<uint64_t>& palette, int channels) {
  std::vector<std::array<int32_t, 3>> keys;  // alpha, luma, number
  for (const uint64_t colour : palette) {
    const auto sample = [&](int c) { return static_cast<int32_t>(colour >> (16 * c) & 0xFFFF); };
    const int32_t luma = channels < 3 ? sample(0) : 2 * sample(0) + 5 * sample(1) + sample(2);
    keys.push_back(
        {channels % 2 == 0 ? sample(channels - 1) : 0, luma, static_cast<int32_t>(keys.size())});
  }
  std::sort(keys.begin(), keys.end());
  std::vector<uint16_t> order;
  for (const auto& [alpha, luma, number] : keys) order.push_back(static_cast<uint16_t>(number));
  return order;
}

std::vector<uint16_t> Inverse(const std::vector<uint16_t>& order) {
  std::vector<uint16_t> index_of(order.size());
  for (size_t i = 0; i < order.size(); ++i) index_of[order[i]] = static_cast<uint16_t>(i);
  return index_of;
}

}  // namespace flowzip
