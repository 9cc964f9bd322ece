// SPDX-License-Identifier: BSD-3-Clause
// What a site's value can repeat: events of MixtureRow::Tilt.
#pragma once

#include <cstdint>

#include "model/mixture_row.h"
#include "model/sample_range.h"

namespace flowzip {

// Events of a plane, by number: the site's value is
//   0 to 3   that of W, N, NW, NE
//   4        W + N - NW
// and, from the second plane on, its difference from the first plane's is
//   5, 6     that of W, N
//   7        that of NW or NE
//   8        W + N - NW, of differences
// and in the third plane its difference from the second plane's
//   9, 10    that of W, N
inline constexpr int kRepeatEvents[kChannels] = {5, 9, 11};

// The values of a step's sites, of all planes that are looked at and of the plane itself: each from
// its lane 0 on (SkewedPlane).
struct SiteValues {
  const int32_t* planes[kChannels] = {};
  int channel = 0;
};

// Sets tilt->mask of these events: of lane j, and of all lanes (a Highway kernel that equals it).
void RepeatMask(const SiteValues& values, int j, MixtureRow::Tilt* tilt);
void RepeatMasks(const SiteValues& values, MixtureRow::Tilt* tilt);

}  // namespace flowzip
