// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/network/network_coder.h"

#include <algorithm>
#include <exception>

#include "codec/coders/network/plane_coder.h"

namespace flowzip {
namespace {

// All planes of a tile, and who looks at whom.
struct Planes {
  std::vector<OrderedPlane> order;
  std::vector<NetworkPlane> planes;

  bool adaptive;

  Planes(int channels, const NetworkWay& way)
      : order(OrderPlanes(channels, way.squeeze)), planes(order.size()), adaptive(way.adaptive) {}

  // Sites that are not set yet.
  void Begin(size_t i, int width, int height, const SampleRange& range) {
    planes[i].sites = SkewedPlane(width, height, MiddleOf(range));
    if (adaptive) planes[i].errors = SkewedPlane(width, height, 0);
  }

  PlaneContext ContextOf(const FlowModel& model, size_t i, const NetworkRanges& ranges) {
    PlaneContext context{model, {}, ranges[static_cast<size_t>(order[i].channel)]};
    context.adaptive = adaptive;
    if (order[i].between) context.base = FilterBase::kFirst;
    for (const int e : order[i].earlier) context.planes.push_back(&planes[static_cast<size_t>(e)]);
    context.planes.push_back(&planes[i]);
    return context;
  }
  // fn(i) for each plane, several at a time. Nobody waits for a plane that has failed, and what is
  // thrown is the first such plane's error, for any number of threads.
  template <class Fn>
  void ForEach(ThreadPool& pool, const Fn& fn) {
    std::vector<std::exception_ptr> errors(planes.size());
    pool.ParallelFor(static_cast<int64_t>(planes.size()), [&](int64_t at) {
      const auto i = static_cast<size_t>(at);
      try {
        fn(i);
      } catch (...) {
        errors[i] = std::current_exception();
        planes[i].progress.Finished();
      }
    });
    for (const std::exception_ptr& error : errors) {
      if (error != nullptr) std::rethrow_exception(error);
    }
  }
};

// The lattice of a plane whose sites are all set.
void SetLattice(const SkewedPlane& from, const OrderedPlane& lattice, NetworkPlane* plane) {
  SkewedPlane& to = plane->sites;
  for (int y = 0; y < to.height(); ++y) {
    const int from_y = std::min(y * lattice.step_y + lattice.offset_y, from.height() - 1);
    for (int x = 0; x < to.width(); ++x) {
      const int from_x = std::min(x * lattice.step_x + lattice.offset_x, from.width() - 1);
      to.Set(x, y, from.At(from_x, from_y), 0);
    }
  }
  plane->progress.Finished();
}

}  // namespace

std::vector<uint8_t> EncodeNetwork(const FlowModel& model, NetworkPlanes samples, int channels,
                                   const NetworkWay& way, const NetworkRanges& ranges,
                                   ThreadPool& pool, std::vector<float>* bits) {
  const int width = samples[0].width(), height = samples[0].height();
  Planes all(channels, way);
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
    all.Begin(i, to.samples.width(), to.samples.height(),
              ranges[static_cast<size_t>(plane.channel)]);
  }
  std::vector<std::vector<uint8_t>> streams(count);
  std::vector<std::vector<float>> plane_bits(bits != nullptr ? count : 0);
  all.ForEach(pool, [&](size_t i) {
    const SampleRange& range = ranges[static_cast<size_t>(all.order[i].channel)];
    if (!all.order[i].coded || range.constant()) {
      return SetSites(all.planes[i].samples, range, &all.planes[i]);
    }
    const RasterPlane& own = all.planes[i].samples;
    if (bits != nullptr) plane_bits[i].resize(static_cast<size_t>(own.width()) * own.height());
    PlaneContext context = all.ContextOf(model, i, ranges);
    if (way.means && all.order[i].between) {
      context.mean_x = all.order[i].offset_x;
      context.mean_y = all.order[i].offset_y;
    }
    streams[i] = EncodePlane(context, bits != nullptr ? &plane_bits[i] : nullptr);
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

NetworkPlanes DecodeNetwork(const FlowModel& model, ByteSpan bytes, int channels,
                            const NetworkWay& way, const NetworkRanges& ranges, int width,
                            int height, ThreadPool& pool) {
  Planes all(channels, way);
  const size_t count = all.order.size();
  ByteReader reader(bytes);
  std::vector<ByteSpan> streams(count);
  for (size_t i = 0; i < count; ++i) {
    const OrderedPlane& plane = all.order[i];
    const SampleRange& range = ranges[static_cast<size_t>(plane.channel)];
    if (plane.coded && !range.constant()) streams[i] = reader.GetBytes(reader.GetVarint());
    all.Begin(i, LatticeWidth(plane, width), LatticeHeight(plane, height), range);
  }
  Require(reader.remaining() == 0, ErrorCode::kCorrupt, "tile has surplus bytes");
  NetworkPlanes samples;
  for (int c = 0; c < channels; ++c) {
    const SampleRange& range = ranges[static_cast<size_t>(c)];
    samples[c] = range.constant() ? ConstantRasterPlane(width, height, range.min)
                                  : NewRasterPlane(width, height);
  }
  all.ForEach(pool, [&](size_t i) {
    const OrderedPlane& plane = all.order[i];
    NetworkPlane& to = all.planes[i];
    if (!plane.coded) {
      all.planes[0].progress.Wait(INT32_MAX);
      return SetLattice(all.planes[0].sites, plane, &to);
    }
    // All sites of a constant plane are its middle.
    if (ranges[static_cast<size_t>(plane.channel)].constant()) return to.progress.Finished();
    DecodePlane(all.ContextOf(model, i, ranges), streams[i]);
    to.sites.CopyTo(plane.offset_x, plane.offset_y, plane.step_x, plane.step_y,
                    &samples[static_cast<size_t>(plane.channel)]);
  });
  return samples;
}

}  // namespace flowzip
