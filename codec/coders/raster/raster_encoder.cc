// SPDX-License-Identifier: BSD-3-Clause
#include <cmath>
#include <memory>

#include "base/unset_vector.h"
#include "codec/coders/raster/raster_coder.h"
#include "codec/coders/raster/raster_fit.h"
#include "codec/coders/raster/raster_side.h"
#include "codec/filters/fit_filters.h"
#include "rans/binary_coder.h"

namespace flowzip {
namespace {

// What is left to be coded of a sample, and what its context needs: 12, 2, 1 and 1 bits.
class PackedSymbol {
 public:
  PackedSymbol() = default;  // unset
  PackedSymbol(const RasterPrediction& prediction, int32_t sample, int on_lattice) {
    const int32_t residual = sample - prediction.nearest();
    const uint32_t symbol = RasterSymbol(prediction.negated() ? -residual : residual);
    packed_ = static_cast<uint16_t>(symbol << 4 | static_cast<uint32_t>(on_lattice) << 2 |
                                    (prediction.at_end ? 2 : 0) | (prediction.far() ? 1 : 0));
  }
  RasterToken token() const { return TokenOf(packed_ >> 4); }
  int on_lattice() const { return packed_ >> 2 & 3; }
  int at_end() const { return packed_ >> 1 & 1; }
  bool far() const { return (packed_ & 1) != 0; }

 private:
  uint16_t packed_;
};
static_assert(RasterSymbol(-2 * kMaxRasterSample) < 1 << 12);

// Tables that are not worth a try: few samples cannot fill many.
int LeastCoarseness(int64_t sites) { return sites < 4096 ? 2 : sites < 32768 ? 1 : 0; }

class ChannelEncoder {
 public:
  ChannelEncoder(const RasterPlane* planes, int channel, PlaneColours colours,
                 const SampleRange& range)
      : planes_(planes),
        channel_(channel),
        lattice_(colours),
        range_(range),
        width_(planes[channel].width()),
        height_(planes[channel].height()) {}

  // Fits the filters; returns the residuals' magnitudes. The samples are not needed again.
  RasterPlane Predict() {
    FitFilters(RefsTo(planes_, channel_), channel_, &model_);
    RasterPlane magnitudes = NewRasterPlane(width_, height_);
    symbols_.resize(static_cast<size_t>(width_) * height_);
    std::vector<int32_t> sums(static_cast<size_t>(width_) + kRasterBlock);
    const int across = RasterBlocks(width_);
    std::vector<uint8_t> on_lattice(static_cast<size_t>(width_));
    for (int y = 0; y < height_; ++y) {
      const int16_t* sample = planes_[channel_].Row(y);
      int16_t* magnitude = magnitudes.Row(y);
      PackedSymbol* symbol = symbols_.data() + static_cast<size_t>(y) * width_;
      const uint8_t* label = model_.labels.data() + static_cast<size_t>(y / kRasterBlock) * across;
      const RasterRows rows = FilterRows(RefsTo(planes_, channel_), channel_, y);
      RasterSums(rows.data(), RasterTaps(channel_), y == 0 ? kFirstRowFilter : model_.filters,
                 y == 0 ? nullptr : label, width_, sums.data());
      if (lattice_.Knows(channel_)) {
        const int16_t *first = planes_[0].Row(y), *second = planes_[1].Row(y);
        for (int x = 0; x < width_; ++x) {
          const RasterPrediction prediction(sums[x], range_);
          on_lattice[static_cast<size_t>(x)] =
              static_cast<uint8_t>(prediction.on_lattice(lattice_, first[x], second[x]));
        }
      }
      for (int x = 0; x < width_; ++x) {
        const RasterPrediction prediction(sums[x], range_);
        symbol[x] = PackedSymbol(prediction, sample[x], on_lattice[static_cast<size_t>(x)]);
        magnitude[x] = static_cast<int16_t>(prediction.magnitude(sample[x]));
      }
      ExtendRow(magnitudes, y, 0);
    }
    ClearAbove(magnitudes);
    return magnitudes;
  }

  // Codes the residuals, once the magnitudes of this channel and those before are known.
  std::vector<uint8_t> Code(const RasterPlane* magnitudes, std::vector<float>* bits) {
    FitRasterEnergies(magnitudes, channel_, &model_);
    const bool knows = lattice_.Knows(channel_);
    model_.tables.end_patterns = kEndPatterns;
    model_.tables.lattice_patterns = knows ? kLatticePatterns : 1;
    Contexts contexts = FindContexts(magnitudes);
    auto counts = std::make_unique<RasterCounts>();
    for (size_t i = 0; i < contexts.size(); ++i) {
      ++(*counts)[contexts[i]][symbols_[i].token().token];
    }
    ChooseTables(*counts, contexts);

    BinaryEncoder side_coder;
    RasterSide(side_coder, channel_, width_, height_, knows).Code(model_);
    const std::vector<uint8_t> side = side_coder.Finish();
    ByteWriter writer;
    writer.PutVarint(side.size());
    writer.PutBytes(side);
    std::vector<RasterStarts> starts;
    for (int c = 0; c < model_.tables.contexts(); ++c) {
      starts.push_back(
          StartsOf(model_.tables.levels[static_cast<size_t>(c)], model_.tables.tokens));
    }
    writer.PutBytes(PushAll(contexts, starts));
    if (bits != nullptr) AddBits(contexts, starts, bits);
    return writer.Take();
  }

 private:
  using Contexts = UnsetVector<uint16_t>;

