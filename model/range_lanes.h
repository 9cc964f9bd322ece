// SPDX-License-Identifier: BSD-3-Clause
// The ranges of a row's sites as vector kernels read and write them: a lane per site.
#pragma once

#include <cstdint>

#include "model/mixture_row.h"

namespace flowzip {

struct RangeLanes {
  alignas(64) int32_t start[MixtureRow::kSites], freq[MixtureRow::kSites];

  void Take(const CdfRange* ranges, int count) {
    for (int j = 0; j < count; ++j) {
      start[j] = static_cast<int32_t>(ranges[j].start);
      freq[j] = static_cast<int32_t>(ranges[j].freq);
    }
  }
  void CopyTo(CdfRange* ranges, int count) const {
    for (int j = 0; j < count; ++j) {
      ranges[j] = {static_cast<uint32_t>(start[j]), static_cast<uint32_t>(freq[j])};
    }
  }
};

}  // namespace flowzip
