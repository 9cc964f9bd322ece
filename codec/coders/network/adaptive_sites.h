// SPDX-License-Identifier: BSD-3-Clause
// Adaptive coding of a plane's sites, one after another, lane by lane in each step.
//
// A sample is coded as its difference from the network's rounded mean, bit by bit: zero or not,
// sign, octave in unary, the bits inside the octave. Every bit is predicted by the network's own
// distribution, tilted (event_tilt.h), by logistic distributions around corrected means, and by
// what came of the same bit in like contexts; mixers that learn weigh these. docs/FORMAT.md is the
// definition.
#pragma once

#include <cmath>
#include <cstdlib>
#include <vector>

#include "base/error.h"
#include "codec/bits/difference_code.h"
#include "codec/coders/network/adaptive_contexts.h"
#include "codec/coders/network/adaptive_state.h"
#include "codec/coders/network/channel_walk.h"
#include "codec/coders/network/lane_symbols.h"
#include "codec/coders/network/network_plane.h"
#include "model/mixture_tables.h"
#include "rans/binary_coder.h"
#include "rans/escape.h"

namespace flowzip {

template <class Coder>
class AdaptiveSites {
 public:
  // `planes`: those that are looked at, then the plane itself. `tilt`: of the step under way, with
  // its results. `counts`: whether bits() is wanted.
  AdaptiveSites(Coder& coder, const std::vector<NetworkPlane*>& planes, PlaneColours colours,
                const SampleRange& range, const MixtureRow::Tilt& tilt, bool counts)
      : coder_(coder),
        tilt_(tilt),
        state_(static_cast<size_t>(planes.back()->sites.width()) *
               static_cast<size_t>(planes.back()->sites.height())),
        planes_(planes),
        channel_(static_cast<int>(planes.size()) - 1),
        contexts_(planes, colours),
        range_(range),
        counts_(counts) {
    for (int k = 0; k < kNear; ++k) {
      const SiteOffset& o = kOwnOffsets[static_cast<size_t>(k)];
      near_[static_cast<size_t>(k)] = SkewedPlane::Distance(o.dx, o.dy);
    }
  }

  // A site of the step under way. Mixtures are of samples without their low bits, as is `actual`,
  // which a decoder ignores. Returns what was coded. Throws kCorrupt.
  int32_t Code(const MixtureRow& mixtures, const ChannelWalk& walk, const ChannelWalk::Lane& site,
               int32_t actual) {
    const int low_bits = walk.low_bits(site.lane);
    Look(mixtures, walk.now(), site.lane, low_bits, walk.center(site.lane));
    const int32_t value = CodeSample(mixtures, site.lane, low_bits, actual);
    Learn(site.x, site.y, value);
    return value;
  }
  // Bits that no model knows.
  uint32_t CodePlain(uint32_t value, int bits) {
    uint32_t result = 0;
    for (int b = bits - 1; b >= 0; --b) {
      result =
          result << 1 | static_cast<uint32_t>(CodeBit(static_cast<int>(value >> b & 1), 32768));
    }
    return result;
  }

  // Information so far.
  double bits() const { return bits_; }

 private:
  static constexpr int kNear = 20, kNearErrors = 12;
  static constexpr int kSlots = AdaptiveState::kSlots, kShapes = AdaptiveState::kShapes;
  static constexpr int32_t kMostInput = 4096;
  static constexpr int kWeightBits = mixture_tables::kWeightBits;
  static constexpr AdaptiveState::Filters::PerFilter kRates = {2000, 10000};  // slow, fast

  static int32_t Cut(int32_t v) { return std::clamp(v, -kMostInput, kMostInput); }
  static uint64_t Key(int32_t v) { return static_cast<uint32_t>(v); }
  static int Octaves(int32_t v, int most) {
    return std::min(HalfOctave(static_cast<uint32_t>(std::abs(v))), most);
  }
  // -2..2 is 3.
  static int Eighth(int32_t v) {
    return v < -24   ? 0
           : v < -8  ? 1
           : v < -2  ? 2
           : v <= 2  ? 3
           : v <= 8  ? 4
           : v <= 24 ? 5
           : v <= 60 ? 6
                     : 7;
  }