  Contexts FindContexts(const RasterPlane* magnitudes) const {
    Contexts contexts;
    contexts.resize(symbols_.size());
    std::vector<int32_t> sums(static_cast<size_t>(width_) + kRasterBlock);
    size_t at = 0;
    for (int y = 0; y < height_; ++y) {
      const RasterRows rows = EnergyRows(magnitudes, channel_, y);
      RasterSums(rows.data(), RasterEnergies(channel_), model_.energies, nullptr, width_,
                 sums.data());
      for (int x = 0; x < width_; ++x, ++at) {
        const int32_t energy =
            std::min((sums[x] + 4 * model_.bias) >> kEnergyBits, int32_t{kMaxEnergy});
        const PackedSymbol& symbol = symbols_[at];
        contexts[at] = static_cast<uint16_t>(
            model_.tables.ContextOf(energy, symbol.far(), symbol.at_end(), symbol.on_lattice()));
      }
    }
    return contexts;
  }

  // From counts for all contexts that there may be: merges them where that takes fewer bits, since
  // of few samples many tables say little.
  void ChooseTables(const RasterCounts& counts, Contexts& contexts) {
    RasterTables& tables = model_.tables;
    const RasterTables all = tables;
    const int least_coarse = LeastCoarseness(int64_t{width_} * height_);
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < 8; ++i) {
      RasterTables merged = all;
      merged.coarseness = least_coarse + (i & 1);
      if ((i & 2) != 0) merged.end_patterns = 1;
      if ((i & 4) != 0) merged.lattice_patterns = 1;
      const bool same = (i & 4) != 0 && all.lattice_patterns == 1;
      if (same || merged.coarseness > kMaxCoarseness) continue;
      auto sums = std::make_unique<RasterCounts>();
      for (int c = 0; c < all.contexts(); ++c) {
        const int to = merged.ContextIn(all, c);
        for (int t = 0; t < kRasterTokens; ++t) (*sums)[to][t] += counts[c][t];
      }
      ChooseLevels(*sums, &merged);
      const uint64_t bits = TokenBits(*sums, merged) + TableBits(merged);
      if (bits >= least) continue;
      least = bits;
      tables = merged;
    }
    std::array<uint16_t, kRasterContexts> place;
    for (int c = 0; c < all.contexts(); ++c) {
      place[c] = static_cast<uint16_t>(tables.ContextIn(all, c));
    }
    for (uint16_t& context : contexts) context = place[context];
  }
  // In 1/256, of the side information.
  uint64_t TableBits(RasterTables tables) const {
    BinaryEncoder coder;
    RasterSide(coder, channel_, width_, height_, lattice_.Knows(channel_)).CodeTables(tables);
    return uint64_t{coder.Finish().size()} * 8 * 256;
  }

  std::vector<uint8_t> PushAll(const Contexts& contexts,
                               const std::vector<RasterStarts>& starts) const {
    RansStack stack(kRasterLanes);
    for (size_t i = contexts.size(); i-- > 0;) {
      const RasterToken token = symbols_[i].token();
      if (token.extra_bits > 0) PushUniform(stack, token.extra, token.extra_bits);
      const uint32_t* start = starts[contexts[i]].data() + token.token;
      stack.Push({start[0], start[1] - start[0]});
    }
    return stack.Finish();
  }

  void AddBits(const Contexts& contexts, const std::vector<RasterStarts>& starts,
               std::vector<float>* bits) const {
    for (size_t i = 0; i < contexts.size(); ++i) {
      const RasterToken token = symbols_[i].token();
      const uint32_t* start = starts[contexts[i]].data() + token.token;
      const uint32_t share = start[1] - start[0];
      (*bits)[i] += static_cast<float>(kProbBits + token.extra_bits - std::log2(share));
    }
  }

  const RasterPlane* planes_;
  int channel_;
  ColourLattice lattice_;
  SampleRange range_;
  int width_, height_;
  RasterModel model_;
  UnsetVector<PackedSymbol> symbols_;
};

}  // namespace

std::vector<std::vector<uint8_t>> EncodeRaster(std::array<RasterPlane, kChannels> samples,
                                               int channels, PlaneColours colours,
                                               const RasterRanges& ranges, ThreadPool& pool,
                                               std::vector<float>* bits) {
  const int width = samples[0].width(), height = samples[0].height();
  std::array<RasterPlane, kChannels> magnitudes;
  std::vector<std::unique_ptr<ChannelEncoder>> encoders;
  for (int c = 0; c < channels; ++c) {
    ExtendPlane(samples[c], ranges[c]);
    encoders.push_back(std::make_unique<ChannelEncoder>(samples.data(), c, colours, ranges[c]));
  }
  std::vector<std::vector<uint8_t>> streams(static_cast<size_t>(channels));
  std::array<std::vector<float>, kChannels> channel_bits;
  const auto predict = [&](int64_t c) {
    magnitudes[c] =
        ranges[c].constant() ? ConstantRasterPlane(width, height, 0) : encoders[c]->Predict();
  };
  const auto code = [&](int64_t c) {
    if (!ranges[c].constant()) {
      if (bits != nullptr) channel_bits[c].resize(bits->size());
      streams[c] =
          encoders[c]->Code(magnitudes.data(), bits != nullptr ? &channel_bits[c] : nullptr);
    }
    encoders[c].reset();
  };
  // With nobody to help, one channel after another takes less memory.
  if (pool.threads_free() > 1) {
    pool.ParallelFor(channels, predict);
    samples = {};
    pool.ParallelFor(channels, code);
  } else {
    for (int64_t c = 0; c < channels; ++c) {
      predict(c);
      if (c == channels - 1) samples = {};
      code(c);
    }
  }
  if (bits != nullptr) {
    for (const auto& from : channel_bits) {
      for (size_t i = 0; i < from.size(); ++i) (*bits)[i] += from[i];
    }
  }
  return streams;
}

}  // namespace flowzip
