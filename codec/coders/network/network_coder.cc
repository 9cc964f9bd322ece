// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/network/network_coder.h"

#include <algorithm>
#include <exception>

#include "codec/coders/network/plane_coder.h"

namespace flowzip {
namespace {

// All planes of a tile, and who looks at whom.
struct PlaneSet {
  std::vector<OrderedPlane> order;
  std::vector<NetworkPlane> planes;
  const NetworkWay& way;

  PlaneSet(int channels, const NetworkWay& all)
      : order(OrderPlanes(channels, all.squeeze)), planes(order.size()), way(all) {}

  // Sites that are not set yet.
  void Begin(size_t i, int width, int height, const SampleRange& range) {
    planes[i].sites = SkewedPlane(width, height, MiddleOf(range));
    if (way.adaptive) planes[i].errors = SkewedPlane(width, height, 0);
  }

  PlaneContext ContextOf(const FlowModel& model, size_t i, const NetworkRanges& ranges) {
    PlaneContext context{model, {}, ranges[static_cast<size_t>(order[i].channel)]};
    context.adaptive = way.adaptive;
    context.colours = way.colours;
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

// Books what each plane cost, if that is asked for.
class Ledgers {
 public:
  Ledgers(const NetworkAccount& account, size_t planes)
      : account_(account),
        ledgers_(account.stats != nullptr || account.map != nullptr ? planes : 0) {}

  PlaneLedger* Begin(size_t i, int width, int height) {
    if (ledgers_.empty()) return nullptr;
    ledgers_[i].Begin(static_cast<size_t>(width) * static_cast<size_t>(height),
                      account_.map != nullptr,
                      account_.map != nullptr && account_.map->with_detail);
    return &ledgers_[i];
  }

  void Close(size_t i, const OrderedPlane& plane, size_t bytes) {
    if (ledgers_.empty() || bytes == 0) return;
    const PlaneLedger& ledger = ledgers_[i];
    const auto c = static_cast<size_t>(plane.channel);
    if (account_.stats != nullptr) {
      account_.stats->channel_bits[c] += ledger.bits;
      account_.stats->channel_bytes[c] += bytes;
      account_.stats->side_bits += ledger.side_bits;
    }
    if (account_.map != nullptr) AddToMap(plane, ledger);
  }

 private:
  // The lattice's samples at their pixels.
  void AddToMap(const OrderedPlane& plane, const PlaneLedger& ledger) {
    PixelBits& map = *account_.map;
    const Rect& rect = account_.rect;
    PixelBits::Detail& detail = map.channel[static_cast<size_t>(plane.channel)];
    const int width = static_cast<int>(rect.width), height = static_cast<int>(rect.height);
    const int across = LatticeWidth(plane, width);
    for (int y = plane.offset_y, v = 0; y < height; y += plane.step_y, ++v) {
      for (int x = plane.offset_x, u = 0; x < width; x += plane.step_x, ++u) {
        const size_t from =
            static_cast<size_t>(v) * static_cast<size_t>(across) + static_cast<size_t>(u);
        const int pixel_x = account_.turn_x ? width - 1 - x : x;
        const int pixel_y = account_.turn_y ? height - 1 - y : y;
        const size_t to = (size_t{rect.y} + static_cast<size_t>(pixel_y)) * map.width + rect.x +
                          static_cast<size_t>(pixel_x);
        map.bits[to] += ledger.spent[from];
        if (!map.with_detail) continue;
        detail.bits[to] = ledger.detail.bits[from];
        detail.mean[to] = ledger.detail.mean[from];
        detail.variance[to] = ledger.detail.variance[from];
      }
    }
  }

  const NetworkAccount& account_;
  std::vector<PlaneLedger> ledgers_;
};

}  // namespace

std::vector<uint8_t> EncodeNetwork(const FlowModel& model, NetworkPlanes samples, int channels,
                                   const NetworkWay& way, const NetworkRanges& ranges,
                                   ThreadPool& pool, const NetworkAccount& account) {
  PlaneSet all(channels, way);
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
  Ledgers ledgers(account, count);
  all.ForEach(pool, [&](size_t i) {
    const SampleRange& range = ranges[static_cast<size_t>(all.order[i].channel)];
    if (!all.order[i].coded || range.constant()) {
      return SetSites(all.planes[i].samples, range, &all.planes[i]);
    }
    const RasterPlane& own = all.planes[i].samples;
    PlaneLedger* const ledger = ledgers.Begin(i, own.width(), own.height());
    PlaneContext context = all.ContextOf(model, i, ranges);
    if (way.means && all.order[i].between) {
      context.mean_x = all.order[i].offset_x;
      context.mean_y = all.order[i].offset_y;
    }
    streams[i] = EncodePlane(context, ledger);
  });
  ByteWriter writer;
  for (const std::vector<uint8_t>& stream : streams) {
    if (stream.empty()) continue;
    writer.PutVarint(stream.size());
    writer.PutBytes(stream);
  }
  for (size_t i = 0; i < count; ++i) ledgers.Close(i, all.order[i], streams[i].size());
  return writer.Take();
}

NetworkPlanes DecodeNetwork(const FlowModel& model, ByteSpan bytes, int channels,
                            const NetworkWay& way, const NetworkRanges& ranges, int width,
                            int height, ThreadPool& pool, const NetworkAccount& account) {
  PlaneSet all(channels, way);
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
  Ledgers ledgers(account, count);
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
    DecodePlane(all.ContextOf(model, i, ranges), streams[i],
                ledgers.Begin(i, to.sites.width(), to.sites.height()));
    to.sites.CopyTo(plane.offset_x, plane.offset_y, plane.step_x, plane.step_y,
                    &samples[static_cast<size_t>(plane.channel)]);
  });
  for (size_t i = 0; i < count; ++i) ledgers.Close(i, all.order[i], streams[i].size());
  return samples;
}

}  // namespace flowzip