  // What is known of a site before its sample is.
  void Look(const MixtureRow& row, int step, int lane, int low_bits, int32_t prediction) {
    const int j = lane;
    const int32_t lo = row.lo[j], hi = row.hi[j];
    int64_t reach_sum = 0;
    for (int k = 0; k < row.components; ++k)
      reach_sum += int64_t{row.weight[k][j]} * row.reach[k][j];
    mean_ = std::clamp(row.Mean(j), 16 * lo, 16 * hi);
    center_ = std::clamp((mean_ + 8) >> 4, lo, hi);
    // Of the mixture: 12 scales, in 1/16.
    const int32_t reach = std::max(static_cast<int32_t>(reach_sum >> kWeightBits), 1);

    // Inputs of the filters, around the mean: samples, then errors.
    count_ = 0;
    const NetworkPlane& own_plane = *planes_.back();
    const int32_t* values = own_plane.sites.Values(step) + lane;
    for (const ptrdiff_t near : near_) {
      inputs_[count_++] = Cut(((16 * values[near]) >> low_bits) - mean_);
    }
    const int32_t* errors = own_plane.errors.Values(step) + lane;
    const int32_t* around = inputs_.data() + count_;
    uint32_t energy = 0;
    for (int k = 0; k < kNearErrors; ++k) {
      const int32_t error = errors[near_[static_cast<size_t>(k)]];
      energy += static_cast<uint32_t>(std::abs(error)) * (k < 4 ? 2 : 1);
      inputs_[count_++] = error;
    }
    std::array<int32_t, 2> own{};  // the site's errors in the channels before
    for (int c = 0; c < channel_; ++c) {
      const int32_t* other = planes_[static_cast<size_t>(c)]->errors.Values(step) + lane;
      inputs_[count_++] = own[static_cast<size_t>(c)] = other[0];
      for (int k = 0; k < 4; ++k) inputs_[count_++] = other[near_[static_cast<size_t>(k)]];
    }
    const int32_t linear = Cut(prediction - mean_);
    inputs_[count_++] = linear;

    // Four guesses of the network's error: two filters, their mean corrected by drift.
    const auto [slow, fast] = state_.filters.Predict(inputs_, count_);
    filtered_ = (slow + fast) >> 1;
    size_t texture = 0;
    for (int k = 0; k < 6; ++k) texture |= size_t{inputs_[k] > slow} << k;
    texture |= size_t{around[0] > 0} << 6 | size_t{around[1] > 0} << 7 | size_t{own[0] > 0} << 8 |
               size_t{own[1] > 0} << 9;
    const auto steep = static_cast<size_t>(std::min(3, HalfOctave(reach) / 4));
    by_texture_ = &state_.by_texture[steep * AdaptiveState::kTexture + texture];
    by_errors_ = &state_.by_errors[static_cast<size_t>(
        Eighth(around[0]) * 128 + Eighth(around[1]) * 16 + Eighth(own[0]) * 2 + (own[1] > 0))];
    const int32_t textured = filtered_ + (by_texture_->mean >> 8);
    const int32_t leaning = filtered_ + (by_errors_->mean >> 8);

    // Logistics around the guesses, as wide as errors were in like places.
    scale_ = std::min(HalfOctave(reach), 31);
    const int e = std::min(HalfOctave(energy >> 2), 63);
    const int o = Octaves(std::abs(own[0]) + std::abs(own[1]), 31);
    const int gap = Octaves(slow - fast, 31);
    shifts_ = {textured, leaning};
    const std::array<int, kShapes> widths = {scale_ * 64 + e, gap * 64 + o};
    Spread* spreads = state_.spreads.data();
    for (int k = 0; k < kShapes; ++k) {
      spreads_[k] = spreads + k * 4096 + widths[k];
      const int32_t width = spreads_[k]->seen > 0 ? spreads_[k]->mean : reach / 6;
      shapes_[k] = Logistic(width, (mean_ + shifts_[k] - 16 * center_) >> 1);
    }

    contexts_.Look({.step = step,
                    .lane = lane,
                    .low_bits = low_bits,
                    .mean = mean_,
                    .center = center_,
                    .inputs = inputs_.data(),
                    .own = own,
                    .fast = fast,
                    .linear = linear,
                    .leaning = leaning,
                    .scale = scale_,
                    .energy = e});
    Prefetch(0);
    Prefetch(1);
    const int chroma = channel_ > 0 ? 32 : 0;
    by_scale_ = scale_ + chroma;
    by_events_ = EventKinds(lane, center_);
    by_energy_ = contexts_.lattice_set() < 0 ? std::min(e, 31) + chroma : contexts_.lattice_set();
  }

