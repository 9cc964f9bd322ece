// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/network/network_coder.h"

#include <algorithm>
#include <bit>

#include "codec/coders/network/channel_walk.h"
#include "codec/raster_fit.h"
#include "codec/raster_side.h"
#include "rans/binary_coder.h"
#include "rans/escape.h"

namespace flowzip {
namespace {

// rANS states: one for each lane, so that 16 samples can be found at once; of a small tile one in
// all, since every state costs three bytes.
constexpr int64_t kFewSites = 32768;
int StateCount(int width, int height) {
  return int64_t{width} * height < kFewSites ? 1 : kNetSites;
}

// Distances beyond a mixture's window.
constexpr int kEscapeOrder = 2;

SkewedPlane NewPlane(int width, int height, const SampleRange& range) {
  return SkewedPlane(width, height, MiddleOf(range));
}

// The encoder's symbols in the order in which they are read, each with its state.
class LaneLog {
 public:
  void Add(int state, Interval symbol) {
    symbols_.push_back(symbol.start << 16 | (symbol.freq - 1));
    states_.push_back(static_cast<uint8_t>(state));
  }
  void AddUniform(int state, uint32_t value, int bits) {
    for (int left = bits; left > 0;) {
      const int piece = left > 8 ? 8 : left;
      left -= piece;
      Add(state, UniformInterval(value >> left & ((1u << piece) - 1), piece));
    }
  }
  void AddDistance(int state, uint32_t value) {
    const uint32_t v = value + (1u << kEscapeOrder);
    const int extra = std::bit_width(v) - 1 - kEscapeOrder;
    for (int i = 0; i < extra; ++i) AddUniform(state, 0, 1);
    AddUniform(state, 1, 1);
    AddUniform(state, v & ((1u << (extra + kEscapeOrder)) - 1), extra + kEscapeOrder);
  }
  void Reserve(size_t symbols) {
    symbols_.reserve(symbols);
    states_.reserve(symbols);
  }
  std::vector<uint8_t> Encode(int states) const {
    RansStack stack(states);
    for (size_t i = symbols_.size(); i-- > 0;) {
      stack.Select(states_[i]);
      stack.PushHere({symbols_[i] >> 16, (symbols_[i] & 0xFFFF) + 1});
    }
    stack.Select(0);
    return stack.Finish();
  }

 private:
  UnsetVector<uint32_t> symbols_;
  UnsetVector<uint8_t> states_;
};

uint32_t PopUniformHere(RansStack& stack, int bits) {
  uint32_t value = 0;
  for (int left = bits; left > 0;) {
    const int piece = left > 8 ? 8 : left;
    left -= piece;
    const uint32_t v = stack.Peek() >> (kProbBits - piece);
    stack.PopHere(UniformInterval(v, piece));
    value = value << piece | v;
  }
  return value;
}

uint32_t PopDistanceHere(RansStack& stack) {
  int extra = 0;
  while (PopUniformHere(stack, 1) == 0) {
    Require(++extra <= 20, ErrorCode::kCorrupt, "escape code out of range");
  }
  const uint32_t low = PopUniformHere(stack, extra + kEscapeOrder);
  return (1u << (extra + kEscapeOrder)) + low - (1u << kEscapeOrder);
}

void Extend(RasterPlane& plane, const SampleRange& range) {
  for (int y = 0; y < plane.height(); ++y) ExtendRow(plane, y, MiddleOf(range));
  RepeatFirstRow(plane);
  RepeatLastRow(plane);
}

class ChannelEncoder {
 public:
  ChannelEncoder(const FlowModel& model, const RasterPlane* samples, SkewedPlane* planes,
                 int channel, const SampleRange& range)
      : model_(model), samples_(samples), planes_(planes), channel_(channel), range_(range) {}

  void Fit() { FitRasterFilters(samples_, channel_, &filters_); }

