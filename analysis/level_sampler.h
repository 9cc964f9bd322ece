// SPDX-License-Identifier: BSD-3-Clause
// Draws one level's symbols: a LevelDecoder whose streams are random.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/thread_pool.h"
#include "codec/coders/flow/level_coder.h"
#include "model/factor_out.h"
#include "model/lifting1x1.h"
#include "rans/rans.h"

namespace flowzip {

// SplitMix64 (Steele, Lea & Flood 2014).
class SplitMix64 {
 public:
  explicit SplitMix64(uint64_t seed) : state_(seed) {}
  uint64_t Next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  // Uniform in [0, bound), bound < 2^32.
  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>((Next() >> 32) * bound >> 32); }

 private:
  uint64_t state_;
};

struct SampleStats {
  double bits = 0;           // -log2 p of what was drawn, at temperature 1 the information used
  uint64_t random_bits = 0;  // taken from the stacks, in whole words
  uint64_t symbols = 0, moved = 0;
};

// Which values of a channel still lead to a valid pixel, given the channels before. For 8-bit
// samples, found by lifting every colour once.
class ColourGamut {
 public:
  ColourGamut(const Lifting1x1& lifting, int channels);

  // Of a channel over all colours.
  const SampleRange& range(int channel) const { return ranges_[channel]; }
  // Of a channel where the channels before it have the values `before`, which are valid.
  SampleRange Given(int channel, const int32_t* before) const;

 private:
  std::array<SampleRange, kChannels> ranges_;
  std::vector<SampleRange> second_, third_;  // by the first; by the first two
};

// Multiplies the distribution's width; 1 leaves it untouched.
struct Temperature {
  explicit Temperature(double value);
  // `head` and `out` hold 3 * components values (mixture.h).
  void Apply(const int16_t* head, int components, int16_t* out) const;

  int32_t divisor;      // of logits, in 1/256
  int32_t scale_shift;  // added to scales, in 1/256 of an octave
};

class LevelSampler {
 public:
  // Streams differ by seed, level and band.
  LevelSampler(const LevelSize& size, uint64_t seed, int level, const ColourGamut& gamut,
               const Temperature& temperature, ThreadPool& pool);

  void Draw(const ChannelPass& pass);
  // Adds what was drawn so far.
  void AddTo(SampleStats& stats) const;

 private:
  void DrawBand(const ChannelPass& pass, int band);

  LevelSize size_;
  ThreadPool& pool_;
  const ColourGamut& gamut_;
  const Temperature& temperature_;
  std::vector<RansStack> stacks_;
  std::vector<SampleStats> stats_;  // by band
  uint64_t bytes_before_ = 0;
};

}  // namespace flowzip
