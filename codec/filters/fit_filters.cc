// SPDX-License-Identifier: BSD-3-Clause
#include "codec/filters/fit_filters.h"

#include <cmath>
#include <numeric>

#include "model/fixed_log2.h"
#include "model/gram.h"
#include "model/least_squares.h"

namespace flowzip {
namespace {

constexpr int kFitBlock = 16;  // clustering looks at larger blocks than labels are for
static_assert(kFitBlock * kFitBlock == kGramBlock);
static_assert(kFormLanes >= kMaxRasterFilters);
constexpr int64_t kFitBlocks = 700;  // about so many of them are enough
constexpr int kBlocksPerFilter = 8;  // no more filters than blocks pay for
constexpr int kRounds = 5;
constexpr double kMaxWeighted = 4503599627370496.0;  // 2^52, of a product times its weight
constexpr double kNoise = 0.3;  // added to a block's squared error: a noise floor
constexpr double kRidge = 1e-3;

// Free taps, and the samples that they are compared with.
struct FreeTap {
  int plane;
  RasterTap tap;
  int weight;  // its place in RasterWeights
};
std::vector<FreeTap> FreeTaps(int channel) {
  std::vector<FreeTap> taps;
  for (size_t k = 1; k < kOwnTaps.size(); ++k) {
    taps.push_back({channel, kOwnTaps[k], static_cast<int>(k)});
  }
  for (int c = 0; c < channel; ++c) {
    for (size_t k = 1; k < kCrossTaps.size(); ++k) {
      taps.push_back({c, kCrossTaps[k], RasterTaps(c) + static_cast<int>(k)});
    }
  }
  return taps;
}

// The products of all pairs of a fit block's taps and target, each less the sample to the left in
// its plane; the target less that of the base.
struct FitBlock {
  std::vector<double> gram;  // exact integers
  double sites = 0, error = 0;
  int label = 0;
};

constexpr int32_t kMaxCounted = 16;  // residuals beyond count as that much towards a bias
constexpr double kRounding = 0.1;    // a squared error that costs nothing

// The same on every machine, unlike std::log2.
double FastLog2(double x) {
  int exponent;
  const double mantissa = std::frexp(x, &exponent);  // 0.5 .. 1
  const auto scaled = static_cast<uint32_t>(std::floor(std::ldexp(mantissa, 24)));
  return exponent - 24 + FixedLog2(scaled) / 256.0;
}

class Clustering {
 public:
  Clustering(const PlaneRefs& planes, int channel, FilterBase base, int64_t wanted_blocks,
             int most_filters)
      : taps_(FreeTaps(channel)), base_(base) {
    const RasterPlane& own = *planes[static_cast<size_t>(channel)];
    const int64_t across = (own.width() + kFitBlock - 1) / kFitBlock,
                  down = (own.height() + kFitBlock - 1) / kFitBlock;
    const int64_t count = across * down;
    // Odd, so that the blocks are not all in the same columns.
    const int64_t stride = count >= 2 * wanted_blocks ? (count / wanted_blocks) | 1 : 1;
    filters_ = static_cast<int>(std::clamp<int64_t>(count / kBlocksPerFilter, 1, most_filters));
    for (int64_t i = 0; i < count; i += stride) {
      blocks_.push_back(Gather(planes, channel, static_cast<int>(i % across) * kFitBlock,
                               static_cast<int>(i / across) * kFitBlock));
    }
  }

  void Run(int rounds, LinearFilters* model) {
    model->filter_count = filters_;
    Begin();
    for (int round = 0; round < rounds; ++round) {
      if (round > 0) Assign(*model);
      for (int f = 0; f < filters_; ++f) SolveFor(f, model->filters[f]);
    }
  }
  // Half the logarithm of the blocks' squared errors, on average.
  double Bits(const LinearFilters& model) {
    Assign(model);
    double sum = 0;
    for (const FitBlock& block : blocks_) sum += FastLog2(block.error + kRounding);
    return sum / (2 * static_cast<double>(blocks_.size()));
  }

