// SPDX-License-Identifier: BSD-3-Clause
// Adaptive planes: the contexts in which a site's bits are looked up, as hashes. Those that say
// something that the network does not know are of exact values: of colours, of differences from
// neighbours that a plane's and the earlier planes' values share, of the JFIF lattice.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codec/bits/bit_slot.h"
#include "codec/bits/logistic.h"
#include "codec/coders/network/adaptive_state.h"
#include "codec/coders/network/network_plane.h"
#include "codec/planes/colour_lattice.h"

namespace flowzip {

// What is known of a site before its sample is (adaptive_sites.h).
struct SiteView {
  int step, lane, low_bits;
  int32_t mean, center;
  const int32_t* inputs;       // of the filters
  std::array<int32_t, 2> own;  // the site's errors in the planes before
  int32_t fast, linear, leaning;
  int scale, energy;  // half octaves
};

class AdaptiveContexts {
 public:
  using Hashes = std::array<uint64_t, AdaptiveState::kSlots>;

  AdaptiveContexts(const std::vector<NetworkPlane*>& planes, PlaneColours colours)
      : planes_(planes), channel_(static_cast<int>(planes.size()) - 1), lattice_(colours) {}

  void Look(const SiteView& site) {
    const auto channel = static_cast<size_t>(channel_);
    const uint64_t scale = Key(site.scale);
    const int32_t* inputs = site.inputs;
    const std::array<const int32_t*, kChannels> values = Values(site);
    const auto known = [&](size_t c) { return Key((values[c][0] >> site.low_bits) + 65536); };
    const uint64_t here = Key(site.center + 65536) << 17;

    hashes_[0] =
        HashStep(HashStep(1, here + (channel > 0 ? known(0) : 0)), channel > 1 ? known(1) : 0);
    hashes_[1] = HashStep(HashStep(2, Coarse(site.own[0]) * 128 + Coarse(site.own[1])), scale);
    hashes_[2] = HashStep(HashStep(3, Near(inputs[0]) * 512 + Near(inputs[1])),
                          Key((std::clamp(inputs[2], -255, 255) >> 4) + 64));
    hashes_[3] = HashStep(HashStep(4, here), scale / 4);
    hashes_[4] = HashStep(HashStep(5, Coarse(inputs[0]) * 128 + Coarse(inputs[1])), scale / 2);
    hashes_[5] =
        channel > 0
            ? HashStep(6, here + known(channel - 1))
            : HashStep(6, Key((site.mean + site.leaning - 16 * site.center + 512) >> 1) * 64 +
                              Key(site.energy));
    hashes_[6] = HashStep(HashStep(7, Coarse(site.fast) * 128 + Coarse(site.linear)), scale / 2);

    // Differences from what lies to the left, above, and from the plane through both and what lies
    // between them: in all planes at once.
    hashes_[8] = Difference(9, site, values, [](const int32_t* v) { return v[Beside::kWest]; });
    hashes_[9] = Difference(10, site, values, [](const int32_t* v) { return v[Beside::kNorth]; });
    hashes_[10] = Difference(11, site, values, [](const int32_t* v) {
      return v[Beside::kWest] + v[Beside::kNorth] - v[Beside::kNorthWest];
    });
    hashes_[13] = HashStep(hashes_[8], hashes_[9]);
    if (lattice_.Knows(channel_)) {
      const int neighbours = lattice_.Neighbours(values[0], values[1], values[2]);
      const uint64_t mask =
          lattice_.Mask(values[0][0], values[1][0], site.center - kMaskReach, 2 * kMaskReach + 1);
      const int32_t green = lattice_.Rgb(values[0][0], values[1][0], site.center)[1];
      hashes_[7] = HashStep(HashStep(8, Key(green + 65536)), scale / 2);
      hashes_[11] = HashStep(HashStep(12, mask), Key(site.mean & 15));
      hashes_[12] = HashStep(HashStep(13, mask), Key(neighbours));
      lattice_set_ = static_cast<int>(mask >> 2 & 31) + (neighbours > 2 ? 32 : 0);
    } else {
      hashes_[7] = HashStep(HashStep(8, channel > 0 ? known(0) : 0), scale / 2);
      hashes_[11] =
          Difference(12, site, values, [](const int32_t* v) { return v[Beside::kNorthWest]; });
      hashes_[12] =
          Difference(13, site, values, [](const int32_t* v) { return v[Beside::kNorthEast]; });
    }
  }

  const Hashes& hashes() const { return hashes_; }
  // Which values beside the centre are on the lattice, and whether most neighbours are: 0..63, or
  // less than 0 where there is no lattice.
  int lattice_set() const { return lattice_set_; }

 private:
  static constexpr int kMaskReach = 4;  // values to both sides of the centre

  static uint64_t Key(int32_t v) { return static_cast<uint32_t>(v); }
  static uint64_t Coarse(int32_t v) { return Key(SignedHalfOctave(v >> 2)); }
  static uint64_t Near(int32_t v) { return Key(std::clamp(v, -255, 255) + 256); }

  // The site in each plane; what lies around it at SkewedPlane's distances.
  std::array<const int32_t*, kChannels> Values(const SiteView& site) const {
    std::array<const int32_t*, kChannels> values{};
    for (size_t c = 0; c < planes_.size(); ++c) {
      values[c] = planes_[c]->sites.Values(site.step) + site.lane;
    }
    return values;
  }

  template <class Fn>
  uint64_t Difference(uint64_t number, const SiteView& site,
                      const std::array<const int32_t*, kChannels>& values, const Fn& from) const {
    const auto channel = static_cast<size_t>(channel_);
    uint64_t hash = HashStep(number, Key(site.center - (from(values[channel]) >> site.low_bits)));
    for (size_t c = 0; c < channel; ++c) hash = HashStep(hash, Key(values[c][0] - from(values[c])));
    return hash;
  }

  const std::vector<NetworkPlane*>& planes_;
  const int channel_;
  const ColourLattice lattice_;
  Hashes hashes_{};
  int lattice_set_ = -1;
};

}  // namespace flowzip
