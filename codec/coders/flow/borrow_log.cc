// SPDX-License-Identifier: BSD-3-Clause
#include "codec/coders/flow/borrow_log.h"

#include <algorithm>
#include <type_traits>

namespace flowzip {

void BorrowLog::Reserve(size_t sites, int components) {
  heads_.reserve(sites * 3 * components);
  if (kinds_.affine) scales_.reserve(sites);
  predictions_.reserve(sites);
  values_.reserve(sites);
}

void BorrowLog::Add(const ChannelPass& pass, const Rows& rows) {
  const int width = pass.level.size.valid_width(pass.lattice());
  const SitePlane& prediction = pass.level.prediction[pass.channel];
  const SitePlane& x = pass.level.x[pass.lattice()][pass.channel];
  const PassPlace place{pass.lattice(), pass.channel, pass.range};
  ForEachRow(
      pass, rows, [&](int i, const int16_t* head, int step, const int16_t* scale, int scale_step) {
        for (int j0 = 0; j0 < width; j0 += MixtureRow::kSites) {
          const int count = std::min(MixtureRow::kSites, width - j0);
          runs_.push_back({place, i, j0, count, pass.components, values_.size(), heads_.size()});
          predictions_.insert(predictions_.end(), prediction.Row(i) + j0,
                              prediction.Row(i) + j0 + count);
          values_.insert(values_.end(), x.Row(i) + j0, x.Row(i) + j0 + count);
          for (int j = j0; j < j0 + count; ++j) {
            const int16_t* from = head + ptrdiff_t{j} * step;
            heads_.insert(heads_.end(), from, from + 3 * pass.components);
            if (kinds_.affine) scales_.push_back(scale[ptrdiff_t{j} * scale_step]);
          }
        }
      });
}

template <class Ledger>
bool BorrowLog::PushAll(RansStack& stack, const LevelLedger& ledger, ChannelBits* bits,
                        size_t reserve) const {
  SiteRow row(kinds_);
  bool borrow = false;
  plain_ = 0;
  for (size_t r = runs_.size(); r-- > 0;) {
    const Run& run = runs_[r];
    Ledger book(ledger, run.place);
    const int step = 3 * run.components;
    const auto set = [&](int count) {
      row.Set(heads_.data() + run.head, step, scales_.data() + (kinds_.affine ? run.site : 0), 1,
              run.components, predictions_.data() + run.site, run.place.range, count, borrow);
    };
    set(run.count);
    for (int j = run.count - 1; j >= 0; --j) {
      if (!borrow && stack.words() >= reserve) {
        borrow = true;
        set(j + 1);
      }
      plain_ += !borrow;
      if (borrow && stack.words() < SiteRow::kWordsPerSite) return false;
      if constexpr (std::is_same_v<Ledger, NoLedger>) {
        row.Push(stack, j, values_[run.site + j], nullptr);
      } else {
        double spent = 0;
        row.Push(stack, j, values_[run.site + j], &spent);
        book.BookSite(run.i, run.j + j, row.row(), j, row.range(), spent, row.ScaleBits(j));
      }
    }
    (*bits)[run.place.channel] += book.sum();
  }
  return true;
}

std::vector<uint8_t> BorrowLog::EncodeAll(const SymbolLog& head, int lanes,
                                          const LevelLedger& ledger, ChannelBits* bits,
                                          size_t reserve) const {
  RansStack stack(lanes);
  // Statistics only of what is kept.
  if (!PushAll<NoLedger>(stack, {}, bits, reserve)) reserve = SIZE_MAX;
  if (reserve == SIZE_MAX || ledger.active()) {
    stack = RansStack(lanes);
    ledger.active() ? PushAll<OpenLedger>(stack, ledger, bits, reserve)
                    : PushAll<NoLedger>(stack, ledger, bits, reserve);
  }
  head.PushAll(stack);
  PushExpGolomb(stack, static_cast<uint32_t>(plain_), kPlainOrder);
  return stack.Finish();
}

int64_t BandSites(const LevelSize& size, const std::array<SampleRange, kChannels>& ranges,
                  int bands, int band) {
  const auto channels =
      std::count_if(ranges.begin(), ranges.end(), [](const auto& r) { return !r.constant(); });
  int64_t sites = 0;
  for (const Lattice lattice : kGroupLattice) {
    const Rows rows = BandRows(size, bands, band, lattice);
    sites += int64_t{channels} * (rows.end - rows.begin) * size.valid_width(lattice);
  }
  return sites;
}

}  // namespace flowzip
