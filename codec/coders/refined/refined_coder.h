// SPDX-License-Identifier: BSD-3-Clause
// The two streams of a refined level: its filters by rANS, where it has any, and all its samples
// by the binary coder, under the flow's prior as the tile has corrected it (refined_pass.h).
//
// 4 to 6 % smaller than the plain streams on photographs, at several times the work of one thread
// (docs/experiments.md). Sites depend on those before them, so a tile is one thread's work, the
// network excepted.
#pragma once

#include <memory>
#include <vector>

#include "codec/coders/flow/level_streams.h"
#include "codec/coders/refined/refined_state.h"
#include "rans/binary_coder.h"

namespace flowzip {

inline constexpr int kRefinedStreams = 2;

// Models whose sites borrow bits from a rANS stack have none to borrow from here.
inline bool CanRefine(const Model& model) { return !model.flow && !model.latent_components && !model.affine; }

class RefinedEncoder : public LevelSink {
 public:
  // `state` is that of the tile, which this moves on to the level; both must outlive the encoder.
  RefinedEncoder(RefinedState& state, const LevelPlanes& level, int level_index,
                 const LevelLedger& ledger);
  void PutFilters(const FilterCodes& codes,
                  const std::array<SampleRange, kChannels>& ranges) override;
  void Put(const ChannelPass& pass) override;
  std::vector<std::vector<uint8_t>> Finish() override;
  ChannelBits channel_bits() const override { return bits_; }

 private:
  RefinedState& state_;
  int level_;
  LevelLedger ledger_;
  SymbolLog filters_;
  BinaryEncoder coder_;
  ChannelBits bits_{};
};

class RefinedDecoder : public LevelSource {
 public:
  // The level's A sites must be there.
  RefinedDecoder(RefinedState& state, const LevelPlanes& level, int level_index,
                 const std::vector<ByteSpan>& streams, const LevelLedger& ledger);
  FilterCodes GetFilters(const TapSet& taps,
                         const std::array<SampleRange, kChannels>& ranges) override;
  void Get(const ChannelPass& pass) override;
  void CheckEnd() const override;
  ChannelBits channel_bits() const override { return bits_; }

 private:
  RefinedState& state_;
  int level_;
  LevelLedger ledger_;
  ByteSpan filters_;
  BinaryDecoder coder_;
  ChannelBits bits_{};
};

// For EncodeFlowTile and DecodeFlowTile.
class RefinedLevels : public LevelCoders {
 public:
  explicit RefinedLevels(size_t samples) : state_(samples) {}
  static std::unique_ptr<LevelCoders> Make(const Model&, size_t samples,
                                           const std::array<SampleRange, kChannels>&, ThreadPool&) {
    return std::make_unique<RefinedLevels>(samples);
  }
  int streams(const LevelSize&) const override { return kRefinedStreams; }
  bool parallel() const override { return false; }
  std::unique_ptr<LevelSink> Sink(const LevelPlanes& level, int index,
                                  const LevelLedger& ledger) override {
    return std::make_unique<RefinedEncoder>(state_, level, index, ledger);
  }
  std::unique_ptr<LevelSource> Source(const LevelPlanes& level, int index,
                                      const std::vector<ByteSpan>& streams,
                                      const LevelLedger& ledger) override {
    return std::make_unique<RefinedDecoder>(state_, level, index, streams, ledger);
  }

 private:
  RefinedState state_;
};

}  // namespace flowzip
