// SPDX-License-Identifier: BSD-3-Clause
// The encoder's log of a stream whose sites borrow bits (site_row.h).
//
// What such a site pushes depends on what it pops, so that intervals cannot be logged: this
// keeps the priors' parameters and the samples, and codes the sites when all are known, last
// one first. The first few are coded without borrowing, until the stack holds a reserve; how
// many is the first thing that the decoder reads:
//
//   plain sites, Exp-Golomb of order kPlainOrder; the filters (stream 0); the sites
//
// Should the stack run short after all, no site borrows.
#pragma once

#include <cstdint>
#include <vector>

#include "codec/coders/flow/level_ledger.h"
#include "codec/coders/flow/level_sites.h"
#include "codec/coders/flow/site_row.h"
#include "rans/escape.h"
#include "rans/rans.h"

namespace flowzip {

inline constexpr int kPlainOrder = 6;

class BorrowLog {
 public:
  // Words on the stack from which on sites borrow.
  static constexpr size_t kReserve = 8;

  explicit BorrowLog(BorrowKinds kinds) : kinds_(kinds) {}

  // Makes room for so many sites, which saves copies and memory.
  void Reserve(size_t sites, int components);

  // The sites of one channel in the rows of a band, in the order of reading.
  void Add(const ChannelPass& pass, const Rows& rows);

  // The finished stream of `head` and the sites.
  std::vector<uint8_t> EncodeAll(const SymbolLog& head, int lanes, const LevelLedger& ledger,
                                 ChannelBits* bits, size_t reserve = kReserve) const;

  size_t sites() const { return values_.size(); }
  // Of the last EncodeAll.
  size_t plain_sites() const { return plain_; }

 private:
  // Neighbouring sites of one row, from (i, j) on.
  struct Run {
    PassPlace place;
    int i, j, count, components;
    size_t site, head;  // of the first site, in the vectors below
  };
  // Pushes all sites on an empty stack, borrowing from the reserve on or, with
  // reserve == SIZE_MAX, never. False if the stack ran short.
  template <class Ledger>
  bool PushAll(RansStack& stack, const LevelLedger& ledger, ChannelBits* bits,
               size_t reserve) const;

  BorrowKinds kinds_;
  std::vector<Run> runs_;
  std::vector<int16_t> heads_, scales_, predictions_, values_;
  mutable size_t plain_ = 0;
};

// Sites of a band in all passes that are coded.
int64_t BandSites(const LevelSize& size, const std::array<SampleRange, kChannels>& ranges,
                  int bands, int band);

}  // namespace flowzip
