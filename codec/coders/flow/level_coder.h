// SPDX-License-Identifier: BSD-3-Clause
// The rANS streams of one level: written from, or read into, its channel passes.
//
// A level's rows are cut into bands, each its own stream, so that bands are coded in
// parallel. The number of bands depends on the level's size only. Filters come first in
// stream 0; then, group by group and channel by channel, each band's valid sites in raster
// order. A value outside its mixture's window follows its escape as an Exp-Golomb code.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "base/thread_pool.h"
#include "codec/coders/flow/borrow_log.h"
#include "codec/coders/flow/level_streams.h"
#include "codec/coders/flow/site_row.h"

namespace flowzip {

// Streams of a level and lanes of each stream.
int BandCount(const LevelSize& size);
int LaneCount(const LevelSize& size);

// Whether sites borrow bits from their stream (borrow_log.h); the ranges say how many there are.
struct Borrowing {
  BorrowKinds kinds;
  int components = 0;
  std::array<SampleRange, kChannels> ranges;

  Borrowing() = default;
  Borrowing(const Model& model, const std::array<SampleRange, kChannels>& sample_ranges)
      : kinds{model.latent_components, model.affine},
        components(model.components),
        ranges(sample_ranges) {}
};

class LevelEncoder : public LevelSink {
 public:
  LevelEncoder(const LevelSize& size, ThreadPool& pool, const LevelLedger& ledger = {},
               const Borrowing& borrowing = {});

  void PutFilters(const FilterCodes& codes,
                  const std::array<SampleRange, kChannels>& ranges) override;
  void Put(const ChannelPass& pass) override;
  // One byte string per band. Where sites borrow, they are coded and their bits counted here.
  std::vector<std::vector<uint8_t>> Finish() override;

  ChannelBits channel_bits() const override;

 private:
  template <class Ledger>
  void PutBand(const ChannelPass& pass, int band);

  LevelSize size_;
  ThreadPool& pool_;
  LevelLedger ledger_;
  Borrowing borrowing_;
  std::vector<SymbolLog> logs_;
  std::vector<BorrowLog> borrow_logs_;  // by band, or none
  std::vector<ChannelBits> bits_;       // by band
};

class LevelDecoder : public LevelSource {
 public:
  // Throws kTruncated or kCorrupt.
  LevelDecoder(const LevelSize& size, const std::vector<ByteSpan>& streams, ThreadPool& pool,
               const LevelLedger& ledger = {}, const Borrowing& borrowing = {});

  FilterCodes GetFilters(const TapSet& taps,
                         const std::array<SampleRange, kChannels>& ranges) override;
  void Get(const ChannelPass& pass) override;
  void CheckEnd() const override;

  ChannelBits channel_bits() const override;

 private:
  template <class Ledger>
  void GetBand(const ChannelPass& pass, int band);
  template <class Ledger>
  void GetBorrowingBand(const ChannelPass& pass, int band);

  LevelSize size_;
  ThreadPool& pool_;
  LevelLedger ledger_;
  Borrowing borrowing_;
  std::vector<RansStack> stacks_;
  std::vector<int64_t> borrowing_sites_;  // by band: how many are still to come
  std::vector<ChannelBits> bits_;
};

// By the flow's prior as it is.
class PlainLevels : public LevelCoders {
 public:
  PlainLevels(const Model& model, const std::array<SampleRange, kChannels>& ranges,
              ThreadPool& pool)
      : pool_(pool), borrowing_(model, ranges) {}
  static std::unique_ptr<LevelCoders> Make(const Model& model, size_t,
                                           const std::array<SampleRange, kChannels>& ranges,
                                           ThreadPool& pool) {
    return std::make_unique<PlainLevels>(model, ranges, pool);
  }
  int streams(const LevelSize& size) const override { return BandCount(size); }
  bool parallel() const override { return true; }
  std::unique_ptr<LevelSink> Sink(const LevelPlanes& level, int,
                                  const LevelLedger& ledger) override {
    return std::make_unique<LevelEncoder>(level.size, pool_, ledger, borrowing_);
  }
  std::unique_ptr<LevelSource> Source(const LevelPlanes& level, int,
                                      const std::vector<ByteSpan>& streams,
                                      const LevelLedger& ledger) override {
    return std::make_unique<LevelDecoder>(level.size, streams, pool_, ledger, borrowing_);
  }

 private:
  ThreadPool& pool_;
  Borrowing borrowing_;
};

}  // namespace flowzip
