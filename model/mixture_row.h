// SPDX-License-Identifier: BSD-3-Clause
// The mixtures of neighbouring sites, computed together.
//
// Mixture (mixture.h) is the definition. SetRows, Ranges and FindAll are Highway kernels that equal
// it bit for bit.
#pragma once

#include <cstdint>

#include "model/mixture.h"

namespace flowzip {

struct MixtureRow {
  static constexpr int kSites = 64;  // at most, at a time
  static constexpr int kGroup = 8;   // values that a tilt concerns

  // Computes the mixtures of `new_count` sites from 3 * new_components rows of values, `pitch`
  // apart (a multiple of 16, at least new_count): logits, means, scales. Each site has its
  // prediction and its range. All arrays hold whole multiples of 16 values.
  void SetRows(const int32_t* rows, int pitch, int new_components, const int32_t* center_q4,
               const int32_t* vmin, const int32_t* vmax, int new_count);

  // Whether value v of site j is in its window: it is an escape if not.
  bool Inside(int j, int32_t v) const { return v >= lo[j] && v <= hi[j]; }

  // Mixture::Range(values[j]) of every site.
  void Ranges(const int32_t* values, CdfRange* ranges) const;
  // Mixture::Range and Mixture::Find of site j.
  CdfRange Range(int j, int32_t v) const;
  int32_t Find(int j, uint32_t slot, CdfRange* range) const;
  // Find of every site; all slots < 2^16. Arrays hold whole multiples of 16 values.
  void FindAll(const int32_t* slots, int32_t* values, CdfRange* ranges) const;

  // Of the values first .. first + 7 of each site, one at least in its window, those with a bit in
  // `mask` weigh weight / 64 times what the mixture gives them, and all eight together what they
  // did. `chance`: of one of the mask's among them, in 1/2^16.
  struct Tilt {
    alignas(64) int32_t first[kSites], mask[kSites], weight[kSites];  // weights: 1..2048
    alignas(64) int32_t chance[kSites];
  };
  // Sets `chance` and, unless values[j] is an escape, its tilted range; it is of the group.
  void TiltRanges(const int32_t* values, Tilt* tilt, CdfRange* ranges) const;
  void TiltRange(int j, int32_t value, Tilt* tilt, CdfRange* range) const;
  // The same for the value whose tilted range holds slots[j], unless values[j] is an escape: at
  // first values are what FindAll finds.
  void TiltFindAll(const int32_t* slots, Tilt* tilt, int32_t* values, CdfRange* ranges) const;
  void TiltFind(int j, uint32_t slot, Tilt* tilt, int32_t* value, CdfRange* range) const;

  // By component, then site; the names are those of mixture.h.
  int components = 0, count = 0;
  alignas(64) int32_t weight[Mixture::kMaxComponents][kSites];
  alignas(64) int32_t mean[Mixture::kMaxComponents][kSites];
  alignas(64) int32_t inverse[Mixture::kMaxComponents][kSites];
  alignas(64) int32_t reach[Mixture::kMaxComponents][kSites];
  alignas(64) int32_t lo[kSites], hi[kSites], factor[kSites];
  alignas(64) int32_t low_escape[kSites], high_escape[kSites];  // 0 or 1
  // Where Find begins: the weighted means of the means and of the reaches, nearly. Not the same
  // on every instruction set.
  alignas(64) int32_t middle[kSites], spread[kSites];

 private:
  void Take(int j, const Mixture& mixture);
  void RangesScalar(const int32_t* values, CdfRange* ranges) const;
};

}  // namespace flowzip