 private:
  int rows() const { return static_cast<int>(taps_.size()) + 1; }

  FitBlock Gather(const PlaneRefs& planes, int channel, int x0, int y0) const {
    const RasterPlane& own = *planes[static_cast<size_t>(channel)];
    const int width = std::min(kFitBlock, own.width() - x0),
              height = std::min(kFitBlock, own.height() - y0);
    std::array<int16_t, (kMaxRasterTaps + 1) * kGramBlock> samples;
    // Differences of deep samples are scaled down until they fit.
    int shift = 0;
    const auto put = [&](const RasterPlane& plane, const RasterTap& tap, const RasterPlane& base,
                         int16_t* to) {
      int32_t all = 0;
      for (int y = 0; y < height; ++y, to += kFitBlock) {
        const int16_t* from = plane.Row(std::max(y0 + y + tap.dy, -1)) + x0 + tap.dx;
        const int16_t* left = base.Row(y0 + y) + x0 - 1;
        for (int x = 0; x < width; ++x) {
          const int32_t d = from[x] - left[x];
          all |= d ^ (d >> 31);
          to[x] = static_cast<int16_t>(d >> shift);
        }
      }
      return all >> shift <= kGramClip;
    };
    for (bool fits = false; !fits; shift += fits ? 0 : 1) {
      samples = {};
      int16_t* to = samples.data();
      fits = true;
      for (const FreeTap& free : taps_) {
        const RasterPlane& plane = *planes[static_cast<size_t>(free.plane)];
        fits = fits && put(plane, free.tap, plane, to);
        to += kGramBlock;
      }
      fits = fits && put(own, {0, 0}, base_ == FilterBase::kOwn ? own : *planes[0], to);
    }
    std::vector<int64_t> gram(static_cast<size_t>(rows()) * (rows() + 1) / 2);
    AddGram(samples.data(), rows(), gram.data());
    FitBlock block;
    block.gram.assign(gram.begin(), gram.end());
    for (double& product : block.gram) product *= static_cast<double>(int64_t{1} << 2 * shift);
    block.sites = width * height;
    block.error = block.gram.back() / block.sites;
    return block;
  }

  // By how much the blocks differ from a flat one.
  void Begin() {
    std::vector<size_t> order(blocks_.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return blocks_[a].error < blocks_[b].error; });
    for (size_t i = 0; i < order.size(); ++i) {
      blocks_[order[i]].label = static_cast<int>(i * static_cast<size_t>(filters_) / order.size());
    }
  }

  void SolveFor(int filter, int16_t* weights) const {
    NormalEquations equations(rows() - 1);
    bool any = false;
    for (const FitBlock& block : blocks_) {
      if (block.label != filter) continue;
      // Bounded, so that 2^11 blocks' sums fit.
      double most = 1;
      for (int i = 0, at = 0; i < rows(); at += rows() - i, ++i) {
        most = std::max(most, block.gram[static_cast<size_t>(at)]);
      }
      const auto weight = std::max<int64_t>(
          1, static_cast<int64_t>(
                 std::floor(std::min(16384 / (block.error + kNoise), kMaxWeighted / most))));
      for (size_t i = 0; i < block.gram.size(); ++i) {
        equations.gram[i] += weight * static_cast<int64_t>(block.gram[i]);
      }
      any = any || block.sites > 0;
    }
    if (!any) return;
    const std::vector<double> solution =
        Solve(equations, std::vector<double>(taps_.size(), 0.0), kRidge);
    for (size_t k = 0; k < taps_.size(); ++k) {
      const double scaled = std::floor(solution[k] * (1 << kRasterWeightBits) + 0.5);
      weights[taps_[k].weight] =
          static_cast<int16_t>(std::clamp<double>(scaled, -kMaxRasterWeight, kMaxRasterWeight));
    }
  }

