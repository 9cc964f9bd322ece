// SPDX-License-Identifier: BSD-3-Clause
#include "analysis/sampler.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <memory>
#include <utility>

#include "analysis/colour_gamut.h"
#include "analysis/random_bits.h"
#include "base/error.h"
#include "base/thread_pool.h"
#include "codec/coders/network/lane_symbols.h"
#include "codec/coders/network/plane_walk.h"
#include "codec/filters/fit_filters.h"
#include "codec/planes/tile_planes.h"
#include "model/embedded.h"

namespace flowzip {
namespace {

// Multiplies the distributions' width; 1 leaves them untouched.
class Temperature {
 public:
  explicit Temperature(double value)
      : divisor_(static_cast<int32_t>(std::lround(256 * value))),
        scale_shift_(static_cast<int32_t>(std::lround(256 * std::log2(value)))) {}

  // On a step's outputs, in place: logits, means, scales (mixture.h).
  void operator()(int32_t (*heads)[kNetSites], int components) const {
    constexpr int32_t kLimit = 32767;
    for (int k = 0; k < components; ++k) {
      for (int j = 0; j < kNetSites; ++j) {
        int32_t& logit = heads[k][j];
        int32_t& scale = heads[2 * components + k][j];
        logit = std::clamp(logit * 256 / divisor_, -kLimit, kLimit);
        scale = std::clamp(scale + scale_shift_, -kLimit, kLimit);
      }
    }
  }

 private:
  int32_t divisor_;      // of logits, in 1/256
  int32_t scale_shift_;  // added to scales, in 1/256 of an octave
};

// (W + N) / 2: what predicts steeper, as W + N - NW, makes of every error a larger one.
LinearFilters PlainFilters(int channel, int width, int height) {
  constexpr int kNorth = 2;  // in kOwnTaps
  LinearFilters filters;
  filters.filters[0][kNorth] = 1 << (kRasterWeightBits - 1);
  filters.CompleteFilters(channel);
  filters.labels.assign(static_cast<size_t>(RasterBlocks(width)) *
                            static_cast<size_t>(RasterBlocks(height)),
                        0);
  return filters;
}

LinearFilters FittedFilters(const TilePlanes& tile, int channel) {
  LinearFilters filters;
  const PlaneRefs refs = RefsTo(tile.planes.data(), channel);
  FitFilters(refs, channel, &filters);
  FitBiases(refs, channel, &filters);
  return filters;
}

void CheckOptions(const SampleOptions& options, int channels, uint32_t width, uint32_t height) {
  Require(width >= 1 && width <= kMaxSampleSide && height >= 1 && height <= kMaxSampleSide,
          ErrorCode::kInvalidArgument, "a sample has 1 to 4096 pixels on a side");
  Require(channels == 1 || channels == 3, ErrorCode::kUnsupported, "samples are gray or RGB");
  Require(options.temperature >= 1.0 / 16 && options.temperature <= 16, ErrorCode::kInvalidArgument,
          "the temperature is 1/16 to 16");
  Require(options.jobs >= 1, ErrorCode::kInvalidArgument, "at least one job is needed");
  Require(options.from == nullptr || (options.from->bit_depth == 8 && !options.from->indexed &&
                                      options.from->max_value == 0),
          ErrorCode::kUnsupported, "samples are made of pictures of 8 bits");
}

// Draws the planes of a picture, each on a thread of its own.
class Drawing {
 public:
  // `real`: the picture's own planes, or null.
  Drawing(const SampleOptions& options, const FlowModel& model, const ColourGamut& gamut,
          int channels, int width, int height, const TilePlanes* real)
      : options_(options), model_(model), gamut_(gamut), temperature_(options.temperature),
        real_(real), width_(width), height_(height) {
    for (int c = 0; c < channels; ++c) {
      NetworkPlane& plane = planes_[static_cast<size_t>(c)];
      plane.sites = SkewedPlane(width, height, MiddleOf(gamut.range(c)));
    }
  }

  void Draw(int channel) {
    PlaneContext context{model_, {}, gamut_.range(channel)};
    for (int c = 0; c <= channel; ++c) {
      context.planes.push_back(&planes_[static_cast<size_t>(c)]);
    }
    try {
      DrawPlane(context);
    } catch (...) {  // so that nobody waits for it
      errors_[static_cast<size_t>(channel)] = std::current_exception();
      context.own().progress.Finished();
    }
  }

  // Adds what was drawn; throws what went wrong.
  RasterPlane Take(int channel, SampleStats* stats) {
    const auto c = static_cast<size_t>(channel);
    if (errors_[c] != nullptr) std::rethrow_exception(errors_[c]);
    if (stats != nullptr) {
      stats->bits += stats_[c].bits;
      stats->random_bits += stats_[c].random_bits;
      stats->symbols += stats_[c].symbols;
      stats->moved += stats_[c].moved;
    }
    RasterPlane plane = NewRasterPlane(width_, height_);
    planes_[c].sites.CopyTo(0, 0, 1, 1, &plane);
    return plane;
  }

