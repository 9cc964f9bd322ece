// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/network/plane_coder.h"

#include <algorithm>

#include "codec/coders/network/adaptive_plane.h"
#include "codec/coders/network/static_sites.h"
#include "codec/filters/filter_side.h"
#include "codec/filters/fit_filters.h"
#include "rans/binary_coder.h"

namespace flowzip {
namespace {

void CheckFilters(const LinearFilters& model, int channel) {
  for (int f = 0; f < model.filter_count; ++f) {
    Require(FilterNorm(model.filters[f], channel) <= kMaxRasterNorm, ErrorCode::kCorrupt,
            "filter weights out of range");
  }
}

}  // namespace

std::vector<uint8_t> EncodePlane(const PlaneContext& context, PlaneLedger* ledger) {
  NetworkPlane& own = context.own();
  const int width = own.samples.width(), height = own.samples.height();
  const int channel = context.channel();
  PlaneRefs refs{};
  for (int c = 0; c <= channel; ++c) {
    refs[static_cast<size_t>(c)] = &context.planes[static_cast<size_t>(c)]->samples;
  }
  LinearFilters filters;
  filters.base = context.base;
  if (context.mean_x + context.mean_y > 0) {
    filters.SetMean(channel, context.mean_x, context.mean_y, width, height);
  } else {
    FitFilters(refs, channel, &filters);
  }
  FitBiases(refs, channel, &filters);

  const std::vector<uint8_t> sites = context.adaptive
                                         ? EncodeAdaptiveSites(context, filters, ledger)
                                         : EncodeStaticSites(context, filters, ledger);
  BinaryEncoder side_coder;
  FilterSide side_values(side_coder, channel, width, height);
  side_values.Code(filters);
  side_values.CodeBiases(filters);
  const std::vector<uint8_t> side = side_coder.Finish();
  if (ledger != nullptr) ledger->side_bits = 8.0 * static_cast<double>(side.size());
  ByteWriter writer;
  writer.PutVarint(side.size());
  writer.PutBytes(side);
  writer.PutBytes(sites);
  return writer.Take();
}

void DecodePlane(const PlaneContext& context, ByteSpan bytes, PlaneLedger* ledger) {
  const int width = context.own().sites.width(), height = context.own().sites.height();
  const int channel = context.channel();
  ByteReader reader(bytes);
  const ByteSpan side_bytes = reader.GetBytes(reader.GetVarint());
  if (ledger != nullptr) ledger->side_bits = 8.0 * static_cast<double>(side_bytes.size());
  BinaryDecoder side(side_bytes);
  LinearFilters filters;
  filters.base = context.base;
  FilterSide side_values(side, channel, width, height);
  side_values.Code(filters);
  side_values.CodeBiases(filters);
  side.CheckEnd();
  CheckFilters(filters, channel);
  const ByteSpan sites = reader.GetBytes(reader.remaining());
  context.adaptive ? DecodeAdaptiveSites(context, filters, sites, ledger)
                   : DecodeStaticSites(context, filters, sites, ledger);
}

void SetSites(const RasterPlane& samples, const SampleRange& range, NetworkPlane* plane) {
  plane->sites = SkewedPlane(samples.width(), samples.height(), MiddleOf(range));
  for (int y = 0; y < samples.height(); ++y) {
    for (int x = 0; x < samples.width(); ++x) plane->sites.Set(x, y, samples.Row(y)[x], 0);
  }
  plane->progress.Finished();
}

}  // namespace flowzip
