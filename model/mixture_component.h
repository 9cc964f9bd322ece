// SPDX-License-Identifier: BSD-3-Clause
// The mixture's component as a latent variable: the parts that bits-back coding needs.
//
// p(v) = sum_k p(k) p(v | k). A coder that pops k from q(k | v), pushes v under p(v | k) and k
// under p(k) spends -log2 p(k) - log2 p(v | k) + log2 q(k | v) bits, which is -log2 p(v) if q is
// the posterior, whatever k was. The decoder pops k and v and gives back k: it inverts one
// logistic instead of searching in the sum of all.
//
// In integers, on a site of a MixtureRow, with its window, escapes and names (mixture.h):
//
//   p(k):      [4 W_k, 4 W_k + 4 w_k), W_k = sum of w_i, i < k
//   p(v | k):  [C_k(v), C_k(v + 1)), C_k as C but with S_k in the place of G
//   q(k | v):  f_k = C_k(v + 1) - C_k(v), J_k = w_k f_k, J = sum J_k <= 2^30, n components with
//              w_k > 0; then with A_k = sum of J_i and n_k the number of w_i > 0, i < k:
//                Q_k = n_k + ((A_k * floor(((2^16 - n) << 32) / J)) >> 32)        (64 bits)
//              and 2^16 in the place of Q_k behind the last; component k has [Q_k, Q_{k+1}).
//
// Every value and escape with mass has mass under each component with w_k > 0, and those have
// mass in q: whatever one side pops, the other can push. v = lo - 1 and hi + 1 are the escapes.
#pragma once

#include <cstdint>

#include "model/mixture_row.h"

namespace flowzip {

// Component k of site j, and the component whose share holds `slot`.
CdfRange ComponentPrior(const MixtureRow& row, int j, int k);
int FindComponent(const MixtureRow& row, int j, uint32_t slot, CdfRange* range);

// A value or an escape under component k; and the one whose range contains `slot`.
CdfRange ComponentRange(const MixtureRow& row, int j, int k, int32_t v);
int32_t FindInComponent(const MixtureRow& row, int j, int k, uint32_t slot, CdfRange* range);

// All components given the value; freq is 0 where w_k is.
struct ComponentPosterior {
  ComponentPosterior(const MixtureRow& row, int j, int32_t v);
  // The component that holds `slot`.
  int Find(uint32_t slot) const;
  CdfRange Range(int k) const { return {start[k], start[k + 1] - start[k]}; }

  uint32_t start[Mixture::kMaxComponents + 1];

 private:
  template <int kComponents>
  void Fill(const MixtureRow& row, int j, int32_t v);
};

}  // namespace flowzip
