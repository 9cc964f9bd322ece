// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/anomaly.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>

#include "analysis/robust.h"

namespace flowzip {
namespace {

constexpr int kCell = kAnomalyCell;
constexpr int kMinCells = 10;
constexpr double kBulk = 0.75;
constexpr double kQuietVariance = 0.02;  // bits^2 per site: rounding in the model's tails

// A grid of cells; each value becomes the sum over its 3 x 3 neighbourhood.
class CellGrid {
 public:
  CellGrid(uint32_t picture_width, uint32_t picture_height)
      : width((picture_width + kCell - 1) / kCell), height((picture_height + kCell - 1) / kCell) {}
  size_t size() const { return size_t{width} * height; }
  size_t CellOf(uint32_t x, uint32_t y) const { return size_t{y / kCell} * width + x / kCell; }

  Column Gather(const Column& cells) const {
    Column rows(size()), sums(size());
    for (uint32_t y = 0; y < height; ++y) {
      for (uint32_t x = 0; x < width; ++x) {
        const size_t i = size_t{y} * width + x;
        rows[i] = cells[i] + (x > 0 ? cells[i - 1] : 0) + (x + 1 < width ? cells[i + 1] : 0);
      }
    }
    for (uint32_t y = 0; y < height; ++y) {
      for (uint32_t x = 0; x < width; ++x) {
        const size_t i = size_t{y} * width + x;
        sums[i] = rows[i] + (y > 0 ? rows[i - width] : 0) + (y + 1 < height ? rows[i + width] : 0);
      }
    }
    return sums;
  }

