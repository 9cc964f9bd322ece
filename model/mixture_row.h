// SPDX-License-Identifier: BSD-3-Clause
// The mixtures of neighbouring sites, computed together.
//
// Mixture (mixture.h) is the definition. SetRows, FindAll and TiltAll are Highway kernels that
// equal it bit for bit.
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

  // The mixture's mean, in 1/16: exactly, as `middle` is not.
  int32_t Mean(int j) const;

  // Mixture::Range and Mixture::Find of site j.
  CdfRange Range(int j, int32_t v) const;
  int32_t Find(int j, uint32_t slot, CdfRange* range) const;
  // Find of every site; all slots < 2^16. Arrays hold whole multiples of 16 values.
  void FindAll(const int32_t* slots, int32_t* values, CdfRange* ranges) const;

  // A mixture is smooth; what is likely for another reason, it cannot say. Events are sets of some
  // of the values first .. first + 7 of each site, one at least in its window, in `mask` (bit k:
  // first + k). The mass of a value is multiplied by 2^(w / 2^16), w the sum of weights of the
  // events it belongs to, and all eight together keep what they had (exponential tilting). Between
  // whole octaves, 2^x is drawn straight. An event's weight goes by its context: whether it took
  // place to the west and to the north, and whether its values have an eighth, half, three quarters
  // of the mass of all eight.
  static constexpr int kEvents = 13;    // at most
  static constexpr int kContexts = 16;  // 8 west + 4 north + how many of the three shares
  static constexpr int kTiltSites = 16;
  static constexpr int32_t kMaxTilt = 6 << 16;  // of w; all above and below are as this
  struct Tilt {
    int events = 0;
    alignas(64) int32_t first[kTiltSites], mask[kEvents][kTiltSites];
    alignas(64) int32_t west[kTiltSites], north[kTiltSites];  // bit e: event e took place there
    alignas(64) int32_t weight[kEvents][kContexts];           // within +-kMaxTilt
    // Results: where the range of first + k begins, and that of the last one ends; each event's
    // context, its chance q among the eight and q (1 - q), in 1/2^16.
    alignas(64) int32_t start[kGroup + 1][kTiltSites];
    alignas(64) int32_t context[kEvents][kTiltSites];
    alignas(64) int32_t chance[kEvents][kTiltSites], shown[kEvents][kTiltSites];

    // The range of value v of site j, one of the eight and in its window.
    CdfRange Range(int j, int32_t v) const {
      const int32_t k = v - first[j], from = start[k][j];
      return {static_cast<uint32_t>(from), static_cast<uint32_t>(start[k + 1][j] - from)};
    }
    // The value whose range holds `slot`, which one does.
    int32_t Find(int j, uint32_t slot) const {
      int32_t v = first[j];
      for (int k = 1; k < kGroup; ++k) v += start[k][j] <= static_cast<int32_t>(slot) ? 1 : 0;
      return v;
    }
  };
  // Sets the results of a site; of all, of which there may be kTiltSites.
  void TiltSite(int j, Tilt* tilt) const;
  void TiltAll(Tilt* tilt) const;

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
};

}  // namespace flowzip
