// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/contexts/copy_finder.h"

#include <algorithm>
#include <bit>
#include <cstdlib>

#include "codec/bits/bit_cost.h"

namespace flowzip {
namespace {

// What parts of a copy cost, roughly: adaptive bits are cheap where copies are many.
constexpr double kBeginBits = 3, kBeginBelowBits = 1, kAboveBits = 0.5, kRecentBits = 3.5,
                 kNewBits = 5, kWholeBits = 0.5;
// Pixels in copies teach the models nothing, so that not all of their bits are saved; but they are
// decoded at once, which may cost a little.
constexpr double kKept = 0.8, kMargin = 6, kTimeBits = 0.004;
constexpr uint32_t kShort = 4, kLong = 16;  // pixels that are looked up, ...
constexpr uint32_t kBits = 6;               // ... so many times as many of one bit
constexpr uint32_t kNear = 256;             // pixels, of which some bits have to be saved at least
// Places that are tried for each; where time counts: 0.1 % more on drawings and screenshots.
struct Tries {
  int of_short = 12, of_long = 12;
};
constexpr Tries kQuickTries = {1, 2};
constexpr int kLogBits = 10;  // of numbers whose logarithm is looked up
constexpr uint32_t kLogs = uint32_t{1} << kLogBits;
constexpr uint32_t kAhead = 12;  // pixels that a place is asked for before it is needed
// After so many pixels of which none began a copy, only every second one is tried, then every
// third, and so on: what is not there costs little to look for.
constexpr uint32_t kPatience = 2048, kMostSkipped = 7;

// Where the same pixels were before, the latest first.
class Places {
 public:
  Places(size_t pixels, uint32_t length) : length_(length), before_(pixels, kNone) {
    for (uint32_t i = 0; i < length; ++i) power_ *= kFactor;
    int bits = 10;
    while (bits < 20 && (size_t{1} << bits) < pixels) ++bits;
    heads_.assign(size_t{1} << bits, kNone);
    shift_ = 64 - bits;
  }
  static constexpr uint32_t kNone = ~uint32_t{0};
  uint32_t length() const { return length_; }
  // The hash of the pixels at `at`, of which there are enough, by those of all before a pixel.
  uint64_t Hash(const std::vector<uint64_t>& hashes, uint32_t at) const {
    return HashStep(0, hashes[at + length_] - hashes[at] * power_) >> shift_;
  }
  static uint64_t Next(uint64_t hash, uint64_t pixel) { return hash * kFactor + pixel + 1; }
  uint32_t First(uint64_t hash) const { return heads_[hash]; }
  // Says that the place is asked for soon: most are in no cache.
  void Prefetch(uint64_t hash) const { __builtin_prefetch(&heads_[hash], /*rw=*/1); }
  uint32_t Next(uint32_t at) const { return before_[at]; }
  void Add(uint64_t hash, uint32_t at) {
    before_[at] = heads_[hash];
    heads_[hash] = at;
  }

 private:
  static constexpr uint64_t kFactor = 0x9E3779B97F4A7C15u;
  uint32_t length_;
  int shift_;
  uint64_t power_ = 1;
  std::vector<uint32_t> heads_, before_;
};

double NumberBits(uint32_t value) {
  static const std::vector<double> logs = [] {
    std::vector<double> table(kLogs);
    for (uint32_t n = 1; n < kLogs; ++n) table[n] = ExactLog2(n);
    return table;
  }();
  const uint32_t n = value + 1;
  const int more = std::max(static_cast<int>(std::bit_width(n)) - kLogBits, 0);
  return 1.4 * (logs[n >> more] + more) + 0.6;
}

class Finder {
 public:
  Finder(const SampleBlock& block, const std::vector<float>& bits, const Tries& tries)
      : tries_(tries),
        width_(static_cast<uint32_t>(block.width)),
        count_(static_cast<uint32_t>(size_t(block.width) * block.height)),
        sums_(count_ + size_t{1}),
        pixels_(count_),
        hashes_(count_ + size_t{1}),
        short_(count_, kShort * (block.bit_depth == 1 ? kBits : 1)),
        long_(count_, kLong * (block.bit_depth == 1 ? kBits : 1)),
        recent_(width_),
        columns_(width_ + size_t{1}) {
    for (uint32_t i = 0; i < count_; ++i) {
      sums_[i + 1] = sums_[i] + bits[i];
      for (int c = 0; c < block.channels; ++c) {
        pixels_[i] |= uint64_t{block.samples[size_t{i} * block.channels + c]} << (16 * c);
      }
      hashes_[i + 1] = Places::Next(hashes_[i], pixels_[i]);
    }
  }

