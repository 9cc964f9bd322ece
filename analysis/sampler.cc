// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/sampler.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "model/embedded.h"
#include "model/filter_fit.h"
#include "model/levels.h"
#include "model/squeeze.h"

namespace flowzip {
namespace {

using Planes = std::array<IntPlane, kChannels>;
using Ranges = std::array<SampleRange, kChannels>;

// A colour at each corner, interpolated, and jittered by up to 48 steps of brightness and 8 of
// colour: about the contrast of photographs of this size. A smooth base stays a smooth picture.
Planes MakeBase(const LevelSize& size, int channels, const Lifting1x1& lifting, uint64_t seed) {
  SplitMix64 random(seed ^ 0x62617365);  // "base"
  int32_t corner[4][kChannels];
  for (auto& colour : corner) {
    const int32_t gray = 48 + static_cast<int32_t>(random.Below(160));
    for (int32_t& sample : colour) sample = gray - 32 + static_cast<int32_t>(random.Below(64));
  }
  Planes planes;
  for (IntPlane& plane : planes) plane = IntPlane(size.width, size.height);
  const int32_t w = std::max(size.width - 1, 1), h = std::max(size.height - 1, 1);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      const int32_t jitter = static_cast<int32_t>(random.Below(97)) - 48;
      for (int c = 0; c < channels; ++c) {
        const int32_t tint = static_cast<int32_t>(random.Below(17)) - 8;
        const int32_t sum = (w - x) * (h - y) * corner[0][c] + x * (h - y) * corner[1][c] +
                            (w - x) * y * corner[2][c] + x * y * corner[3][c];
        planes[c].At(x, y) = std::clamp(sum / (w * h) + jitter + tint, 0, 255);
      }
    }
  }
  if (channels == 3) lifting.Forward(planes);
  return planes;
}

Planes LiftedPlanes(const Image& image, const Lifting1x1& lifting) {
  Planes planes;
  for (IntPlane& plane : planes) {
    plane = IntPlane(static_cast<int>(image.width), static_cast<int>(image.height));
  }
  for (uint32_t y = 0; y < image.height; ++y) {
    const uint8_t* from = image.Row(y);
    for (uint32_t x = 0; x < image.width; ++x) {
      for (int c = 0; c < image.channels; ++c) planes[c].Row(y)[x] = *from++;
    }
  }
  if (image.channels == 3) lifting.Forward(planes);
  return planes;
}

Image ToImage(Planes planes, int channels, const Lifting1x1& lifting) {
  if (channels == 3) lifting.Inverse(planes);
  Image image;
  image.width = static_cast<uint32_t>(planes[0].width());
  image.height = static_cast<uint32_t>(planes[0].height());
  image.channels = channels;
  image.samples.reserve(image.sub_pixels());
  for (uint32_t y = 0; y < image.height; ++y) {
    for (uint32_t x = 0; x < image.width; ++x) {
      for (int c = 0; c < channels; ++c) {
        // Only for a lifting whose valid values have gaps does this change anything.
        image.samples.push_back(static_cast<uint8_t>(std::clamp(planes[c].Row(y)[x], 0, 255)));
      }
    }
  }
  return image;
}

void CheckOptions(const SampleOptions& options, int channels, uint32_t width, uint32_t height) {
  Require(width >= 1 && width <= kMaxSampleSide && height >= 1 && height <= kMaxSampleSide,
          ErrorCode::kInvalidArgument, "a sample has 1 to 4096 pixels on a side");
  Require(channels == 1 || channels == 3, ErrorCode::kUnsupported, "samples are gray or RGB");
  Require(options.temperature >= 1.0 / 16 && options.temperature <= 16, ErrorCode::kInvalidArgument,
          "the temperature is 1/16 to 16");
  Require(options.jobs >= 1, ErrorCode::kInvalidArgument, "at least one job is needed");
  Require(options.from == nullptr || (options.from->bit_depth == 8 && !options.from->indexed),
          ErrorCode::kUnsupported, "samples are made of pictures of 8 bits");
  Require(options.levels >= 0, ErrorCode::kInvalidArgument, "levels cannot be negative");
}

