// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/network/plane_coder.h"

#include <algorithm>

#include "codec/coders/network/lane_symbols.h"
#include "codec/filters/fit_filters.h"
#include "codec/filters/filter_side.h"
#include "rans/binary_coder.h"

namespace flowzip {
namespace {

// rANS states: one for each lane, so that 16 samples can be found at once; of a small plane one in
// all, since every state costs three bytes.
constexpr int64_t kFewSites = 32768;
int StateCount(int width, int height) {
  return int64_t{width} * height < kFewSites ? 1 : kNetSites;
}

// The steps of one plane, each as soon as the planes before allow it.
template <class Fn>
void Walk(const PlaneContext& context, const LinearFilters& filters, const Fn& code) {
  std::array<const SkewedPlane*, kChannels> earlier{};
  for (int c = 0; c < context.channel(); ++c) {
    earlier[static_cast<size_t>(c)] = &context.planes[static_cast<size_t>(c)]->sites;
  }
  ChannelWalk walk(context.model, earlier, context.channel(), &context.own().sites, context.range,
                   filters);
  constexpr int kSteps = 64;  // between looks at the others
  const int last = walk.steps();
  for (int step = 0; step < last; step += kSteps) {
    const int end = std::min(step + kSteps, last);
    for (int c = 0; c < context.channel(); ++c) {
      context.planes[static_cast<size_t>(c)]->progress.Wait(
          end == last ? INT32_MAX : end + context.own().sites.farthest());
    }
    walk.Run(step, end, code);
    if (end < last) context.own().progress.Reached(end);
  }
  context.own().progress.Finished();
}

void CheckFilters(const LinearFilters& model, int channel) {
  for (int f = 0; f < model.filter_count; ++f) {
    Require(FilterNorm(model.filters[f], channel) <= kMaxRasterNorm, ErrorCode::kCorrupt,
            "filter weights out of range");
  }
}

}  // namespace

std::vector<uint8_t> EncodePlane(const PlaneContext& context, std::vector<float>* bits) {
  NetworkPlane& own = context.own();
  const int width = own.samples.width(), height = own.samples.height();
  const int states = StateCount(width, height), channel = context.channel();
  PlaneRefs refs{};
  for (int c = 0; c <= channel; ++c) {
    refs[static_cast<size_t>(c)] = &context.planes[static_cast<size_t>(c)]->samples;
  }
  LinearFilters filters;
  FitFilters(refs, channel, &filters);

  LaneLog log;
  log.Reserve(static_cast<size_t>(width) * static_cast<size_t>(height) * 9 / 8);
  Walk(context, filters,
       [&](const ChannelWalk& walk, const MixtureRow& mixtures, int32_t* values) {
         alignas(64) int32_t high[kNetSites] = {};
         for (const ChannelWalk::Lane& site : walk.lanes()) {
           values[site.lane] = own.samples.Row(site.y)[site.x];
           high[site.lane] = values[site.lane] >> walk.low_bits(site.lane);
         }
         CdfRange ranges[kNetSites];
         mixtures.Ranges(high, ranges);
         for (const ChannelWalk::Lane& site : walk.lanes()) {
           const int i = site.lane, state = i % states, low_bits = walk.low_bits(i);
           log.Add(state, {ranges[i].start, ranges[i].freq});
           uint32_t distance = 0;
           if (high[i] < mixtures.lo[i]) {
             log.AddDistance(state, distance = static_cast<uint32_t>(mixtures.lo[i] - 1 - high[i]));
           } else if (high[i] > mixtures.hi[i]) {
             log.AddDistance(state, distance = static_cast<uint32_t>(high[i] - 1 - mixtures.hi[i]));
           }
           if (low_bits > 0) {
             log.AddUniform(state, static_cast<uint32_t>(values[i]) & ((1u << low_bits) - 1),
                            low_bits);
           }
           if (bits == nullptr) continue;
           const bool escape = high[i] < mixtures.lo[i] || high[i] > mixtures.hi[i];
           (*bits)[static_cast<size_t>(site.y) * static_cast<size_t>(width) +
                   static_cast<size_t>(site.x)] +=
               static_cast<float>(Bits(ranges[i]) + low_bits +
                                  (escape ? ExpGolombBits(distance, kEscapeOrder) : 0));
         }
       });

  BinaryEncoder side_coder;
  FilterSide(side_coder, channel, width, height).Code(filters);
  const std::vector<uint8_t> side = side_coder.Finish();
  ByteWriter writer;
  writer.PutVarint(side.size());
  writer.PutBytes(side);
  writer.PutBytes(log.Encode(states));
  return writer.Take();
}

void DecodePlane(const PlaneContext& context, ByteSpan bytes, int width, int height) {
  const int states = StateCount(width, height), channel = context.channel();
  const SampleRange range = context.range;
  ByteReader reader(bytes);
  BinaryDecoder side(reader.GetBytes(reader.GetVarint()));
  LinearFilters filters;
  FilterSide(side, channel, width, height).Code(filters);
  side.CheckEnd();
  CheckFilters(filters, channel);
  RansStack stack = RansStack::FromBytes(reader.GetBytes(reader.remaining()), states);
  Walk(context, filters,
       [&](const ChannelWalk& walk, const MixtureRow& mixtures, int32_t* values) {
         alignas(64) int32_t slots[kNetSites] = {}, found[kNetSites];
         CdfRange ranges[kNetSites];
         if (states > 1) {
           for (const ChannelWalk::Lane& site : walk.lanes()) {
             stack.Select(site.lane);
             slots[site.lane] = static_cast<int32_t>(stack.Peek());
           }
           mixtures.FindAll(slots, found, ranges);
         }
         bool inside = true;
         for (const ChannelWalk::Lane& site : walk.lanes()) {
           const int i = site.lane, low_bits = walk.low_bits(i);
           stack.Select(i % states);
           if (states == 1) found[i] = mixtures.Find(i, stack.Peek(), &ranges[i]);
           stack.PopHere({ranges[i].start, ranges[i].freq});
           int64_t value = found[i];
           if (found[i] < mixtures.lo[i]) {
             value -= PopDistanceHere(stack);
           } else if (found[i] > mixtures.hi[i]) {
             value += PopDistanceHere(stack);
           }
           if (low_bits > 0) {
             value = value * (int64_t{1} << low_bits) + PopUniformHere(stack, low_bits);
           }
           inside &= value >= range.min && value <= range.max;
           values[i] = static_cast<int32_t>(std::clamp<int64_t>(value, range.min, range.max));
         }
         Require(inside, ErrorCode::kCorrupt, "sample outside its declared range");
       });
  stack.Select(0);
  stack.CheckEnd();
}

void SetSites(const RasterPlane& samples, const SampleRange& range, NetworkPlane* plane) {
  plane->sites = SkewedPlane(samples.width(), samples.height(), MiddleOf(range));
  for (int y = 0; y < samples.height(); ++y) {
    for (int x = 0; x < samples.width(); ++x) plane->sites.Set(x, y, samples.Row(y)[x], 0);
  }
  plane->progress.Finished();
}

}  // namespace flowzip
