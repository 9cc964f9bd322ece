// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/flow/level_coder.h"

#include <algorithm>
#include <type_traits>

#include "codec/coders/flow/level_sites.h"

namespace flowzip {
namespace {

constexpr int64_t kSitesPerBand = 32768, kSitesForLanes = 2048;
constexpr int kMaxBands = 16, kLanes = 4;

ChannelBits SumBands(const std::vector<ChannelBits>& bands) {
  ChannelBits sum{};
  for (const ChannelBits& band : bands) {
    for (int c = 0; c < kChannels; ++c) sum[c] += band[c];
  }
  return sum;
}

}  // namespace

int BandCount(const LevelSize& size) {
  const int64_t sites = int64_t{size.grid_width()} * size.grid_height();
  const int64_t bands = std::clamp<int64_t>(sites / kSitesPerBand, 1, kMaxBands);
  return static_cast<int>(std::min<int64_t>(bands, size.grid_height()));
}

int LaneCount(const LevelSize& size) {
  return int64_t{size.grid_width()} * size.grid_height() >= kSitesForLanes ? kLanes : 1;
}

LevelEncoder::LevelEncoder(const LevelSize& size, ThreadPool& pool, const LevelLedger& ledger,
                           const Borrowing& borrowing)
    : size_(size),
      pool_(pool),
      ledger_(ledger),
      borrowing_(borrowing),
      logs_(BandCount(size)),
      bits_(logs_.size()) {
  const int bands = static_cast<int>(logs_.size());
  for (int band = 0; band < bands; ++band) {
    const auto sites = static_cast<size_t>(BandSites(size, borrowing.ranges, bands, band));
    if (borrowing.kinds.any()) {
      borrow_logs_.emplace_back(borrowing.kinds).Reserve(sites, borrowing.components);
    } else {
      logs_[band].Reserve(sites + sites / 64);  // escapes are rare
    }
  }
}

void LevelEncoder::PutFilters(const FilterCodes& codes,
                              const std::array<SampleRange, kChannels>& ranges) {
  LogFilters(codes, ranges, logs_[0], &side_bits_);
}

template <class Ledger>
void LevelEncoder::PutBand(const ChannelPass& pass, int band) {
  SymbolLog& log = logs_[band];
  const SitePlane& x = pass.level.x[pass.lattice()][pass.channel];
  Ledger ledger(ledger_, {pass.lattice(), pass.channel, pass.range});
  const Rows rows = BandRows(size_, static_cast<int>(logs_.size()), band, pass.lattice());
  ForEachMixtureRow(pass, rows, [&](int i, int j0, const MixtureRow& row) {
    CdfRange ranges[MixtureRow::kSites];
    int32_t values[MixtureRow::kSites];
    std::copy_n(x.Row(i) + j0, row.count, values);
    row.Ranges(values, ranges);
    for (int j = 0; j < row.count; ++j) {
      log.Add(ToInterval(ranges[j]));
      ledger.BookSymbol(i, j0 + j, row, j, ranges[j]);
      if (values[j] < row.lo[j] || values[j] > row.hi[j]) [[unlikely]] {
        const uint32_t distance =
            values[j] < row.lo[j] ? row.lo[j] - 1 - values[j] : values[j] - row.hi[j] - 1;
        log.AddExpGolomb(distance, kEscapeOrder);
        ledger.BookEscape(i, j0 + j, distance);
      }
    }
  });
  bits_[band][pass.channel] += ledger.sum();
}

void LevelEncoder::Put(const ChannelPass& pass) {
  const int bands = static_cast<int>(logs_.size());
  pool_.ParallelFor(bands, [&](int64_t band) {
    if (!borrow_logs_.empty()) {
      borrow_logs_[band].Add(pass, BandRows(size_, bands, static_cast<int>(band), pass.lattice()));
      return;
    }
    ledger_.active() ? PutBand<OpenLedger>(pass, static_cast<int>(band))
                     : PutBand<NoLedger>(pass, static_cast<int>(band));
  });
}

std::vector<std::vector<uint8_t>> LevelEncoder::Finish() {
  std::vector<std::vector<uint8_t>> streams(logs_.size());
  pool_.ParallelFor(static_cast<int64_t>(logs_.size()), [&](int64_t band) {
    streams[band] =
        borrow_logs_.empty()
            ? logs_[band].EncodeAll(LaneCount(size_))
            : borrow_logs_[band].EncodeAll(logs_[band], LaneCount(size_), ledger_, &bits_[band]);
  });
  return streams;
}

ChannelBits LevelEncoder::channel_bits() const { return SumBands(bits_); }

LevelDecoder::LevelDecoder(const LevelSize& size, const std::vector<ByteSpan>& streams,
                           ThreadPool& pool, const LevelLedger& ledger, const Borrowing& borrowing)
    : size_(size), pool_(pool), ledger_(ledger), borrowing_(borrowing), bits_(streams.size()) {
  for (const ByteSpan stream : streams) {
    stacks_.push_back(RansStack::FromBytes(stream, LaneCount(size)));
    if (!borrowing.kinds.any()) continue;
    const int band = static_cast<int>(borrowing_sites_.size());
    const int64_t sites = BandSites(size, borrowing.ranges, static_cast<int>(streams.size()), band);
    const int64_t plain = PopExpGolomb(stacks_.back(), kPlainOrder);
    Require(plain <= sites, ErrorCode::kCorrupt, "more sites without borrowing than there are");
    borrowing_sites_.push_back(sites - plain);
  }
}

FilterCodes LevelDecoder::GetFilters(const TapSet& taps,
                                     const std::array<SampleRange, kChannels>& ranges) {
  return PopFilters(stacks_[0], taps, ranges, &side_bits_);
}

template <class Ledger>
void LevelDecoder::GetBand(const ChannelPass& pass, int band) {
  RansStack& stack = stacks_[band];
  SitePlane& x = pass.level.x[pass.lattice()][pass.channel];
  Ledger ledger(ledger_, {pass.lattice(), pass.channel, pass.range});
  const Rows rows = BandRows(size_, static_cast<int>(stacks_.size()), band, pass.lattice());
  ForEachMixtureRow(pass, rows, [&](int i, int j0, const MixtureRow& row) {
    int16_t* to = x.Row(i) + j0;
    for (int j = 0; j < row.count; ++j) {
      CdfRange range;
      const int32_t v = row.Find(j, stack.Peek(), &range);
      stack.Pop(ToInterval(range));
      ledger.BookSymbol(i, j0 + j, row, j, range);
      to[j] = static_cast<int16_t>(v);
      if (v < row.lo[j] || v > row.hi[j]) [[unlikely]] {
        const uint32_t distance = PopExpGolomb(stack, kEscapeOrder);
        ledger.BookEscape(i, j0 + j, distance);
        const int64_t far = v < row.lo[j] ? int64_t{v} - distance : int64_t{v} + distance;
        Require(far >= pass.range.min && far <= pass.range.max, ErrorCode::kCorrupt,
                "sample outside its declared range");
        to[j] = static_cast<int16_t>(far);
      }
    }
  });
  bits_[band][pass.channel] += ledger.sum();
}

template <class Ledger>
void LevelDecoder::GetBorrowingBand(const ChannelPass& pass, int band) {
  RansStack& stack = stacks_[band];
  SitePlane& x = pass.level.x[pass.lattice()][pass.channel];
  const int width = size_.valid_width(pass.lattice());
  const SitePlane& prediction = pass.level.prediction[pass.channel];
  constexpr bool kCounts = !std::is_same_v<Ledger, NoLedger>;
  Ledger ledger(ledger_, {pass.lattice(), pass.channel, pass.range});
  const Rows rows = BandRows(size_, static_cast<int>(stacks_.size()), band, pass.lattice());
  SiteRow row(borrowing_.kinds);
  int64_t& left = borrowing_sites_[band];
  ForEachRow(
      pass, rows, [&](int i, const int16_t* head, int step, const int16_t* scale, int scale_step) {
        for (int j0 = 0, count = 0; j0 < width; j0 += count) {
          count = std::min(MixtureRow::kSites, width - j0);
          const bool borrow = left > 0;
          if (borrow) count = static_cast<int>(std::min<int64_t>(count, left));
          row.Set(head + ptrdiff_t{j0} * step, step, scale + ptrdiff_t{j0} * scale_step, scale_step,
                  pass.components, prediction.Row(i) + j0, pass.range, count, borrow);
          for (int j = 0; j < count; ++j) {
            double spent = 0;
            const int64_t v = row.Pop(stack, j, kCounts ? &spent : nullptr);
            Require(v >= pass.range.min && v <= pass.range.max, ErrorCode::kCorrupt,
                    "sample outside its declared range");
            x.Row(i)[j0 + j] = static_cast<int16_t>(v);
            if constexpr (kCounts) {
              ledger.BookSite(i, j0 + j, row.row(), j, row.range(), spent, row.ScaleBits(j));
            }
          }
          if (borrow) left -= count;
        }
      });
  bits_[band][pass.channel] += ledger.sum();
}

void LevelDecoder::Get(const ChannelPass& pass) {
  pool_.ParallelFor(static_cast<int64_t>(stacks_.size()), [&](int64_t band) {
    if (borrowing_.kinds.any()) {
      ledger_.active() ? GetBorrowingBand<OpenLedger>(pass, static_cast<int>(band))
                       : GetBorrowingBand<NoLedger>(pass, static_cast<int>(band));
      return;
    }
    ledger_.active() ? GetBand<OpenLedger>(pass, static_cast<int>(band))
                     : GetBand<NoLedger>(pass, static_cast<int>(band));
  });
}

void LevelDecoder::CheckEnd() const {
  for (const RansStack& stack : stacks_) stack.CheckEnd();
}

ChannelBits LevelDecoder::channel_bits() const { return SumBands(bits_); }

}  // namespace flowzip
