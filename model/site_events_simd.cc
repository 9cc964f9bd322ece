// SPDX-License-Identifier: BSD-3-Clause
// RepeatMask, the definition, and RepeatMasks, compiled once per instruction set by Highway: a lane
// per site.
#include "model/simd_targets.h"  // before Highway: selects the targets
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/site_events_simd.cc"
#include <hwy/foreach_target.h>
// clang-format on
#include <hwy/highway.h>

#include "model/simd_dispatch.h"
#include "model/site_events.h"
#include "model/skewed_plane.h"

HWY_BEFORE_NAMESPACE();
namespace flowzip {
namespace HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

// Emulation gains nothing: the definition is as good.
void SiteRepeatMasks(const SiteValues& values, MixtureRow::Tilt& tilt) {
  for (int j = 0; j < MixtureRow::kTiltSites; ++j) RepeatMask(values, j, &tilt);
}

#else

namespace hn = hwy::HWY_NAMESPACE;

void SiteRepeatMasks(const SiteValues& values, MixtureRow::Tilt& tilt) {
  using D = hn::CappedTag<int32_t, MixtureRow::kTiltSites>;
  using V = hn::Vec<D>;
  const D d;
  const hn::RebindToUnsigned<D> du;
  const hn::Repartition<uint8_t, D> d8;
  // 1 << k of k < 8, and 0 of other numbers.
  alignas(16) static constexpr uint8_t kBits[16] = {1, 2, 4, 8, 16, 32, 64, 128};
  const auto bits = hn::LoadDup128(d8, kBits);
  for (int j = 0; j < MixtureRow::kTiltSites; j += static_cast<int>(hn::Lanes(d))) {
    const V first = hn::Load(d, tilt.first + j);
    const auto bit = [&](V value) HWY_ATTR {
      const auto k = hn::Min(hn::BitCast(du, hn::Sub(value, first)), hn::Set(du, 8));
      const auto places = hn::BitCast(d8, hn::Or(k, hn::Set(du, 0xFFFFFF00)));
      return hn::BitCast(d, hn::TableLookupBytesOr0(bits, places));
    };
    const int32_t* own = values.planes[values.channel] + j;
    // What the neighbour `at` says of the site, by its difference from plane c.
    const auto by = [&](int c, ptrdiff_t at) HWY_ATTR {
      const int32_t* plane = values.planes[c] + j;
      return hn::Add(hn::Sub(hn::LoadU(d, own + at), hn::LoadU(d, plane + at)),
                     hn::LoadU(d, plane));
    };
    const auto set = [&](int event, V mask) HWY_ATTR { hn::Store(mask, d, tilt.mask[event] + j); };
    const V west = hn::LoadU(d, own + Beside::kWest), north = hn::LoadU(d, own + Beside::kNorth);
    const V corner = hn::LoadU(d, own + Beside::kNorthWest);
    set(0, bit(west));
    set(1, bit(north));
    set(2, bit(corner));
    set(3, bit(hn::LoadU(d, own + Beside::kNorthEast)));
    set(4, bit(hn::Sub(hn::Add(west, north), corner)));
    if (values.channel < 1) continue;
    const V by_west = by(0, Beside::kWest), by_north = by(0, Beside::kNorth),
            by_corner = by(0, Beside::kNorthWest);
    set(5, bit(by_west));
    set(6, bit(by_north));
    set(7, hn::Or(bit(by_corner), bit(by(0, Beside::kNorthEast))));
    set(8, bit(hn::Sub(hn::Add(by_west, by_north), by_corner)));
    if (values.channel < 2) continue;
    set(9, bit(by(1, Beside::kWest)));
    set(10, bit(by(1, Beside::kNorth)));
  }
}

#endif  // HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128

}  // namespace HWY_NAMESPACE
}  // namespace flowzip
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace flowzip {

FLOWZIP_EXPORT(SiteRepeatMasks);

void RepeatMask(const SiteValues& values, int j, MixtureRow::Tilt* tilt) {
  const auto bit = [&](int32_t value) {
    const int32_t k = value - tilt->first[j];
    return k >= 0 && k < MixtureRow::kGroup ? 1 << k : 0;
  };
  const int32_t* own = values.planes[values.channel] + j;
  const auto by = [&](int c, ptrdiff_t at) {
    const int32_t* plane = values.planes[c] + j;
    return own[at] - plane[at] + *plane;
  };
  const auto set = [&](int event, int32_t mask) { tilt->mask[event][j] = mask; };
  set(0, bit(own[Beside::kWest]));
  set(1, bit(own[Beside::kNorth]));
  set(2, bit(own[Beside::kNorthWest]));
  set(3, bit(own[Beside::kNorthEast]));
  set(4, bit(own[Beside::kWest] + own[Beside::kNorth] - own[Beside::kNorthWest]));
  if (values.channel < 1) return;
  set(5, bit(by(0, Beside::kWest)));
  set(6, bit(by(0, Beside::kNorth)));
  set(7, bit(by(0, Beside::kNorthWest)) | bit(by(0, Beside::kNorthEast)));
  set(8, bit(by(0, Beside::kWest) + by(0, Beside::kNorth) - by(0, Beside::kNorthWest)));
  if (values.channel < 2) return;
  set(9, bit(by(1, Beside::kWest)));
  set(10, bit(by(1, Beside::kNorth)));
}

void RepeatMasks(const SiteValues& values, MixtureRow::Tilt* tilt) {
  if (ScalarDefinitionForced()) {
    for (int j = 0; j < MixtureRow::kTiltSites; ++j) RepeatMask(values, j, tilt);
    return;
  }
  FLOWZIP_DISPATCH(SiteRepeatMasks)(values, *tilt);
}

}  // namespace flowzip
#endif  // HWY_ONCE