FilterSet FittedFilters(const Model& model, int l, LevelPlanes& level, const TapSet& taps,
                        const Ranges& ranges, ThreadPool& pool) {
  FilterSet filters = model.ForLevel(l).filters;
  if (l >= model.adaptive_levels) return filters;
  const FilterCodes codes = FitFilters(level, taps, filters, ranges, pool);
  for (int g = 0; g < kGroups; ++g) {
    for (int c = 0; c < kChannels; ++c) filters[g][c] = ApplyCode(filters[g][c], codes[g][c]);
  }
  return filters;
}

// The level's planes with A given and everything else still to be drawn.
LevelPlanes EmptyLevel(const LevelSize& size, const Planes& a) {
  LevelPlanes level(size);
  for (int c = 0; c < kChannels; ++c) {
    SitePlane& to = level.x[kA][c];
    for (int y = 0; y < to.height(); ++y) std::copy_n(a[c].Row(y), to.width(), to.Row(y));
    to.ExtendBorder();
  }
  return level;
}

Planes Widened(const std::array<SitePlane, kChannels>& from) {
  Planes to;
  for (int c = 0; c < kChannels; ++c) {
    to[c] = IntPlane(from[c].width(), from[c].height());
    for (int y = 0; y < to[c].height(); ++y) {
      std::copy_n(from[c].Row(y), to[c].width(), to[c].Row(y));
    }
  }
  return to;
}

Planes Assemble(const LevelPlanes& level) {
  Planes picture;
  for (int c = 0; c < kChannels; ++c) {
    picture[c] = IntPlane(level.size.width, level.size.height);
    for (int k = 0; k < kLattices; ++k) {
      UnsqueezeLattice(level.x[k][c], static_cast<Lattice>(k), picture[c]);
    }
  }
  return picture;
}

}  // namespace

Image Sample(const SampleOptions& options, SampleStats* stats) {
  const Model& model = options.model != nullptr ? *options.model : DefaultModel();
  const Image* from = options.from;
  const int channels = from != nullptr ? from->channels : options.channels;
  const uint32_t width = from != nullptr ? from->width : options.width;
  const uint32_t height = from != nullptr ? from->height : options.height;
  CheckOptions(options, channels, width, height);

  ThreadPool pool(options.jobs);
  const TapSet taps(model.radii);
  const ColourGamut gamut(model.lifting, channels);
  const Ranges ranges{gamut.range(0), gamut.range(1), gamut.range(2)};
  for (const SampleRange& range : ranges) RequireSampleRange(range);
  const Temperature temperature(options.temperature);
  std::vector<LevelSize> sizes{{static_cast<int>(width), static_cast<int>(height)}};
  const int count = LevelCount(sizes[0].width, sizes[0].height);
  for (int l = 0; l < count; ++l) sizes.push_back(sizes.back().next());
  const int drawn = from != nullptr ? std::min(options.levels, count) : count;

  std::vector<LevelPlanes> real;
  Planes picture;
  std::array<SitePlane, kChannels> coarse;
  if (from == nullptr) {
    picture = MakeBase(sizes[count], channels, model.lifting, options.seed);
  } else {
    picture = LiftedPlanes(*from, model.lifting);
    real = MakeLevels(picture);
    // The coarsest level drawn looks at the residuals of the one below it.
    for (int l = count - 1; l >= drawn; --l) {
      const FilterSet filters = FittedFilters(model, l, real[l], taps, ranges, pool);
      FactorOut(model, l, real[l], coarse, filters, taps, ranges, pool, [](const ChannelPass&) {});
      coarse = AssembleResiduals(real[l]);
      picture = Assemble(real[l]);
    }
    if (drawn == count && count > 0) picture = Widened(real[count - 1].x[kA]);
  }
  if (stats != nullptr) *stats = {};
  for (int l = drawn - 1; l >= 0; --l) {
    LevelPlanes level = EmptyLevel(sizes[l], picture);
    const FilterSet filters = from != nullptr ? FittedFilters(model, l, real[l], taps, ranges, pool)
                                              : model.ForLevel(l).filters;
    LevelSampler sampler(sizes[l], options.seed, l, gamut, temperature, pool);
    FactorOut(model, l, level, coarse, filters, taps, ranges, pool,
              [&](const ChannelPass& pass) { sampler.Draw(pass); });
    if (stats != nullptr) sampler.AddTo(*stats);
    coarse = AssembleResiduals(level);
    picture = Assemble(level);
  }
  return ToImage(std::move(picture), channels, model.lifting);
}

}  // namespace flowzip
