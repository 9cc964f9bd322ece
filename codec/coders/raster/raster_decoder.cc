// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/raster/raster_coder.h"
#include "codec/coders/raster/raster_side.h"
#include "rans/binary_coder.h"

namespace flowzip {
namespace {

// Finds the token of a slot: from the first that reaches into the slot's 64th.
class TokenFinder {
 public:
  explicit TokenFinder(const RasterTables& tables) {
    for (int c = 0; c < tables.contexts(); ++c) {
      Context& context = contexts_.emplace_back();
      context.starts = StartsOf(tables.levels[static_cast<size_t>(c)], tables.tokens);
      uint8_t token = 0;
      for (uint32_t i = 0; i < context.first.size(); ++i) {
        while (context.starts[token + 1u] <= i << kStepBits) ++token;
        context.first[i] = token;
      }
    }
  }

  int Pop(RansStack& stack, int context) const {
    const Context& c = contexts_[static_cast<size_t>(context)];
    const uint32_t slot = stack.Peek();
    uint32_t token = c.first[slot >> kStepBits];
    while (c.starts[token + 1] <= slot) ++token;
    stack.Pop({c.starts[token], c.starts[token + 1] - c.starts[token]});
    return static_cast<int>(token);
  }

 private:
  static constexpr int kStepBits = 6;
  struct Context {
    RasterStarts starts;
    std::array<uint8_t, (kProbScale >> kStepBits)> first;
  };
  std::vector<Context> contexts_;
};

class ChannelDecoder {
 public:
  ChannelDecoder(ByteSpan bytes, RasterPlane* planes, RasterPlane* magnitudes, int channel,
                 PlaneColours colours, const SampleRange& range)
      : planes_(planes),
        magnitudes_(magnitudes),
        channel_(channel),
        lattice_(colours),
        range_(range),
        width_(planes[channel].width()),
        height_(planes[channel].height()),
        stack_(kRasterLanes) {
    ByteReader reader(bytes);
    BinaryDecoder side(reader.GetBytes(reader.GetVarint()));
    RasterSide(side, channel, width_, height_, lattice_.Knows(channel)).Code(model_);
    side.CheckEnd();
    stack_ = RansStack::FromBytes(reader.GetBytes(reader.remaining()), kRasterLanes);
  }

  void Decode() {
    const TokenFinder finder(model_.tables);
    ClearAbove(magnitudes_[channel_]);
    const int across = RasterBlocks(width_);
    // What the taps above and in other channels add, for a row.
    std::vector<int32_t> sums(static_cast<size_t>(width_) + kRasterBlock);
    std::vector<int32_t> energies(sums.size());
    const int taps = RasterTaps(channel_), energy_taps = RasterEnergies(channel_);
    // The filters without their first taps.
    RasterWeights rest[kMaxRasterFilters] = {}, rest_energies[1] = {};
    for (int f = 0; f < model_.filter_count; ++f) {
      std::copy_n(model_.filters[f] + kFirstTaps, taps - kFirstTaps, rest[f]);
    }
    std::copy_n(model_.energies[0] + kFirstTaps, energy_taps - kFirstTaps, rest_energies[0]);
    for (int y = 0; y < height_; ++y) {
      int16_t* sample = planes_[channel_].Row(y);
      int16_t* magnitude = magnitudes_[channel_].Row(y);
      const bool first = y == 0;
      sample[-1] = sample[-2] = first ? MiddleOf(range_) : planes_[channel_].Row(y - 1)[0];
      magnitude[-1] = magnitude[-2] = first ? int16_t{0} : magnitudes_[channel_].Row(y - 1)[0];
      const RasterRows energy_rows = EnergyRows(magnitudes_, channel_, y);
      RasterSums(energy_rows.data() + kFirstTaps, energy_taps - kFirstTaps, rest_energies, nullptr,
                 width_, energies.data());
      const uint8_t* label = model_.labels.data() + static_cast<size_t>(y / kRasterBlock) * across;
      if (first) {
        DecodeRow(finder, kFirstRowFilter, nullptr, sums.data(), energies.data(), y);
      } else {
        const RasterRows rows = FilterRows(RefsTo(planes_, channel_), channel_, y);
        RasterSums(rows.data() + kFirstTaps, taps - kFirstTaps, rest, label, width_, sums.data());
        DecodeRow(finder, model_.filters, label, sums.data(), energies.data(), y);
      }
      ExtendRow(planes_[channel_], y, MiddleOf(range_));
      ExtendRow(magnitudes_[channel_], y, 0);
      if (first) RepeatFirstRow(planes_[channel_]);
    }
    RepeatLastRow(planes_[channel_]);
    stack_.CheckEnd();
  }

