// SPDX-License-Identifier: BSD-3-Clause
#include "tools/bench/png_filter.h"

#include <algorithm>
#include <cstdlib>

namespace flowzip::bench {
namespace {

constexpr int kFilters = 5;

// left, above, above left
uint8_t Paeth(int a, int b, int c) {
  const int pa = std::abs(b - c), pb = std::abs(a - c), pc = std::abs(a + b - 2 * c);
  return static_cast<uint8_t>(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
}

template <int kFilter>
uint8_t Predict(int a, int b, int c) {
  if constexpr (kFilter == 0) return 0;
  if constexpr (kFilter == 1) return static_cast<uint8_t>(a);
  if constexpr (kFilter == 2) return static_cast<uint8_t>(b);
  if constexpr (kFilter == 3) return static_cast<uint8_t>((a + b) / 2);
  return Paeth(a, b, c);
}

struct Row {
  const uint8_t* from;
  const uint8_t* above;  // never null
  size_t bytes, pixel_bytes;
};

// Returns the sum of absolute differences.
template <int kFilter>
uint64_t Filter(const Row& row, uint8_t* to) {
  uint64_t sum = 0;
  for (size_t i = 0; i < row.bytes; ++i) {
    const size_t bpp = row.pixel_bytes;
    const int a = i < bpp ? 0 : row.from[i - bpp], c = i < bpp ? 0 : row.above[i - bpp];
    to[i] = static_cast<uint8_t>(row.from[i] - Predict<kFilter>(a, row.above[i], c));
    sum += static_cast<uint64_t>(std::abs(static_cast<int8_t>(to[i])));
  }
  return sum;
}

template <int kFilter>
void Unfilter(const Row& row, uint8_t* to) {
  for (size_t i = 0; i < row.bytes; ++i) {
    const size_t bpp = row.pixel_bytes;
    const int a = i < bpp ? 0 : to[i - bpp], c = i < bpp ? 0 : row.above[i - bpp];
    to[i] = static_cast<uint8_t>(row.from[i] + Predict<kFilter>(a, row.above[i], c));
  }
}

constexpr uint64_t (*kFilter[kFilters])(const Row&, uint8_t*) = {Filter<0>, Filter<1>, Filter<2>,
                                                                 Filter<3>, Filter<4>};
constexpr void (*kUnfilter[kFilters])(const Row&, uint8_t*) = {
    Unfilter<0>, Unfilter<1>, Unfilter<2>, Unfilter<3>, Unfilter<4>};

}  // namespace

std::vector<uint8_t> FilterRows(ByteSpan rows, size_t row_bytes, size_t pixel_bytes) {
  const std::vector<uint8_t> zeros(row_bytes);
  std::vector<uint8_t> tried(row_bytes), best(row_bytes), result;
  result.reserve(rows.size() + rows.size() / row_bytes);
  for (size_t at = 0; at < rows.size(); at += row_bytes) {
    const Row row = {&rows[at], at == 0 ? zeros.data() : &rows[at - row_bytes], row_bytes,
                     pixel_bytes};
    uint64_t least = UINT64_MAX;
    uint8_t chosen = 0;
    for (int filter = 0; filter < kFilters; ++filter) {
      const uint64_t sum = kFilter[filter](row, tried.data());
      if (sum >= least) continue;
      least = sum;
      chosen = static_cast<uint8_t>(filter);
      std::swap(tried, best);
    }
    result.push_back(chosen);
    result.insert(result.end(), best.begin(), best.end());
  }
  return result;
}

std::vector<uint8_t> UnfilterRows(ByteSpan filtered, size_t row_bytes, size_t pixel_bytes) {
  Require(filtered.size() % (row_bytes + 1) == 0, ErrorCode::kCorrupt, "filtered rows are cut");
  const size_t height = filtered.size() / (row_bytes + 1);
  const std::vector<uint8_t> zeros(row_bytes);
  std::vector<uint8_t> result(height * row_bytes);
  for (size_t y = 0; y < height; ++y) {
    const uint8_t* from = &filtered[y * (row_bytes + 1)];
    Require(*from < kFilters, ErrorCode::kCorrupt, "unknown PNG filter");
    uint8_t* to = &result[y * row_bytes];
    kUnfilter[*from]({from + 1, y == 0 ? zeros.data() : to - row_bytes, row_bytes, pixel_bytes},
                     to);
  }
  return result;
}

}  // namespace flowzip::bench