  // The kinds of events that a value belongs to: 0..127.
  int EventKinds(int lane, int32_t value) const {
    // A neighbour's value, W + N - NW; the same of differences from the first plane, from the
    // second; the lattice; colours that there were.
    constexpr int kKind[MixtureRow::kEvents] = {0, 0, 0, 0, 1, 2, 2, 2, 3, 4, 4, 5, 6};
    const int32_t place = value - tilt_.first[lane];
    if (place < 0 || place >= MixtureRow::kGroup) return 0;
    int kinds = 0;
    for (int e = 0; e < tilt_.events; ++e) {
      kinds |= (tilt_.mask[e][lane] >> place & 1) << kKind[e];
    }
    return kinds;
  }

  void Prefetch(int kind) const {
    for (const uint64_t h : contexts_.hashes()) state_.slots.Prefetch(HashStep(h, Key(kind)));
  }

  // A bit of probability p / 2^16.
  int CodeBit(int bit, int32_t p) {
    bit = coder_.Code(bit, static_cast<uint32_t>(p));
    if (counts_) bits_ -= std::log2((bit != 0 ? p : 65536 - p) / 65536.0);
    return bit;
  }

  // Node `kind` of the code, to which the network gives part / whole of its mass; odds(logistic)
  // are a logistic's log-odds of it.
  template <class OddsFn>
  int CodeNode(int bit, int kind, uint32_t part, uint32_t whole, const OddsFn& odds) {
    std::array<int32_t, kShapes> shaped;
    for (size_t k = 0; k < shaped.size(); ++k) shaped[k] = odds(shapes_[k]);
    return CodeMixed(bit, kind, part, whole, shaped);
  }
  // Not inline: it is long, and there are four calls.
  __attribute__((noinline)) int CodeMixed(int bit, int kind, uint32_t part, uint32_t whole,
                                          const std::array<int32_t, kShapes>& shaped) {
    const BitTables& tables = kBitTables;
    std::array<BitSlot*, kSlots> slots;
    AdaptiveState::BitMixers::Inputs inputs{};
    for (int k = 0; k < kSlots; ++k) {
      slots[k] = state_.slots.Find(HashStep(contexts_.hashes()[k], Key(kind)));
      inputs[k] = slots[k]->log_odds();
    }
    const uint32_t share =
        whole == 0 ? 8192 : static_cast<uint32_t>((uint64_t{part} << 14) / whole);
    inputs[kSlots] = tables.fine_stretch[std::min(share, 16383u)];
    std::copy(shaped.begin(), shaped.end(), inputs.begin() + kSlots + 1);
    inputs[kSlots + 1 + kShapes] = 256;

    const AdaptiveState::BitMixers::Sets sets = {kind, kind * 64 + by_scale_,
                                                 kind * 64 + by_energy_, kind * 128 + by_events_};
    const int32_t mixed = state_.mixers.Mix(inputs, sets) / 4;
    const auto place = static_cast<size_t>(kind * 64 + scale_);
    const int32_t corrected = state_.map.Correct(place, mixed);
    const int32_t p = (3 * tables.squash[mixed + kMaxStretch] + corrected) >> 2;
    bit = CodeBit(bit, std::clamp(p, 16, 65520));
    state_.mixers.Update(inputs, bit);
    state_.map.Learn(bit);
    for (BitSlot* slot : slots) slot->Learn(bit);
    return bit;
  }

