// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/network/static_sites.h"

#include <algorithm>

#include "codec/coders/network/event_tilt.h"
#include "codec/coders/network/lane_symbols.h"
#include "codec/coders/network/plane_walk.h"

namespace flowzip {
namespace {

// rANS states: one for each lane, so that 16 samples can be found at once; of a small plane one in
// all, since every state costs three bytes.
constexpr int64_t kFewSites = 32768;
int StateCount(int width, int height) {
  return int64_t{width} * height < kFewSites ? 1 : kNetSites;
}

void Book(const ChannelWalk& walk, const MixtureRow& mixtures, const ChannelWalk::Lane& site,
          int32_t value, const CdfRange& range, uint32_t distance, int width, PlaneLedger* ledger) {
  const size_t sample =
      static_cast<size_t>(site.y) * static_cast<size_t>(width) + static_cast<size_t>(site.x);
  const int i = site.lane;
  const double more =
      walk.low_bits(i) + (mixtures.Inside(i, value) ? 0 : ExpGolombBits(distance, kEscapeOrder));
  ledger->Book(sample, Bits(range) + more);
  ledger->BookDetail(sample, mixtures, i, value, more, walk.low_bits(i));
}

}  // namespace

std::vector<uint8_t> EncodeStaticSites(const PlaneContext& context, const LinearFilters& filters,
                                       PlaneLedger* ledger) {
  const NetworkPlane& own = context.own();
  const int width = own.samples.width(), height = own.samples.height();
  const int states = StateCount(width, height);
  LaneLog log;
  EventTilt tilt(context.planes, context.colours, context.range);
  // Deep samples are three symbols at the most, but for escapes.
  const size_t eighths = context.range.max - context.range.min > kShallowSpan ? 25 : 9;
  log.Reserve(static_cast<size_t>(width) * static_cast<size_t>(height) * eighths / 8);
  WalkPlane(
      context, filters, [&](const ChannelWalk& walk, const MixtureRow& mixtures, int32_t* values) {
        alignas(64) int32_t high[kNetSites] = {};
        for (const ChannelWalk::Lane& site : walk.lanes()) {
          values[site.lane] = own.samples.Row(site.y)[site.x];
          high[site.lane] = values[site.lane] >> walk.low_bits(site.lane);
        }
        tilt.LookAll(walk, mixtures, high);
        tilt.Learn(walk, mixtures, high);
        for (const ChannelWalk::Lane& site : walk.lanes()) {
          const int i = site.lane, state = i % states, low_bits = walk.low_bits(i);
          const CdfRange range = mixtures.Inside(i, high[i]) ? tilt.tilt().Range(i, high[i])
                                                             : mixtures.Range(i, high[i]);
          log.Add(state, {range.start, range.freq});
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
          if (ledger == nullptr) continue;
          Book(walk, mixtures, site, high[i], range, distance, width, ledger);
        }
      });
  return log.Encode(states);
}

void DecodeStaticSites(const PlaneContext& context, const LinearFilters& filters, ByteSpan bytes,
                       PlaneLedger* ledger) {
  const int width = context.own().sites.width();
  const int states = StateCount(width, context.own().sites.height());
  const SampleRange range = context.range;
  RansStack stack = RansStack::FromBytes(bytes, states);
  EventTilt tilt(context.planes, context.colours, context.range);
  WalkPlane(context, filters,
            [&](const ChannelWalk& walk, const MixtureRow& mixtures, int32_t* values) {
              alignas(64) int32_t slots[kNetSites] = {}, found[kNetSites];
              CdfRange ranges[kNetSites];
              if (states > 1) {
                for (const ChannelWalk::Lane& site : walk.lanes()) {
                  stack.Select(site.lane);
                  slots[site.lane] = static_cast<int32_t>(stack.Peek());
                }
                mixtures.FindAll(slots, found, ranges);
                tilt.LookAll(walk, mixtures, found);
              }
              bool inside = true;
              for (const ChannelWalk::Lane& site : walk.lanes()) {
                const int i = site.lane, low_bits = walk.low_bits(i);
                stack.Select(i % states);
                if (states == 1) {
                  found[i] = mixtures.Find(i, stack.Peek(), &ranges[i]);
                  tilt.Look(walk, mixtures, i, found[i]);
                }
                if (mixtures.Inside(i, found[i])) {
                  found[i] = tilt.tilt().Find(i, stack.Peek());
                  ranges[i] = tilt.tilt().Range(i, found[i]);
                }
                stack.PopHere({ranges[i].start, ranges[i].freq});
                int64_t value = found[i];
                uint32_t distance = 0;
                if (!mixtures.Inside(i, found[i])) {
                  distance = PopDistanceHere(stack);
                  value += found[i] < mixtures.lo[i] ? -int64_t{distance} : int64_t{distance};
                }
                if (ledger != nullptr) {
                  Book(walk, mixtures, site, found[i], ranges[i], distance, width, ledger);
                }
                if (low_bits > 0) {
                  value = value * (int64_t{1} << low_bits) + PopUniformHere(stack, low_bits);
                }
                inside &= value >= range.min && value <= range.max;
                values[i] = static_cast<int32_t>(std::clamp<int64_t>(value, range.min, range.max));
              }
              tilt.Learn(walk, mixtures, found);
              Require(inside, ErrorCode::kCorrupt, "sample outside its declared range");
            });
  stack.Select(0);
  stack.CheckEnd();
}

}  // namespace flowzip