  // Each block to the filter with the least squared error.
  void Assign(const LinearFilters& model) {
    // Products of pairs of weights, all filters side by side.
    FormLanes products[(kMaxRasterTaps + 1) * (kMaxRasterTaps + 2) / 2] = {};
    int count = 0;
    for (int i = 0; i < rows(); ++i) {
      for (int j = i; j < rows(); ++j, ++count) {
        for (int f = 0; f < filters_; ++f) {
          const double product = WeightOf(model, f, i) * WeightOf(model, f, j);
          products[count][f] = i == j ? product : 2 * product;
        }
      }
    }
    constexpr size_t kTogether = 64;
    for (size_t begin = 0; begin < blocks_.size(); begin += kTogether) {
      const size_t size = std::min(kTogether, blocks_.size() - begin);
      const double* grams[kTogether];
      for (size_t b = 0; b < size; ++b) grams[b] = blocks_[begin + b].gram.data();
      FormLanes errors[kTogether];
      BlockErrors(grams, static_cast<int>(size), products, count, errors);
      for (size_t b = 0; b < size; ++b) {
        FitBlock& block = blocks_[begin + b];
        block.label = 0;
        for (int f = 1; f < filters_; ++f) {
          if (errors[b][f] < errors[b][block.label]) block.label = f;
        }
        block.error = std::max(0.0, errors[b][block.label]) / block.sites;
      }
    }
  }
  double WeightOf(const LinearFilters& model, int filter, int row) const {
    if (row == rows() - 1) return -1;
    return model.filters[filter][taps_[static_cast<size_t>(row)].weight] /
           static_cast<double>(1 << kRasterWeightBits);
  }

  std::vector<FreeTap> taps_;
  FilterBase base_;
  int filters_;
  std::vector<FitBlock> blocks_;
};

// A label's price in 1/256 bit: as its left and upper neighbour, as the left one of two that
// differ, as the upper one, another.
constexpr uint32_t kAsBoth = 256, kAsLeft = 384, kAsAbove = 512, kOther = 1280;

void ChooseLabels(const PlaneRefs& planes, int channel, LinearFilters* model) {
  const RasterPlane& own = *planes[static_cast<size_t>(channel)];
  const int across = RasterBlocks(own.width()), down = RasterBlocks(own.height());
  model->labels.assign(static_cast<size_t>(across) * down, 0);
  if (model->filter_count == 1) return;
  const int taps = RasterTaps(channel), pair_count = (taps + 1) / 2;
  RasterPair pairs[kMaxRasterTaps / 2] = {};
  int16_t target[kRasterSites] = {};
  uint32_t cost[kMaxRasterFilters];
  for (int by = 0; by < down; ++by) {
    const int y0 = by * kRasterBlock, height = std::min(kRasterBlock, own.height() - y0);
    std::array<RasterRows, kRasterBlock> rows;
    for (int y = 0; y < height; ++y)
      rows[static_cast<size_t>(y)] = FilterRows(planes, channel, y0 + y);
    for (int bx = 0; bx < across; ++bx) {
      const int x0 = bx * kRasterBlock, width = std::min(kRasterBlock, own.width() - x0);
      if (width < kRasterBlock || height < kRasterBlock) {
        std::fill_n(&pairs[0][0], sizeof(pairs) / sizeof(int16_t), int16_t{0});
        std::fill_n(target, kRasterSites, int16_t{0});
      }
      for (int y = 0; y < height; ++y) {
        std::copy_n(own.Row(y0 + y) + x0, width, target + y * kRasterBlock);
        for (int p = 0; p < pair_count; ++p) {
          // The last pair's second tap, if there is none, has a weight of 0.
          const auto& row = rows[static_cast<size_t>(y)];
          const int16_t* first = row[static_cast<size_t>(2 * p)] + x0;
          const int16_t* second =
              2 * p + 1 < taps ? row[static_cast<size_t>(2 * p) + 1] + x0 : first;
          int16_t* to = pairs[p] + 2 * y * kRasterBlock;
          for (int x = 0; x < width; ++x) {
            to[2 * x] = first[x];
            to[2 * x + 1] = second[x];
          }
        }
      }
      RasterCosts(pairs, pair_count, target, model->filters, model->filter_count, cost);
      const auto sites = static_cast<uint32_t>(width * height);
      uint8_t* label = model->labels.data() + static_cast<size_t>(by) * across + bx;
      const int above = by > 0 ? label[-across] : bx > 0 ? label[-1] : 0;
      const int left = bx > 0 ? label[-1] : above;
      uint32_t best = UINT32_MAX;
      for (int f = 0; f < model->filter_count; ++f) {
        // The noise floor is 0.3 in each sample, costs are in 1/8.
        const uint32_t price = f == left    ? (left == above ? kAsBoth : kAsLeft)
                               : f == above ? kAsAbove
                                            : kOther;
        const uint32_t bits = sites * FixedLog2(cost[f] + (sites * 12 / 5) + 1) + price;
        if (bits < best) {
          best = bits;
          *label = static_cast<uint8_t>(f);
        }
      }
    }
  }
}

// A filter beyond kMaxRasterNorm, as noise might lead to, becomes W.
void TameFilters(int channel, LinearFilters* model) {
  for (int f = 0; f < model->filter_count; ++f) {
    RasterWeights& filter = model->filters[f];
    if (FilterNorm(filter, channel) > kMaxRasterNorm)
      std::fill_n(filter, kMaxRasterTaps, int16_t{0});
  }
  model->CompleteFilters(channel);
}

}  // namespace