  uint32_t width, height;
};

// Calls fn(pixel index, x, y) for the sites that the model coded.
template <class Fn>
void ForEachCoded(const PixelBits& bits, const PixelBits::Detail& detail, const Fn& fn) {
  for (uint32_t y = 0; y < bits.height; ++y) {
    for (uint32_t x = 0; x < bits.width; ++x) {
      const size_t i = size_t{y} * bits.width + x;
      if (detail.mean[i] > 0) fn(i, x, y);
    }
  }
}

// A site's surprise in standard deviations, both tails cut.
double Surprise(const PixelBits::Detail& detail, size_t i) {
  const double spread = std::sqrt(detail.variance[i] + 0.05);
  return std::clamp((detail.bits[i] - detail.mean[i]) / spread, -3.0, 4.0);
}

struct ChannelFeatures {
  Column bits, expected;              // per site
  Column z;                           // calibration
  std::array<Column, 2> periodicity;  // columns, rows
};

ChannelFeatures Measure(const PixelBits& bits, const PixelBits::Detail& detail,
                        const CellGrid& grid) {
  const size_t cells = grid.size();
  struct Sums {
    Column bits, mean, variance, surprise, count;
  } sums;
  const auto columns = {&sums.bits, &sums.mean, &sums.variance, &sums.surprise, &sums.count};
  for (Column* c : columns) c->resize(cells);
  ForEachCoded(bits, detail, [&](size_t i, uint32_t x, uint32_t y) {
    const size_t cell = grid.CellOf(x, y);
    sums.bits[cell] += detail.bits[i];
    sums.mean[cell] += detail.mean[i];
    sums.variance[cell] += detail.variance[i];
    sums.surprise[cell] += Surprise(detail, i);
    sums.count[cell] += 1;
  });
  for (Column* c : columns) *c = grid.Gather(*c);

  ChannelFeatures features;
  for (Column* c : {&features.bits, &features.expected, &features.z}) c->resize(cells);
  for (size_t i = 0; i < cells; ++i) {
    const double count = std::max(sums.count[i], 1.0);
    features.bits[i] = sums.bits[i] / count;
    features.expected[i] = sums.mean[i] / count;
    features.z[i] = (sums.bits[i] - sums.mean[i]) /
                    std::sqrt(sums.variance[i] + kQuietVariance * count);
    sums.surprise[i] /= count;
  }

  // Around the local mean.
  std::array<std::array<Column, kCell>, 2> sum, count;
  Column square(cells), total(cells);
  for (int d = 0; d < 2; ++d) {
    for (int p = 0; p < kCell; ++p) {
      sum[d][p].resize(cells);
      count[d][p].resize(cells);
    }
  }
  ForEachCoded(bits, detail, [&](size_t i, uint32_t x, uint32_t y) {
    const size_t cell = grid.CellOf(x, y);
    const double t = Surprise(detail, i) - sums.surprise[cell];
    square[cell] += t * t;
    total[cell] += 1;
    const uint32_t phase[2] = {x % kCell, y % kCell};
    for (int d = 0; d < 2; ++d) {
      sum[d][phase[d]][cell] += t;
      count[d][phase[d]][cell] += 1;
    }
  });
  square = grid.Gather(square);
  total = grid.Gather(total);
  for (int d = 0; d < 2; ++d) {
    Column& out = features.periodicity[d];
    out.resize(cells);
    for (int p = 0; p < kCell; ++p) {
      const Column s = grid.Gather(sum[d][p]), n = grid.Gather(count[d][p]);
      for (size_t i = 0; i < cells; ++i) out[i] += s[i] * s[i] / std::max(n[i], 1.0);
    }
    for (size_t i = 0; i < cells; ++i) {
      out[i] = std::log1p(out[i] / (square[i] / std::max(total[i], 1.0) + 0.02));
    }
  }
  return features;
}

// Bits per site given the model's own expectation, brightness and its expectation before colour.
std::vector<Column> Table(const std::vector<ChannelFeatures>& channels) {
  std::vector<Column> table;
  for (size_t c = 0; c < channels.size(); ++c) {
    std::vector<const Column*> inputs = {&channels[c].expected};
    if (c > 0) {
      inputs.push_back(&channels[0].bits);
      inputs.push_back(&channels[0].expected);
      // How busy colour is beside brightness, as the model sees it.
      table.push_back(RobustResiduals(channels[c].expected, {&channels[0].expected}));
    }
    table.push_back(RobustResiduals(channels[c].bits, inputs));
    table.push_back(channels[c].z);
    for (const Column& periodicity : channels[c].periodicity) table.push_back(periodicity);
  }
  return table;
}

// Bilinear between the cells' centres.
void Interpolate(const Column& cells, const CellGrid& grid, AnomalyMap& map) {
  const auto locate = [](uint32_t at, uint32_t count, uint32_t* first) {
    const double u = std::clamp((at + 0.5) / kCell - 0.5, 0.0, count - 1.0);
    *first = std::min(static_cast<uint32_t>(u), count - 2);
    return u - *first;
  };
  for (uint32_t y = 0; y < map.height; ++y) {
    uint32_t i, j;
    const double v = locate(y, grid.height, &i);
    for (uint32_t x = 0; x < map.width; ++x) {
      const double u = locate(x, grid.width, &j);
      const double* top = cells.data() + size_t{i} * grid.width + j;
      const double* bottom = top + grid.width;
      map.score[size_t{y} * map.width + x] = static_cast<float>(
          (1 - v) * ((1 - u) * top[0] + u * top[1]) + v * ((1 - u) * bottom[0] + u * bottom[1]));
    }
  }
}

}  // namespace

AnomalyMap FindAnomalies(const PixelBits& bits) {
  assert(bits.with_detail);
  AnomalyMap map{bits.width, bits.height, std::vector<float>(bits.bits.size())};
  const CellGrid grid(bits.width, bits.height);
  if (grid.width < kMinCells || grid.height < kMinCells) return map;

  std::vector<ChannelFeatures> channels;
  for (const PixelBits::Detail& detail : bits.channel) {
    const bool coded =
        std::any_of(detail.mean.begin(), detail.mean.end(), [](float mean) { return mean > 0; });
    if (coded) channels.push_back(Measure(bits, detail, grid));
  }
  if (channels.empty()) return map;
  Column distance = BulkDistances(Table(channels), kBulk);
  for (double& d : distance) d = std::log1p(std::max(d, 0.0));
  const Column neighbours = grid.Gather(Column(grid.size(), 1));
  distance = grid.Gather(distance);
  for (size_t i = 0; i < grid.size(); ++i) distance[i] /= neighbours[i];
  Interpolate(RobustScores(distance), grid, map);
  return map;
}

std::vector<AnomalyRegion> FindRegions(const AnomalyMap& map, float threshold) {
  std::vector<AnomalyRegion> regions;
  std::vector<uint8_t> seen(map.score.size());
  std::vector<uint32_t> stack;
  for (size_t start = 0; start < seen.size(); ++start) {
    if (seen[start] || map.score[start] <= threshold) continue;
    AnomalyRegion region;
    uint32_t x0 = map.width, x1 = 0, y0 = map.height, y1 = 0;
    seen[start] = 1;
    stack.push_back(static_cast<uint32_t>(start));
    while (!stack.empty()) {
      const uint32_t i = stack.back(), x = i % map.width, y = i / map.width;
      stack.pop_back();
      ++region.pixels;
      region.peak = std::max(region.peak, map.score[i]);
      x0 = std::min(x0, x), x1 = std::max(x1, x), y0 = std::min(y0, y), y1 = std::max(y1, y);
      const auto visit = [&](bool inside, uint32_t next) {
        if (!inside || seen[next] || map.score[next] <= threshold) return;
        seen[next] = 1;
        stack.push_back(next);
      };
      visit(x > 0, i - 1);
      visit(x + 1 < map.width, i + 1);
      visit(y > 0, i - map.width);
      visit(y + 1 < map.height, i + map.width);
    }
    region.box = {x0, y0, x1 - x0 + 1, y1 - y0 + 1};
    if (region.pixels >= uint64_t{kAnomalyCell} * kAnomalyCell) regions.push_back(region);
  }
  std::stable_sort(regions.begin(), regions.end(),
                   [](const auto& a, const auto& b) { return a.peak > b.peak; });
  return regions;
}

}  // namespace flowzip
