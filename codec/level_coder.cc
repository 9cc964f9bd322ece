// SPDX-License-Identifier: BSD-3-Clause
#include "codec/level_coder.h"

#include <algorithm>

#include "codec/level_sites.h"

namespace flowzip {
namespace {

constexpr int64_t kSitesPerBand = 32768, kSitesForLanes = 2048;
constexpr int kMaxBands = 16, kLanes = 4;

Interval ToInterval(const CdfRange& range) { return {range.start, range.freq}; }

// Bits of an Exp-Golomb code of order k (escape.h).
double ExpGolombBits(uint32_t value, int k) {
  const uint64_t v = uint64_t{value} + (uint64_t{1} << k);
  return 2.0 * (63 - __builtin_clzll(v)) + 1 - k;
}

// Bits of the filter code's head: step and Golomb order.
constexpr int kStepBits = 2, kGolombBits = 3;

template <class Fn>
void ForEachFilter(const std::array<SampleRange, kChannels>& ranges, const Fn& fn) {
  for (int g = 0; g < kGroups; ++g) {
    for (int c = 0; c < kChannels; ++c) {
      if (!ranges[c].constant()) fn(g, c);
    }
  }
}

ChannelBits SumBands(const std::vector<ChannelBits>& bands) {
  ChannelBits sum{};
  for (const ChannelBits& band : bands) {
    for (int c = 0; c < kChannels; ++c) sum[c] += band[c];
  }
  return sum;
}

// Books nothing, and costs nothing.
struct NoLedger {
  NoLedger(const LevelLedger&, const ChannelPass&) {}
  void BookSymbol(int, int, const MixtureRow&, int, CdfRange) {}
  void BookEscape(int, int, uint32_t) {}
  double sum() const { return 0; }
};

// Mean and variance of a symbol's bits under its own distribution. Escapes count as their
// first symbol only: behind them lies a few 2^-16 of the mass.
struct Moments {
  double mean = 0, variance = 0;
  Moments(const MixtureRow& row, int at, const SampleRange& values) {
    double square = 0;
    const int32_t first = std::max(row.lo[at] - 1, values.min),
                  last = std::min(row.hi[at] + 1, values.max);
    for (int32_t v = first; v <= last; ++v) {
      const CdfRange range = row.Range(at, v);
      const double bits = Bits(range), mass = range.freq * (1.0 / 65536);
      mean += mass * bits;
      square += mass * bits * bits;
    }
    variance = square - mean * mean;
  }
};

class OpenLedger {
 public:
  OpenLedger(const LevelLedger& ledger, const ChannelPass& pass)
      : view_(ledger.map),
        values_(pass.range),
        offset_x_(OffsetX(pass.lattice())),
        offset_y_(OffsetY(pass.lattice())) {
    if (view_.map != nullptr && view_.map->with_detail) detail_ = &view_.map->channel[pass.channel];
  }

  void BookSymbol(int i, int j, const MixtureRow& row, int at, CdfRange range) {
    Book(i, j, Bits(range));
    if (detail_ == nullptr) return;
    const Moments moments(row, at, values_);
    detail_->mean[Pixel(i, j)] = static_cast<float>(moments.mean);
    detail_->variance[Pixel(i, j)] = static_cast<float>(moments.variance);
  }
  void BookEscape(int i, int j, uint32_t distance) {
    Book(i, j, ExpGolombBits(distance, kEscapeOrder));
  }
  double sum() const { return sum_; }

 private:
  size_t Pixel(int i, int j) const { return view_.Index(2 * j + offset_x_, 2 * i + offset_y_); }
  void Book(int i, int j, double bits) {
    sum_ += bits;
    if (view_.map != nullptr) view_.map->bits[Pixel(i, j)] += static_cast<float>(bits);
    if (detail_ != nullptr) detail_->bits[Pixel(i, j)] += static_cast<float>(bits);
  }