void FitFilters(const PlaneRefs& planes, int channel, LinearFilters* model) {
  Clustering(planes, channel, model->base, kFitBlocks, kMaxRasterFilters).Run(kRounds, model);
  model->CompleteFilters(channel);
  TameFilters(channel, model);
  ChooseLabels(planes, channel, model);
}

void FitBiases(const PlaneRefs& planes, int channel, LinearFilters* model) {
  const RasterPlane& own = *planes[static_cast<size_t>(channel)];
  const int width = own.width(), across = RasterBlocks(width);
  std::array<int64_t, kMaxRasterFilters> sum{}, count{};
  std::vector<int32_t> sums(static_cast<size_t>(width) + kRasterBlock);
  for (int y = 1; y < own.height(); ++y) {
    const uint8_t* label =
        model->labels.data() + static_cast<size_t>(y / kRasterBlock) * static_cast<size_t>(across);
    RasterSums(FilterRows(planes, channel, y).data(), RasterTaps(channel), model->filters, label,
               width, sums.data());
    for (int x = 0; x < width; ++x) {
      const size_t filter = label[x / kRasterBlock];
      sum[filter] +=
          std::clamp(8 * int32_t{own.Row(y)[x]} - ((sums[static_cast<size_t>(x)] + 16) >> 5),
                     -kMaxCounted, kMaxCounted);
      ++count[filter];
    }
  }
  for (size_t f = 0; f < kMaxRasterFilters; ++f) {
    if (count[f] == 0) continue;
    // Rounded to the nearest, downwards in the middle.
    const int64_t twice = 2 * sum[f] + count[f] - 1, den = 2 * count[f];
    const int64_t mean = twice >= 0 ? twice / den : -((-twice + den - 1) / den);
    model->biases[f] =
        static_cast<int32_t>(std::clamp<int64_t>(mean, -kMaxFilterBias, kMaxFilterBias));
  }
}

double EstimateFilterBits(const PlaneRefs& planes, int channel, FilterBase base) {
  constexpr int64_t kBlocks = 120;
  constexpr int kFilters = 4, kFewRounds = 3;
  LinearFilters model;
  Clustering clustering(planes, channel, base, kBlocks, kFilters);
  clustering.Run(kFewRounds, &model);
  return clustering.Bits(model);
}

}  // namespace flowzip