 private:
  // `filters` and `label` as RasterSums has them; `sums` and `energies`: what is known of them.
  void DecodeRow(const TokenFinder& finder, const RasterWeights* filters, const uint8_t* label,
                 const int32_t* sums, const int32_t* energies, int y) {
    int16_t* sample = planes_[channel_].Row(y);
    int16_t* magnitude = magnitudes_[channel_].Row(y);
    const bool patterns = model_.tables.lattice_patterns > 1;
    const int16_t* first = patterns ? planes_[0].Row(y) : nullptr;
    const int16_t* second = patterns ? planes_[1].Row(y) : nullptr;
    RansStack stack = std::move(stack_);
    const int32_t energy_w = model_.energies[0][0], energy_ww = model_.energies[0][1];
    const int32_t bias = 4 * model_.bias;
    const RasterTables& tables = model_.tables;
    bool inside = true;
    for (int x = 0; x < width_; ++x) {
      const int16_t* weight = filters[label != nullptr ? label[x / kRasterBlock] : 0];
      const RasterPrediction prediction(
          sums[x] + weight[0] * sample[x - 1] + weight[1] * sample[x - 2], range_);
      const int32_t energy =
          (energies[x] + energy_w * magnitude[x - 1] + energy_ww * magnitude[x - 2] + bias) >>
          kEnergyBits;
      const int on_lattice = patterns ? prediction.on_lattice(lattice_, first[x], second[x]) : 0;
      const int context = tables.ContextOf(std::min(energy, int32_t{kMaxEnergy}), prediction.far(),
                                           prediction.at_end ? 1 : 0, on_lattice);
      const int token = finder.Pop(stack, context);
      const int extra_bits = ExtraBits(token);
      const uint32_t extra = extra_bits > 0 ? PopUniform(stack, extra_bits) : 0;
      const int32_t residual = RasterResidual(SymbolOf(token, extra));
      const int32_t value = prediction.nearest() + (prediction.negated() ? -residual : residual);
      inside &= value >= range_.min && value <= range_.max;
      sample[x] = static_cast<int16_t>(value);
      magnitude[x] = static_cast<int16_t>(prediction.magnitude(value));
    }
    stack_ = std::move(stack);
    Require(inside, ErrorCode::kCorrupt, "sample outside its declared range");
  }

  RasterPlane* planes_;
  RasterPlane* magnitudes_;
  int channel_;
  ColourLattice lattice_;
  SampleRange range_;
  int width_, height_;
  RasterModel model_;
  RansStack stack_;
};

}  // namespace

std::array<RasterPlane, kChannels> DecodeRaster(const std::vector<ByteSpan>& streams, int channels,
                                                PlaneColours colours, const RasterRanges& ranges,
                                                int width, int height) {
  std::array<RasterPlane, kChannels> samples, magnitudes;
  for (int c = 0; c < channels; ++c) {
    if (ranges[c].constant()) {
      samples[c] = ConstantRasterPlane(width, height, ranges[c].min);
      magnitudes[c] = ConstantRasterPlane(width, height, 0);
    } else {
      samples[c] = NewRasterPlane(width, height);
      magnitudes[c] = NewRasterPlane(width, height);
      ChannelDecoder(streams[c], samples.data(), magnitudes.data(), c, colours, ranges[c]).Decode();
    }
  }
  return samples;
}

}  // namespace flowzip