  PixelBitsView view_;
  PixelBits::Detail* detail_ = nullptr;
  SampleRange values_;
  int offset_x_, offset_y_;
  double sum_ = 0;
};

}  // namespace

int BandCount(const LevelSize& size) {
  const int64_t sites = int64_t{size.grid_width()} * size.grid_height();
  const int64_t bands = std::clamp<int64_t>(sites / kSitesPerBand, 1, kMaxBands);
  return static_cast<int>(std::min<int64_t>(bands, size.grid_height()));
}

int LaneCount(const LevelSize& size) {
  return int64_t{size.grid_width()} * size.grid_height() >= kSitesForLanes ? kLanes : 1;
}

LevelEncoder::LevelEncoder(const LevelSize& size, ThreadPool& pool, const LevelLedger& ledger)
    : size_(size), pool_(pool), ledger_(ledger), logs_(BandCount(size)), bits_(logs_.size()) {}

void LevelEncoder::PutFilters(const FilterCodes& codes,
                              const std::array<SampleRange, kChannels>& ranges) {
  SymbolLog& log = logs_[0];
  ForEachFilter(ranges, [&](int g, int c) {
    const FilterCode& code = codes[g][c];
    log.AddUniform(code.custom, 1);
    side_bits_ += 1;
    if (!code.custom) return;
    log.AddUniform(code.step_log2 - kMinFilterStep, kStepBits);
    log.AddUniform(code.golomb, kGolombBits);
    side_bits_ += kStepBits + kGolombBits;
    for (const int32_t delta : code.deltas) {
      log.AddExpGolomb(ZigZag(delta), code.golomb);
      side_bits_ += ExpGolombBits(ZigZag(delta), code.golomb);
    }
  });
}

template <class Ledger>
void LevelEncoder::PutBand(const ChannelPass& pass, int band) {
  SymbolLog& log = logs_[band];
  const IntPlane& x = pass.level.x[pass.lattice()][pass.channel];
  Ledger ledger(ledger_, pass);
  const Rows rows = BandRows(size_, static_cast<int>(logs_.size()), band, pass.lattice());
  ForEachMixtureRow(pass, rows, [&](int i, int j0, const MixtureRow& row) {
    CdfRange ranges[MixtureRow::kSites];
    const int32_t* values = x.Row(i) + j0;
    row.Ranges(values, ranges);
    for (int j = 0; j < row.count; ++j) {
      log.Add(ToInterval(ranges[j]));
      ledger.BookSymbol(i, j0 + j, row, j, ranges[j]);
      if (values[j] < row.lo[j] || values[j] > row.hi[j]) [[unlikely]] {
        const uint32_t distance = values[j] < row.lo[j] ? row.lo[j] - 1 - values[j]
                                                        : values[j] - row.hi[j] - 1;
        log.AddExpGolomb(distance, kEscapeOrder);
        ledger.BookEscape(i, j0 + j, distance);
      }
    }
  });
  bits_[band][pass.channel] += ledger.sum();
}

void LevelEncoder::Put(const ChannelPass& pass) {
  pool_.ParallelFor(static_cast<int64_t>(logs_.size()), [&](int64_t band) {
    ledger_.active() ? PutBand<OpenLedger>(pass, static_cast<int>(band))
                     : PutBand<NoLedger>(pass, static_cast<int>(band));
  });
}

std::vector<std::vector<uint8_t>> LevelEncoder::Finish() {
  std::vector<std::vector<uint8_t>> streams(logs_.size());
  pool_.ParallelFor(static_cast<int64_t>(logs_.size()),
                    [&](int64_t band) { streams[band] = logs_[band].EncodeAll(LaneCount(size_)); });
  return streams;
}

ChannelBits LevelEncoder::channel_bits() const { return SumBands(bits_); }

LevelDecoder::LevelDecoder(const LevelSize& size, const std::vector<ByteSpan>& streams,
                           ThreadPool& pool, const LevelLedger& ledger)
    : size_(size), pool_(pool), ledger_(ledger), bits_(streams.size()) {
  for (const ByteSpan stream : streams) {
    stacks_.push_back(RansStack::FromBytes(stream, LaneCount(size)));
  }
}

FilterCodes LevelDecoder::GetFilters(const TapSet& taps,
                                     const std::array<SampleRange, kChannels>& ranges) {
  RansStack& stack = stacks_[0];
  FilterCodes codes;
  ForEachFilter(ranges, [&](int g, int c) {
    FilterCode& code = codes[g][c];
    code.custom = PopUniform(stack, 1) != 0;
    side_bits_ += 1;
    if (!code.custom) return;
    code.step_log2 = kMinFilterStep + static_cast<int>(PopUniform(stack, kStepBits));
    code.golomb = static_cast<int>(PopUniform(stack, kGolombBits));
    side_bits_ += kStepBits + kGolombBits;
    code.deltas.resize(taps.taps[g][c].size());
    for (int32_t& delta : code.deltas) {
      const uint32_t zigzag = PopExpGolomb(stack, code.golomb);
      delta = UnZigZag(zigzag);
      side_bits_ += ExpGolombBits(zigzag, code.golomb);
    }
  });
  return codes;
}

template <class Ledger>
void LevelDecoder::GetBand(const ChannelPass& pass, int band) {
  RansStack& stack = stacks_[band];
  IntPlane& x = pass.level.x[pass.lattice()][pass.channel];
  Ledger ledger(ledger_, pass);
  const Rows rows = BandRows(size_, static_cast<int>(stacks_.size()), band, pass.lattice());
  ForEachMixtureRow(pass, rows, [&](int i, int j0, const MixtureRow& row) {
    int32_t* to = x.Row(i) + j0;
    for (int j = 0; j < row.count; ++j) {
      CdfRange range;
      const int32_t v = row.Find(j, stack.Peek(), &range);
      stack.Pop(ToInterval(range));
      ledger.BookSymbol(i, j0 + j, row, j, range);
      to[j] = v;
      if (v < row.lo[j] || v > row.hi[j]) [[unlikely]] {
        const uint32_t distance = PopExpGolomb(stack, kEscapeOrder);
        ledger.BookEscape(i, j0 + j, distance);
        const int64_t far = v < row.lo[j] ? int64_t{v} - distance : int64_t{v} + distance;
        Require(far >= pass.range.min && far <= pass.range.max, ErrorCode::kCorrupt,
                "sample outside its declared range");
        to[j] = static_cast<int32_t>(far);
      }
    }
  });
  bits_[band][pass.channel] += ledger.sum();
}

void LevelDecoder::Get(const ChannelPass& pass) {
  pool_.ParallelFor(static_cast<int64_t>(stacks_.size()), [&](int64_t band) {
    ledger_.active() ? GetBand<OpenLedger>(pass, static_cast<int>(band))
                     : GetBand<NoLedger>(pass, static_cast<int>(band));
  });
}

void LevelDecoder::CheckEnd() const {
  for (const RansStack& stack : stacks_) stack.CheckEnd();
}

ChannelBits LevelDecoder::channel_bits() const { return SumBands(bits_); }

}  // namespace flowzip
