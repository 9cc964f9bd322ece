// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/network/adaptive_plane.h"

#include "codec/coders/network/adaptive_sites.h"
#include "codec/coders/network/event_tilt.h"
#include "codec/coders/network/plane_walk.h"

namespace flowzip {
namespace {

template <class Coder>
void CodeSites(const PlaneContext& context, const LinearFilters& filters, Coder& coder,
               PlaneLedger* ledger) {
  NetworkPlane& own = context.own();
  const int width = own.sites.width();
  EventTilt tilt(context.planes, context.colours, context.range);
  AdaptiveSites<Coder> sites(coder, context.planes, context.colours, context.range, tilt.tilt(),
                             ledger != nullptr);
  WalkPlane(
      context, filters, [&](const ChannelWalk& walk, const MixtureRow& mixtures, int32_t* values) {
        int32_t high[kNetSites] = {};  // without low bits; at first where the means are
        for (const ChannelWalk::Lane& site : walk.lanes()) {
          high[site.lane] = (mixtures.Mean(site.lane) + 8) >> 4;
        }
        tilt.LookAll(walk, mixtures, high);
        for (const ChannelWalk::Lane& site : walk.lanes()) {
          const int i = site.lane, low_bits = walk.low_bits(i);
          const double before = sites.bits();
          const int32_t actual = Coder::kEncodes ? own.samples.Row(site.y)[site.x] : 0;
          int32_t value = sites.Code(mixtures, walk, site, actual >> low_bits);
          high[i] = value;
          if (low_bits > 0) {
            const auto low =
                sites.CodePlain(static_cast<uint32_t>(actual) & ((1u << low_bits) - 1), low_bits);
            value = static_cast<int32_t>(int64_t{value} * (int64_t{1} << low_bits) + low);
          }
          Require(value >= context.range.min && value <= context.range.max, ErrorCode::kCorrupt,
                  "sample outside its declared range");
          values[i] = value;
          if (ledger == nullptr) continue;
          ledger->Book(static_cast<size_t>(site.y) * static_cast<size_t>(width) +
                           static_cast<size_t>(site.x),
                       sites.bits() - before);
        }
        tilt.Learn(walk, mixtures, high);
      });
}

}  // namespace

std::vector<uint8_t> EncodeAdaptiveSites(const PlaneContext& context, const LinearFilters& filters,
                                         PlaneLedger* ledger) {
  BinaryEncoder coder;
  CodeSites(context, filters, coder, ledger);
  return coder.Finish();
}

void DecodeAdaptiveSites(const PlaneContext& context, const LinearFilters& filters, ByteSpan bytes,
                         PlaneLedger* ledger) {
  BinaryDecoder coder(bytes);
  CodeSites(context, filters, coder, ledger);
  coder.CheckEnd();
}

}  // namespace flowzip