  // All by CodeNode, but for those below an octave's upper half: by the network alone. Where the
  // bounds leave no choice nothing is coded.
  class DifferenceBits {
   public:
    DifferenceBits(AdaptiveSites& own, const MixtureRow& row, int lane)
        : own_(own),
          row_(row),
          lane_(lane),
          below_(Below(own.center_)),
          above_(kAll - Below(own.center_ + 1)) {}

    int Differs(int bit) {
      bit = own_.CodeNode(bit, kDiffers, below_ + above_, kAll,
                          [](const Logistic& l) { return l.Differs(); });
      if (bit == 0) return 0;
      own_.Prefetch(OctaveKind(0, false));
      own_.Prefetch(OctaveKind(0, true));
      return bit;
    }
    int Negative(int bit) {
      return own_.CodeNode(bit, kNegative, below_, below_ + above_,
                           [](const Logistic& l) { return l.Negative(); });
    }
    void Towards(bool negative, uint32_t most) {
      negative_ = negative;
      most_ = most;
      inner_ = negative ? below_ : above_;
    }
    int Beyond(int octave, int bit) {
      outer_ = From(2u << octave);
      if (most_ >> octave >= 4) own_.Prefetch(OctaveKind(octave + 1, negative_));
      if (octave > 0) own_.Prefetch(InsideKind(octave));
      bit = own_.CodeNode(bit, OctaveKind(octave, negative_), outer_, inner_,
                          [&](const Logistic& l) { return l.Beyond(octave, negative_); });
      if (bit != 0) {
        inner_ = outer_;
        outer_ = 0;
      }
      return bit;
    }
    int Inside(int octave, int place, uint32_t above, int bit) {
      const uint32_t upper = (2 * above + 1) << place;
      if (upper > most_) return 0;
      const uint32_t mass = From(upper), part = mass - outer_, whole = inner_ - outer_;
      if (place == octave - 1) {
        bit = own_.CodeNode(bit, InsideKind(octave), part, whole,
                            [&](const Logistic& l) { return l.UpperHalf(octave, negative_); });
      } else {
        const auto p = static_cast<int32_t>((uint64_t{part} << 16) / std::max(whole, 1u));
        bit = own_.CodeBit(bit, std::clamp(p, 64, 65472));
      }
      (bit != 0 ? inner_ : outer_) = mass;
      return bit;
    }

   private:
    static constexpr uint32_t kAll = 65536;
    static constexpr int kDiffers = 0, kNegative = 1;
    static int OctaveKind(int octave, bool negative) {
      return 2 + std::min(octave, 15) + (negative ? 16 : 0);
    }
    static int InsideKind(int octave) { return 33 + std::min(octave, 6); }

    // The network's mass of values less than v, tilted, and of sizes of at least `size`.
    uint32_t Below(int32_t v) const {
      if (v > row_.hi[lane_] + 1) return kAll;
      if (v < row_.lo[lane_]) return 0;
      const int32_t place = v - own_.tilt_.first[lane_];
      return place >= 0 && place <= MixtureRow::kGroup
                 ? static_cast<uint32_t>(own_.tilt_.start[place][lane_])
                 : row_.Range(lane_, v).start;
    }
    uint32_t From(uint32_t size) const {
      const auto d = static_cast<int32_t>(size);
      return negative_ ? Below(own_.center_ - d + 1) : kAll - Below(own_.center_ + d);
    }

