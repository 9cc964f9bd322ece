// SPDX-License-Identifier: BSD-3-Clause
// The prior of one sub-pixel: an integer mixture of K discretised logistics.
//
// Input: 3K network outputs (K logits, K means, K scales, in units of 1/256), a prediction
// `center` in 1/16 steps, and the range [vmin, vmax] outside of which no value can lie.
// Output: a partition of [0, 2^16) into the intervals of the values in a window
// [lo, hi] and of two escapes, "below lo" and "above hi". All arithmetic is int32 unless
// stated, >> is arithmetic (floor); the tables are in tables.inc (tools/gen_tables.py).
//
// Weights, sum 2^14. With diff_k = max logit - logit_k:
//   e_k = diff_k >= 4096 ? 0 : kExp2[diff_k & 255] >> (diff_k >> 8)
//   w_k = (e_k * floor(2^31 / sum e)) >> 17                             (unsigned)
//   and what is missing to 2^14 is added to the first component with the largest logit.
// Means, in 1/16 steps:
//   m_k = clamp(center + mean_k, 16 vmin, 16 vmax)
// Scales: index i_k = clamp(((scale_k + 8) >> 4) + 96, 0, 191) stands for 2^(i/16 - 5) steps,
//   so an output of 0 is a scale of 2.
//
// Logistic CDF of component k at the lower edge v - 1/2 of value v, in 0..2^16:
//   d = clamp(16 v - 8 - m_k, -kReach[i_k], kReach[i_k])
//   t = clamp((d * kInverseScale[i_k] + 1024) >> 11, -98304, 98304) + 98304   (2^13 = 1.0)
//   j = t >> 8,  S_k(v) = kSigma[j] + (((kSigma[j+1] - kSigma[j]) * (t & 255) + 128) >> 8)
//   G(v) = (sum_k w_k * S_k(v)) >> 14
// Each step is non-decreasing in v: clamp, scaling by a positive number, shift, and linear
// interpolation in a non-decreasing table, where the rounding term cannot carry a value
// beyond the next entry. So is G. No product exceeds 2^30: |d * inverse| < 12 * 2^24 + 2^25.
//
// Window: over the components with w_k >= 64,
//   lo = max(vmin, min_k (m_k - kReach[i_k] + 8) >> 4)
//   hi = min(vmax, max_k (m_k + kReach[i_k] + 7) >> 4)
// so that S_k(lo) = 0 and S_k(hi + 1) = 2^16 where vmin, vmax do not cut. If hi - lo >= 8192,
// with m = m_k >> 4 of the first component with the largest logit, in this order:
//   lo = max(lo, m - 4096), hi = min(hi, lo + 8191), lo = max(lo, hi - 8191).
//
// Partition: let a = 1 if lo > vmin else 0, b = 1 if hi < vmax else 0, n = hi - lo + 1 and
// F = 2^16 - n - a - b. For lo <= v <= hi + 1:
//   G'(v) = 0 if v = lo = vmin;  2^16 if v = hi + 1 = vmax + 1;  else G(v)
//   C(v) = a + (v - lo) + ((G'(v) * F) >> 16)                           (unsigned)
//   below lo: [0, C(lo))    value v: [C(v), C(v+1))    above hi: [C(hi+1), 2^16)
// C grows by at least 1 per value, C(lo) >= a and C(hi+1) <= 2^16 - b: every value and each
// escape behind which values exist has mass, an escape to nothing has none.
#pragma once

#include <cmath>
#include <cstdint>

namespace flowzip {

// A share of [0, 2^16); the rANS coder's Interval by another name, as model/ does not know it.
struct CdfRange {
  uint32_t start, freq;
  friend bool operator==(const CdfRange&, const CdfRange&) = default;
};

// The information in a symbol of this range. For statistics only.
inline double Bits(CdfRange range) { return 16 - std::log2(range.freq); }

// S_k alone: 2^16 times the logistic CDF at d_q4 / 16 steps from the mean. For tests.
int32_t LogisticCdf(int32_t d_q4, int scale_index);

class Mixture {
 public:
  static constexpr int kMaxComponents = 8;
  static constexpr int kMaxWindow = 8192;
  // Bounds that the caller must keep: -kMaxValue <= vmin <= vmax <= kMaxValue,
  // |center_q4| <= kMaxCenter.
  static constexpr int32_t kMaxValue = 1 << 20;
  static constexpr int32_t kMaxCenter = 1 << 30;

  // `head` holds 3 * components outputs; any values are allowed. components in 1..8.
  Mixture(const int16_t* head, int components, int32_t center_q4, int32_t vmin, int32_t vmax);
  // The same with values of up to +-kMaxHead, `step` apart.
  static constexpr int32_t kMaxHead = 1 << 20;
  Mixture(const int32_t* head, int step, int components, int32_t center_q4, int32_t vmin,
          int32_t vmax);

  int32_t lo() const { return lo_; }
  int32_t hi() const { return hi_; }

  // The range of v; for v < lo() or v > hi() that of the escape. v in [vmin, vmax].
  CdfRange Range(int32_t v) const;

  // The value whose range contains `slot` (< 2^16), and that range. lo() - 1 and hi() + 1
  // stand for the escapes.
  int32_t Find(uint32_t slot, CdfRange* range) const;

 private:
  friend struct MixtureRow;
  struct Component {
    int32_t weight, mean, inverse, reach;
  };

  template <class T>
  void Init(const T* head, int step, int32_t center_q4, int32_t vmin, int32_t vmax);
  uint32_t Cdf(int32_t v) const;         // G(v)
  uint32_t Cumulative(int32_t v) const;  // C(v); also C(lo - 1) = 0 and C(hi + 2) = 2^16

  int components_;
  int32_t lo_, hi_;
  bool low_escape_, high_escape_;  // a, b
  uint32_t factor_;                // F
  Component component_[kMaxComponents];
};

}  // namespace flowzip
