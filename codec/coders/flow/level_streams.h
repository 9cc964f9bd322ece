// SPDX-License-Identifier: BSD-3-Clause
// Where the channel passes of a level go to, and where they come from: a level's streams.
//
// Two kinds: LevelEncoder/Decoder (level_coder.h) by the flow's prior as it is, RefinedEncoder/
// Decoder (coders/refined) by that prior corrected from what the tile has shown.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/thread_pool.h"
#include "codec/coders/flow/level_ledger.h"
#include "model/factor_out.h"
#include "model/filter_set.h"
#include "model/model.h"
#include "rans/escape.h"
#include "rans/rans.h"

namespace flowzip {

class LevelSink {
 public:
  virtual ~LevelSink() = default;
  // First of all, if the level has filters of its own.
  virtual void PutFilters(const FilterCodes& codes,
                          const std::array<SampleRange, kChannels>& ranges) = 0;
  virtual void Put(const ChannelPass& pass) = 0;
  virtual std::vector<std::vector<uint8_t>> Finish() = 0;
  virtual ChannelBits channel_bits() const = 0;
  double side_bits() const { return side_bits_; }

 protected:
  double side_bits_ = 0;
};

// All members throw kTruncated or kCorrupt.
class LevelSource {
 public:
  virtual ~LevelSource() = default;
  virtual FilterCodes GetFilters(const TapSet& taps,
                                 const std::array<SampleRange, kChannels>& ranges) = 0;
  virtual void Get(const ChannelPass& pass) = 0;
  // Checks that every stream is exactly used up.
  virtual void CheckEnd() const = 0;
  virtual ChannelBits channel_bits() const = 0;
  double side_bits() const { return side_bits_; }

 protected:
  double side_bits_ = 0;
};

// How the levels of one tile are coded, coarsest first.
class LevelCoders {
 public:
  virtual ~LevelCoders() = default;
  virtual int streams(const LevelSize& size) const = 0;
  // Whether several threads code the sites of a level.
  virtual bool parallel() const = 0;
  virtual std::unique_ptr<LevelSink> Sink(const LevelPlanes& level, int index,
                                          const LevelLedger& ledger) = 0;
  // The level's A sites must be there.
  virtual std::unique_ptr<LevelSource> Source(const LevelPlanes& level, int index,
                                              const std::vector<ByteSpan>& streams,
                                              const LevelLedger& ledger) = 0;
};
// Makes those of a tile of so many samples, colours only, in these ranges.
using LevelCodersFn = std::function<std::unique_ptr<LevelCoders>(
    const Model& model, size_t samples, const std::array<SampleRange, kChannels>& ranges,
    ThreadPool& pool)>;

// A level's filters as symbols; `bits` gets their sum.
void LogFilters(const FilterCodes& codes, const std::array<SampleRange, kChannels>& ranges,
                SymbolLog& log, double* bits);
FilterCodes PopFilters(RansStack& stack, const TapSet& taps,
                       const std::array<SampleRange, kChannels>& ranges, double* bits);

}  // namespace flowzip