 private:
  void DrawPlane(const PlaneContext& context) {
    const int channel = context.channel();
    const LinearFilters filters = real_ != nullptr ? FittedFilters(*real_, channel)
                                                   : PlainFilters(channel, width_, height_);
    SplitMix64 mix(options_.seed);
    SplitMix64 random(mix.Next() ^ static_cast<uint64_t>(channel));
    RansStack stack = RandomStack(
        random, kNetSites, static_cast<uint64_t>(width_) * static_cast<uint64_t>(height_));
    const size_t before = stack.Finish().size();
    SampleStats& stats = stats_[static_cast<size_t>(channel)];
    WalkPlane(context, filters,
              [&](const ChannelWalk& walk, const MixtureRow& mixtures, int32_t* values) {
                for (const ChannelWalk::Lane& site : walk.lanes()) {
                  if (static_cast<uint32_t>(site.y) < options_.kept_rows) {
                    values[site.lane] =
                        real_->planes[static_cast<size_t>(channel)].Row(site.y)[site.x];
                    continue;
                  }
                  const int64_t drawn = Pop(walk, mixtures, site.lane, stack, stats);
                  values[site.lane] = Allowed(channel, site, drawn, stats);
                }
              },
              temperature_);
    stats.random_bits = 8 * (before - stack.Finish().size());
  }

  static int64_t Pop(const ChannelWalk& walk, const MixtureRow& mixtures, int lane,
                     RansStack& stack, SampleStats& stats) {
    stack.Select(lane);
    CdfRange range;
    int64_t value = mixtures.Find(lane, stack.Peek(), &range);
    stack.PopHere({range.start, range.freq});
    stats.bits += Bits(range);
    if (value < mixtures.lo[lane] || value > mixtures.hi[lane]) {
      const uint32_t distance = PopDistanceHere(stack);
      value += value < mixtures.lo[lane] ? -int64_t{distance} : int64_t{distance};
      stats.bits += ExpGolombBits(distance, kEscapeOrder);
    }
    const int low_bits = walk.low_bits(lane);
    if (low_bits > 0) {
      value = value * (int64_t{1} << low_bits) + PopUniformHere(stack, low_bits);
      stats.bits += low_bits;
    }
    return value;
  }

  // The nearest value that still leads to a colour.
  int32_t Allowed(int channel, const ChannelWalk::Lane& site, int64_t drawn, SampleStats& stats) {
    int32_t before[kChannels] = {};
    for (int c = 0; c < channel; ++c) {
      before[c] = planes_[static_cast<size_t>(c)].sites.At(site.x, site.y);
    }
    const SampleRange valid = gamut_.Given(channel, before);
    const int64_t kept = std::clamp<int64_t>(drawn, valid.min, valid.max);
    stats.moved += kept != drawn ? 1 : 0;
    ++stats.symbols;
    return static_cast<int32_t>(kept);
  }

  const SampleOptions& options_;
  const FlowModel& model_;
  const ColourGamut& gamut_;
  Temperature temperature_;
  const TilePlanes* real_;
  int width_, height_;
  std::array<NetworkPlane, kChannels> planes_;
  std::array<SampleStats, kChannels> stats_;
  std::array<std::exception_ptr, kChannels> errors_;
};

}  // namespace

Image Sample(const SampleOptions& options, SampleStats* stats) {
  const Model& model = options.model != nullptr ? *options.model : DefaultModel();
  const Image* from = options.from;
  const int channels = from != nullptr ? from->channels : options.channels;
  const uint32_t width = from != nullptr ? from->width : options.width;
  const uint32_t height = from != nullptr ? from->height : options.height;
  CheckOptions(options, channels, width, height);

  Image image;
  image.width = width;
  image.height = height;
  image.channels = channels;
  image.samples.resize(image.row_bytes() * height);
  const Rect whole{0, 0, width, height};
  TilePlanes tile;
  if (from != nullptr) {
    ByteWriter head;
    tile = ReadTile(*from, whole, /*recover_colour=*/false, head, nullptr);
    for (int c = 0; c < channels; ++c) {
      ExtendPlane(tile.planes[static_cast<size_t>(c)], tile.ranges[static_cast<size_t>(c)]);
    }
  }
  const bool lifted = channels == 3 && tile.colour.conversion == ColourConversion::kNone;
  const ColourGamut gamut = lifted ? ColourGamut(Lifting1x1::YCoCgR()) : ColourGamut();
  Drawing drawing(options, model.flow, gamut, channels, static_cast<int>(width),
                  static_cast<int>(height), from != nullptr ? &tile : nullptr);
  ThreadPool pool(options.jobs);
  pool.ParallelFor(channels, [&](int64_t c) { drawing.Draw(static_cast<int>(c)); });
  if (stats != nullptr) *stats = {};
  for (int c = 0; c < channels; ++c) {
    tile.planes[static_cast<size_t>(c)] = drawing.Take(c, stats);
  }
  WriteTile(tile, whole, &image);
  return image;
}

}  // namespace flowzip