  CopyChoice Run() {
    CopyChoice choice;
    uint32_t at = 0;
    while (at < count_) {
      best_ = {};
      saved_ = 0;
      if (MayPay(at)) {
        const uint32_t step = std::min(failed_ / kPatience, kMostSkipped) + 1;
        if (failed_ % step == 0) Try(at);
        ++failed_;
      }
      if (best_.length == 0) {
        columns_[at % width_] = {};
        Add(at++);
        continue;
      }
      choice.copies.push_back(best_);
      choice.pixels += best_.length;
      choice.saved_bits += saved_;
      recent_.Use(best_.distance);
      failed_ = 0;
      for (; at < best_.end(); ++at) {
        columns_[at % width_] = {best_.distance, best_.end() - at, at == best_.at};
        Add(at);
      }
    }
    return choice;
  }

 private:
  struct Column {
    uint32_t distance = 0, left = 0;
    bool begins = false;
  };

  // Whether the next pixels cost enough.
  bool MayPay(uint32_t at) const {
    const uint32_t end = std::min(count_, at + kNear);
    return kKept * (sums_[end] - sums_[at]) + kTimeBits * kNear > kMargin + kBeginBelowBits;
  }

  void Add(uint32_t at) {
    // Of what is all one colour, only where it begins.
    if (at > 0 && at + short_.length() <= count_ && pixels_[at] == pixels_[at - 1]) {
      ++same_;
    } else {
      same_ = 0;
    }
    for (Places* places : {&short_, &long_}) {
      if (at + places->length() + kAhead > count_) continue;
      places->Prefetch(places->Hash(hashes_, at + kAhead));
    }
    for (Places* places : {&short_, &long_}) {
      if (at + places->length() > count_) continue;
      if (same_ > places->length()) continue;
      places->Add(places->Hash(hashes_, at), at);
    }
  }

  uint32_t Length(uint32_t at, uint32_t distance) const {
    uint32_t length = 0;
    const uint32_t most = count_ - at;
    const uint64_t *a = pixels_.data() + at, *b = a - distance;
    while (length < most && a[length] == b[length]) ++length;
    return length;
  }

  void TryDistance(uint32_t at, uint32_t distance, double bits, bool above) {
    if (distance == 0 || distance > at) return;
    if (pixels_[at] != pixels_[at - distance]) return;
    // What is neither longer than the best nor cheaper saves less.
    if (best_.length > 0 && bits >= best_bits_ && !above) {
      const uint32_t next = at + best_.length;
      if (next == count_ || pixels_[next] != pixels_[next - distance]) return;
    }
    const uint32_t length = Length(at, distance);
    const uint32_t left = columns_[at % width_].left;
    const auto consider = [&](uint32_t l, double length_bits) {
      const double saved =
          kKept * (sums_[at + l] - sums_[at]) + kTimeBits * l - bits - length_bits - kMargin;
      if (saved <= saved_) return;
      saved_ = saved;
      best_ = {at, l, distance};
      best_bits_ = bits;
    };
    consider(length, NumberBits(length - 1) + (above ? 1 : 0));
    if (above && length >= left) consider(left, kWholeBits);
  }

  void Try(uint32_t at) {
    const Column& above = columns_[at % width_];
    const double begin = above.begins ? kBeginBelowBits : kBeginBits;
    TryDistance(at, above.distance, begin + kAboveBits, true);
    for (int i = 0; i < RecentDistances::kKept; ++i) {
      TryDistance(at, recent_[i], begin + kRecentBits, false);
    }
    for (Places* places : {&long_, &short_}) {
      if (at + places->length() > count_) continue;
      uint32_t place = places->First(places->Hash(hashes_, at));
      for (int i = places == &long_ ? tries_.of_long : tries_.of_short;
           i > 0 && place != Places::kNone; --i) {
        const uint32_t distance = at - place, dy = (distance + width_ / 2) / width_;
        const auto dx = static_cast<uint32_t>(std::abs(int64_t{distance} - int64_t{dy} * width_));
        TryDistance(at, distance, begin + kNewBits + NumberBits(dy) + NumberBits(dx), false);
        place = places->Next(place);
      }
      if (best_.length > long_.length()) break;
    }
  }

  Tries tries_;
  uint32_t width_, count_;
  std::vector<double> sums_;
  std::vector<uint64_t> pixels_, hashes_;
  Places short_, long_;
  RecentDistances recent_;
  std::vector<Column> columns_;  // as the coder has them
  uint32_t same_ = 0;            // pixels before, equal to this one
  uint32_t failed_ = 0;          // pixels since the last copy where one might have begun
  Copy best_;
  double saved_ = 0, best_bits_ = 0;  // of the best
};

}  // namespace

CopyChoice FindCopies(const SampleBlock& block, const std::vector<float>& bits, bool quick) {
  return Finder(block, bits, quick ? kQuickTries : Tries()).Run();
}

}  // namespace flowzip
