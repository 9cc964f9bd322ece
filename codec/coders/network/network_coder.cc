// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/network/network_coder.h"

#include <algorithm>
#include <memory>

#include "codec/coders/network/plane_coder.h"

namespace flowzip {
namespace {

// All planes of a tile, and who looks at whom.
struct Planes {
  std::vector<OrderedPlane> order;
  std::vector<NetworkPlane> planes;

  Planes(int channels, int squeeze)
      : order(OrderPlanes(channels, squeeze)), planes(order.size()) {}

  PlaneContext ContextOf(const FlowModel& model, size_t i, const NetworkRanges& ranges) {
    PlaneContext context{model, {}, ranges[static_cast<size_t>(order[i].channel)]};
    for (const int e : order[i].earlier) context.planes.push_back(&planes[static_cast<size_t>(e)]);
    context.planes.push_back(&planes[i]);
    return context;
  }
  // So that nobody waits for a plane that has failed.
  template <class Fn>
  void Guarded(size_t i, const Fn& fn) {
    try {
      fn();
    } catch (...) {
      planes[i].progress.Finished();
      throw;
    }
  }
};

}  // namespace

std::vector<uint8_t> EncodeNetwork(const FlowModel& model, NetworkPlanes samples, int channels,
                                   int squeeze, const NetworkRanges& ranges, ThreadPool& pool,
                                   std::vector<float>* bits) {
  const int width = samples[0].width(), height = samples[0].height();
  Planes all(channels, squeeze);
  const size_t count = all.order.size();
  for (size_t i = 0; i < count; ++i) {
    const OrderedPlane& plane = all.order[i];
    NetworkPlane& to = all.planes[i];
    const bool whole = plane.step_x == 1;
    RasterPlane& from = samples[static_cast<size_t>(plane.channel)];
    if (!whole && plane.channel == 0) {
      to.samples = TakeLattice(all.planes[0].samples, plane);
    } else {
      to.samples = whole ? std::move(from) : TakeLattice(from, plane);
    }
    ExtendPlane(to.samples, ranges[static_cast<size_t>(plane.channel)]);
    to.sites = SkewedPlane(to.samples.width(), to.samples.height(),
                           MiddleOf(ranges[static_cast<size_t>(plane.channel)]));
  }
  std::vector<std::vector<uint8_t>> streams(count);
  std::vector<std::vector<float>> plane_bits(bits != nullptr ? count : 0);
  pool.ParallelFor(static_cast<int64_t>(count), [&](int64_t at) {
    const auto i = static_cast<size_t>(at);
    all.Guarded(i, [&] {
      const SampleRange& range = ranges[static_cast<size_t>(all.order[i].channel)];
      if (!all.order[i].coded || range.constant()) {
        return SetSites(all.planes[i].samples, range, &all.planes[i]);
      }
      const RasterPlane& own = all.planes[i].samples;
      if (bits != nullptr) plane_bits[i].resize(static_cast<size_t>(own.width()) * own.height());
      streams[i] = EncodePlane(all.ContextOf(model, i, ranges),
                               bits != nullptr ? &plane_bits[i] : nullptr);
    });
  });
  if (bits != nullptr) {
    for (size_t i = 0; i < count; ++i) {
      const OrderedPlane& plane = all.order[i];
      const int across = LatticeWidth(plane, width);
      if (plane_bits[i].empty()) continue;
      for (int y = plane.offset_y, v = 0; y < height; y += plane.step_y, ++v) {
        for (int x = plane.offset_x, u = 0; x < width; x += plane.step_x, ++u) {
          (*bits)[static_cast<size_t>(y) * width + x] +=
              plane_bits[i][static_cast<size_t>(v) * across + u];
        }
      }
    }
  }
  ByteWriter writer;
  for (const std::vector<uint8_t>& stream : streams) {
    if (stream.empty()) continue;
    writer.PutVarint(stream.size());
    writer.PutBytes(stream);
  }
  return writer.Take();
}

NetworkPlanes DecodeNetwork(const FlowModel& model, ByteSpan bytes, int channels, int squeeze,
                            const NetworkRanges& ranges, int width, int height, ThreadPool& pool) {
  Planes all(channels, squeeze);
  const size_t count = all.order.size();
  ByteReader reader(bytes);
  std::vector<ByteSpan> streams(count);
  for (size_t i = 0; i < count; ++i) {
    const OrderedPlane& plane = all.order[i];
    const SampleRange& range = ranges[static_cast<size_t>(plane.channel)];
    if (plane.coded && !range.constant()) streams[i] = reader.GetBytes(reader.GetVarint());
    all.planes[i].sites =
        SkewedPlane(LatticeWidth(plane, width), LatticeHeight(plane, height), MiddleOf(range));
  }
  Require(reader.remaining() == 0, ErrorCode::kCorrupt, "tile has surplus bytes");
  NetworkPlanes samples;
  for (int c = 0; c < channels; ++c) samples[c] = NewRasterPlane(width, height);
  pool.ParallelFor(static_cast<int64_t>(count), [&](int64_t at) {
    const auto i = static_cast<size_t>(at);
    const OrderedPlane& plane = all.order[i];
    NetworkPlane& to = all.planes[i];
    all.Guarded(i, [&] {
      const SampleRange& range = ranges[static_cast<size_t>(plane.channel)];
      if (!plane.coded) {
        all.planes[0].progress.Wait(INT32_MAX);
        return SetSites(TakeLattice(samples[0], plane), range, &to);
      }
      RasterPlane& own = samples[static_cast<size_t>(plane.channel)];
      if (range.constant()) {
        own.Fill(static_cast<int16_t>(range.min));
        to.sites.Close();
        return to.progress.Finished();
      }
      DecodePlane(all.ContextOf(model, i, ranges), streams[i], to.sites.width(), to.sites.height());
      to.sites.CopyTo(plane.offset_x, plane.offset_y, plane.step_x, plane.step_y, &own);
      to.progress.Finished();
    });
  });
  return samples;
}

}  // namespace flowzip
