// SPDX-License-Identifier: BSD-3-Clause
// Sites whose coding borrows bits from the stack (bits-back), and gives them back.
//
// A decoder reads a site of a model with latent components and affine couplings so:
//
//   pop k under p(k), pop v under p(v | k), push k under q(k | v)     (mixture_component.h)
//   an escape's Exp-Golomb code, if v is one
//   pop s, 0 <= s < S, push y mod R                                   (affine_coupling.h)
//
// Each line but the second stays on one lane. Push is the reverse of it: what the decoder
// pushes, the encoder pops. Where the stack may hold too little for that (the sites coded first,
// which are read last), sites are coded without borrowing: under the whole mixture, and x itself
// in the place of z. That costs the same bits, or less, so that starting wastes nothing.
#pragma once

#include <array>
#include <cstdint>

#include "model/adaptive_coupling.h"
#include "model/affine_coupling.h"
#include "model/mixture_row.h"
#include "rans/rans.h"

namespace flowzip {

inline constexpr int kEscapeOrder = 3;  // Exp-Golomb order of the distance behind an escape

inline Interval ToInterval(const CdfRange& range) { return {range.start, range.freq}; }

// What a model lets its sites borrow for.
struct BorrowKinds {
  bool components = false, affine = false;
  bool any() const { return components || affine; }
};

class SiteRow {
 public:
  // A pop of one site takes at most this many words of the stack; more are reserve.
  static constexpr size_t kWordsPerSite = 2;

  explicit SiteRow(BorrowKinds kinds) : kinds_(kinds) {}

  // Up to MixtureRow::kSites sites: heads as for MixtureRow::Set, the affine coupling's outputs
  // at scale + j * scale_step (not read without it), predictions in 1/16 steps.
  void Set(const int16_t* head, int step, const int16_t* scale, int scale_step, int components,
           const int16_t* prediction, const SampleRange& range, int count, bool borrow);

  // With `bits`, adds what the stack gained, or what was taken from it.
  void Push(RansStack& stack, int j, int32_t x, double* bits) const;
  // x may lie anywhere; the caller checks. Throws kTruncated or kCorrupt.
  int64_t Pop(RansStack& stack, int j, double* bits) const;

  // What the value is coded with, and the bits that the scale adds to the value's.
  const MixtureRow& row() const { return row_; }
  double ScaleBits(int j) const;
  bool scales() const { return borrow_ && kinds_.affine; }
  // The values that the row can code.
  SampleRange range() const { return range_; }

 private:
  BorrowKinds kinds_;
  bool borrow_ = false;
  MixtureRow row_;
  SampleRange range_;
  std::array<AffineScale, MixtureRow::kSites> scale_;
  std::array<int32_t, MixtureRow::kSites> shift_;  // round(p)
};

}  // namespace flowzip