  std::vector<uint8_t> Code(std::vector<float>* bits) {
    const RasterPlane& own = samples_[channel_];
    const int width = own.width(), height = own.height(), states = StateCount(width, height);
    LaneLog log;
    log.Reserve(static_cast<size_t>(width) * static_cast<size_t>(height) * 9 / 8);
    planes_[channel_] = NewPlane(width, height, range_);
    ChannelWalk walk(model_, planes_, channel_, range_, filters_);
    walk.Run([&](const std::vector<ChannelWalk::Lane>& lanes, const MixtureRow& mixtures,
                 int32_t* values) {
      int32_t high[kNetSites] = {};
      for (const ChannelWalk::Lane& site : lanes) {
        values[site.lane] = own.Row(site.y)[site.x];
        high[site.lane] = values[site.lane] >> walk.low_bits(site.lane);
      }
      CdfRange ranges[kNetSites];
      mixtures.Ranges(high, ranges);
      for (const ChannelWalk::Lane& site : lanes) {
        const int i = site.lane, state = i % states, low_bits = walk.low_bits(i);
        log.Add(state, {ranges[i].start, ranges[i].freq});
        if (high[i] < mixtures.lo[i]) {
          log.AddDistance(state, static_cast<uint32_t>(mixtures.lo[i] - 1 - high[i]));
        } else if (high[i] > mixtures.hi[i]) {
          log.AddDistance(state, static_cast<uint32_t>(high[i] - mixtures.hi[i] - 1));
        }
        if (low_bits > 0) {
          log.AddUniform(state, static_cast<uint32_t>(values[i]) & ((1u << low_bits) - 1), low_bits);
        }
        if (bits != nullptr) {
          (*bits)[static_cast<size_t>(site.y) * static_cast<size_t>(width) +
                  static_cast<size_t>(site.x)] +=
              static_cast<float>(Bits(ranges[i]) + low_bits);
        }
      }
    });
    BinaryEncoder side_coder;
    RasterSide(side_coder, channel_, width, height).CodePrediction(filters_);
    const std::vector<uint8_t> side = side_coder.Finish();
    ByteWriter writer;
    writer.PutVarint(side.size());
    writer.PutBytes(side);
    writer.PutBytes(log.Encode(states));
    return writer.Take();
  }

 private:
  const FlowModel& model_;
  const RasterPlane* samples_;
  SkewedPlane* planes_;
  int channel_;
  SampleRange range_;
  RasterModel filters_;
};

void DecodeChannel(const FlowModel& model, ByteSpan bytes, SkewedPlane* planes, int channel,
                   const SampleRange& range, int width, int height) {
  ByteReader reader(bytes);
  BinaryDecoder side(reader.GetBytes(reader.GetVarint()));
  RasterModel filters;
  RasterSide(side, channel, width, height).CodePrediction(filters);
  side.CheckEnd();
  const int states = StateCount(width, height);
  RansStack stack = RansStack::FromBytes(reader.GetBytes(reader.remaining()), states);
  planes[channel] = NewPlane(width, height, range);
  ChannelWalk walk(model, planes, channel, range, filters);
  walk.Run([&](const std::vector<ChannelWalk::Lane>& lanes, const MixtureRow& mixtures,
               int32_t* values) {
    alignas(64) int32_t slots[kNetSites] = {}, found[kNetSites];
    CdfRange ranges[kNetSites];
    if (states > 1) {
      for (const ChannelWalk::Lane& site : lanes) {
        stack.Select(site.lane);
        slots[site.lane] = static_cast<int32_t>(stack.Peek());
      }
      mixtures.FindAll(slots, found, ranges);
    }
    bool inside = true;
    for (const ChannelWalk::Lane& site : lanes) {
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
      value = value * (int64_t{1} << low_bits) + PopUniformHere(stack, low_bits);
      inside &= value >= range.min && value <= range.max;
      values[i] = static_cast<int32_t>(std::clamp<int64_t>(value, range.min, range.max));
    }
    Require(inside, ErrorCode::kCorrupt, "sample outside its declared range");
  });
  stack.Select(0);
  stack.CheckEnd();
}

}  // namespace

std::vector<std::vector<uint8_t>> EncodeNetwork(const FlowModel& model, NetworkPlanes samples,
                                                int channels, const NetworkRanges& ranges,
                                                ThreadPool& pool, std::vector<float>* bits) {
  const int width = samples[0].width(), height = samples[0].height();
  std::array<SkewedPlane, kChannels> planes;
  std::vector<std::vector<uint8_t>> streams(static_cast<size_t>(channels));
  for (int c = 0; c < channels; ++c) Extend(samples[c], ranges[c]);
  for (int c = 0; c < channels; ++c) {
    if (ranges[c].constant()) {
      planes[c] = NewPlane(width, height, ranges[c]);
      continue;
    }
    ChannelEncoder encoder(model, samples.data(), planes.data(), c, ranges[c]);
    encoder.Fit();
    streams[c] = encoder.Code(bits);
  }
  (void)pool;
  return streams;
}

NetworkPlanes DecodeNetwork(const FlowModel& model, const std::vector<ByteSpan>& streams,
                            int channels, const NetworkRanges& ranges, int width, int height,
                            ThreadPool&) {
  std::array<SkewedPlane, kChannels> planes;
  NetworkPlanes samples;
  for (int c = 0; c < channels; ++c) {
    if (ranges[c].constant()) {
      planes[c] = NewPlane(width, height, ranges[c]);
    } else {
      DecodeChannel(model, streams[static_cast<size_t>(c)], planes.data(), c, ranges[c], width,
                    height);
    }
    samples[c] = NewRasterPlane(width, height);
    for (int y = 0; y < height; ++y) {
      int16_t* row = samples[c].Row(y);
      for (int x = 0; x < width; ++x) row[x] = static_cast<int16_t>(planes[c].At(x, y));
    }
  }
  return samples;
}

}  // namespace flowzip
