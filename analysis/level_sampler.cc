// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/level_sampler.h"

#include <algorithm>
#include <cmath>

#include "codec/coders/flow/level_sites.h"
#include "codec/coders/flow/site_row.h"
#include "rans/escape.h"

namespace flowzip {
namespace {

constexpr SampleRange kNothing{INT32_MAX, INT32_MIN};

void Widen(SampleRange& range, int32_t value) {
  range.min = std::min(range.min, value);
  range.max = std::max(range.max, value);
}

int Span(const SampleRange& range) { return range.max - range.min + 1; }

// A stack of random bits, enough for that many symbols: each takes one word at most. Escapes
// take more, and there is room for one in sixteen, a thousand times what the prior gives them.
RansStack RandomStack(SplitMix64& random, int lanes, uint64_t symbols) {
  std::vector<uint8_t> bytes;
  for (int lane = 0; lane < lanes; ++lane) {
    for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<uint8_t>(random.Next() >> 56));
    // A state is at least 2^24, so one bit above the low 24 must not be left to chance.
    bytes[bytes.size() - 1] = static_cast<uint8_t>(bytes.back() | 1);
    bytes.push_back(static_cast<uint8_t>(random.Next() >> 56));
  }
  for (uint64_t words = symbols + symbols / 16 * 16 + 256; words > 0; --words) {
    const uint64_t word = random.Next();
    bytes.push_back(static_cast<uint8_t>(word >> 48));
    bytes.push_back(static_cast<uint8_t>(word >> 56));
  }
  return RansStack::FromBytes(bytes, lanes);
}

}  // namespace

ColourGamut::ColourGamut(const Lifting1x1& lifting, int channels) {
  if (channels == 1) {
    ranges_ = {SampleRange{0, 255}, SampleRange{0, 0}, SampleRange{0, 0}};
    return;
  }
  // Twice over all colours, a plane of 256 x 256 at a time: for the ranges, then the rest.
  const auto for_each = [&](const auto& fn) {
    for (int r = 0; r < 256; ++r) {
      std::array<IntPlane, kChannels> planes;
      for (IntPlane& plane : planes) plane = IntPlane(256, 256);
      for (int g = 0; g < 256; ++g) {
        for (int b = 0; b < 256; ++b) {
          planes[0].At(b, g) = r;
          planes[1].At(b, g) = g;
          planes[2].At(b, g) = b;
        }
      }
      lifting.Forward(planes);
      for (int g = 0; g < 256; ++g) {
        for (int b = 0; b < 256; ++b) {
          fn(planes[0].At(b, g), planes[1].At(b, g), planes[2].At(b, g));
        }
      }
    }
  };
  ranges_.fill(kNothing);
  for_each([&](int32_t u, int32_t v, int32_t w) {
    Widen(ranges_[0], u);
    Widen(ranges_[1], v);
    Widen(ranges_[2], w);
  });
  second_.resize(Span(ranges_[0]), kNothing);
  third_.resize(second_.size() * Span(ranges_[1]), kNothing);
  for_each([&](int32_t u, int32_t v, int32_t w) {
    Widen(second_[u - ranges_[0].min], v);
    Widen(third_[size_t(u - ranges_[0].min) * Span(ranges_[1]) + (v - ranges_[1].min)], w);
  });
}

SampleRange ColourGamut::Given(int channel, const int32_t* before) const {
  if (channel == 0) return ranges_[0];
  const size_t first = before[0] - ranges_[0].min;
  if (channel == 1) return second_[first];
  return third_[first * Span(ranges_[1]) + (before[1] - ranges_[1].min)];
}

Temperature::Temperature(double value)
    : divisor(static_cast<int32_t>(std::lround(256 * value))),
      scale_shift(static_cast<int32_t>(std::lround(256 * std::log2(value)))) {}