    AdaptiveSites& own_;
    const MixtureRow& row_;
    const int lane_;
    const uint32_t below_, above_;  // of the mean
    bool negative_ = false;
    uint32_t most_ = 0;               // the largest size
    uint32_t inner_ = 0, outer_ = 0;  // mass of what is still possible and more, and of more
  };

  // Returns the sample without its low bits; a decoder ignores `actual`.
  int32_t CodeSample(const MixtureRow& row, int j, int low_bits, int32_t actual) {
    // With the escapes, where there are any.
    const int32_t lowest = row.lo[j] - row.low_escape[j], highest = row.hi[j] + row.high_escape[j];
    const int32_t v = CodeInside(row, j, lowest, highest, std::clamp(actual, lowest, highest));
    if (row.Inside(j, v)) return v;
    const uint32_t distance =
        CodeEscape(Coder::kEncodes ? static_cast<uint32_t>(std::abs(actual - v)) : 0);
    const int64_t far = v < row.lo[j] ? int64_t{v} - distance : int64_t{v} + distance;
    Require(far >= range_.min >> low_bits && far <= range_.max >> low_bits, ErrorCode::kCorrupt,
            "sample outside its declared range");
    return static_cast<int32_t>(far);
  }

  int32_t CodeInside(const MixtureRow& row, int j, int32_t lowest, int32_t highest,
                     int32_t actual) {
    if (lowest == highest) return lowest;
    return CodeDifference(DifferenceBits(*this, row, j), center_, lowest, highest, actual);
  }

  // Exp-Golomb of order kEscapeOrder in even bits: n ones, a zero, then the n + order low bits.
  uint32_t CodeEscape(uint32_t distance) {
    constexpr int kMostOnes = 20;
    const uint32_t v = distance + (1u << kEscapeOrder);
    const int wanted = 31 - __builtin_clz(v);
    int width = kEscapeOrder;
    while (CodeBit(Coder::kEncodes && width < wanted, 32768) != 0) {
      Require(++width <= kMostOnes + kEscapeOrder, ErrorCode::kCorrupt, "escape without end");
    }
    uint32_t got = 1;
    for (int b = width - 1; b >= 0; --b) {
      got = got << 1 | static_cast<uint32_t>(CodeBit(static_cast<int>(v >> b & 1), 32768));
    }
    return got - (1u << kEscapeOrder);
  }

  void Learn(int x, int y, int32_t value) {
    const int32_t error = 16 * value - mean_;
    planes_.back()->errors.Set(x, y, Cut(error), 0);
    state_.filters.Learn(inputs_, count_, error, kRates);
    for (int k = 0; k < kShapes; ++k) {
      spreads_[k]->LearnFine(std::abs(error - shifts_[k]), kSpreadMemory);
    }
    by_texture_->Learn(error - filtered_);
    by_errors_->Learn(error - filtered_);
  }
  static constexpr int32_t kSpreadMemory = 250;

  Coder& coder_;
  const MixtureRow::Tilt& tilt_;
  AdaptiveState state_;
  const std::vector<NetworkPlane*>& planes_;
  const int channel_;
  AdaptiveContexts contexts_;
  const SampleRange range_;
  bool counts_;
  double bits_ = 0;
  std::array<ptrdiff_t, kNear> near_;

  // Of the site in hand.
  int32_t mean_ = 0, center_ = 0, filtered_ = 0;
  int count_ = 0, scale_ = 0;
  AdaptiveState::Filters::Inputs inputs_{};
  std::array<int32_t, kShapes> shifts_;
  std::array<Spread*, kShapes> spreads_;
  std::array<Logistic, kShapes> shapes_;
  Drift *by_texture_ = nullptr, *by_errors_ = nullptr;
  int by_scale_ = 0, by_energy_ = 0, by_events_ = 0;  // sets of three mixers' weights
};

}  // namespace flowzip