void Temperature::Apply(const int16_t* head, int components, int16_t* out) const {
  for (int k = 0; k < components; ++k) {
    out[k] = static_cast<int16_t>(std::clamp(head[k] * 256 / divisor, -32767, 32767));
    out[components + k] = head[components + k];
    out[2 * components + k] =
        static_cast<int16_t>(std::clamp(head[2 * components + k] + scale_shift, -32767, 32767));
  }
}

LevelSampler::LevelSampler(const LevelSize& size, uint64_t seed, int level,
                           const ColourGamut& gamut, const Temperature& temperature,
                           ThreadPool& pool)
    : size_(size), pool_(pool), gamut_(gamut), temperature_(temperature) {
  const int bands = BandCount(size);
  const uint64_t sites = uint64_t(size.grid_width()) * (size.grid_height() / bands + 1);
  stats_.resize(bands);
  for (int band = 0; band < bands; ++band) {
    SplitMix64 mix(seed);
    SplitMix64 random(mix.Next() ^ (uint64_t(level) << 32 | uint64_t(band)));
    stacks_.push_back(RandomStack(random, LaneCount(size), sites * kGroups * kChannels));
    bytes_before_ += stacks_.back().Finish().size();
  }
}

void LevelSampler::DrawBand(const ChannelPass& pass, int band) {
  RansStack& stack = stacks_[band];
  SampleStats& stats = stats_[band];
  auto& planes = pass.level.x[pass.lattice()];
  const SitePlane& prediction = pass.level.prediction[pass.channel];
  const bool plain = temperature_.divisor == 256;
  const Rows rows = BandRows(size_, static_cast<int>(stacks_.size()), band, pass.lattice());
  const int width = size_.valid_width(pass.lattice());
  // Every site borrows: a stack of random bits never runs short. With temperature, heads are
  // changed first; an affine coupling's scale stays.
  SiteRow row({pass.latent_components, pass.affine});
  const int head_step = 3 * pass.components;
  std::vector<int16_t> changed(plain ? 0 : static_cast<size_t>(head_step) * MixtureRow::kSites);
  ForEachRow(pass, rows,
             [&](int i, const int16_t* head, int step, const int16_t* scale, int scale_step) {
               for (int j0 = 0; j0 < width; j0 += MixtureRow::kSites) {
                 const int count = std::min(MixtureRow::kSites, width - j0);
                 const int16_t* first = head + ptrdiff_t{j0} * step;
                 for (int j = 0; j < count && !plain; ++j) {
                   temperature_.Apply(first + ptrdiff_t{j} * step, pass.components,
                                      changed.data() + ptrdiff_t{j} * head_step);
                 }
                 row.Set(plain ? first : changed.data(), plain ? step : head_step,
                         scale + ptrdiff_t{j0} * scale_step, scale_step, pass.components,
                         prediction.Row(i) + j0, pass.range, count, /*borrow=*/true);
                 for (int j = 0; j < count; ++j) {
                   const int64_t v = row.Pop(stack, j, &stats.bits);
                   int32_t before[kChannels] = {};
                   for (int c = 0; c < pass.channel; ++c) before[c] = planes[c].Row(i)[j0 + j];
                   const SampleRange valid = gamut_.Given(pass.channel, before);
                   const int64_t kept = std::clamp<int64_t>(v, valid.min, valid.max);
                   stats.moved += kept != v;
                   ++stats.symbols;
                   planes[pass.channel].Row(i)[j0 + j] = static_cast<int16_t>(kept);
                 }
               }
             });
}

void LevelSampler::Draw(const ChannelPass& pass) {
  pool_.ParallelFor(static_cast<int64_t>(stacks_.size()),
                    [&](int64_t band) { DrawBand(pass, static_cast<int>(band)); });
}

void LevelSampler::AddTo(SampleStats& stats) const {
  uint64_t bytes = 0;
  for (size_t band = 0; band < stacks_.size(); ++band) {
    bytes += stacks_[band].Finish().size();
    stats.bits += stats_[band].bits;
    stats.symbols += stats_[band].symbols;
    stats.moved += stats_[band].moved;
  }
  stats.random_bits += 8 * (bytes_before_ - bytes);
}

}  // namespace flowzip
