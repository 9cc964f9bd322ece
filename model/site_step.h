// SPDX-License-Identifier: BSD-3-Clause
// One step of the network coder: what is expected of 16 sites of a channel, from the samples
// before them and from the channels before theirs. Integers only.
//
// For each site, with v and r the samples and residuals (in 1/8) of a SkewedPlane:
//
//   p = clamp(((sum of filter weights * v + 16) >> 5) + bias, 8 min, 8 max)   a prediction in 1/8
//   S = kScaleFloor + sum of scale weights * |r|                         local error, 1/2048
//   q = floor(log2 S * 16), e = q >> 4, m = q & 15                       as fixed_log2.h has it
//
// so that the scale is 2^(q/16 - 11) samples. Features are relative to it, in 1/128:
//
//   N(d) = clamp((clamp(d >> u, -65535, 65535) * kMantissa[m]) >> (e - 1 - u), +-1536)
//          d in 1/8; u = max(0, e - 15) for deep channels (max - min > kShallowSpan), else 0
//   8 q - 1408, cut at 1536                              the scale itself
//   N(8 max - p), N(p - 8 min), ((p - middle) * span) >> 12     where the prediction lies
//   N(8 v - p) of 24 neighbours
//   N(r), |N(r)| of the nearest 12
//   of each earlier channel, at the site and its 8 neighbours: N(r), |N(r)|, and but for the
//   site itself N(8 v - 8 v of the site)
//
// The network's outputs (3K, in 1/256) are relative too. Where the scale is 64 samples or more,
// a mixture describes samples / 2^b only, b = max(0, e - 16); the low b bits are uniform:
//
//   center = ((2 p + 8) >> b) - 8;  mean_k = (o * kRatio[m] + half) >> (23 + b - e), in 1/16
//   scale_k = o + 16 q - 256 (12 + b)                                    (mixture.h)
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model/coupling_net.h"
#include "model/sample_range.h"
#include "model/skewed_plane.h"

namespace flowzip {

inline constexpr int kOwnSites = 24, kOwnScaleSites = 12, kCrossSites = 9;
inline constexpr int32_t kScaleFloor = 819;  // 0.4 samples
// Of all of a channel's scale weights together. Residuals of 16 bits are at most 8 * 65535.
inline constexpr int32_t kMaxScaleWeight = 4095;
static_assert(int64_t{kMaxScaleWeight} * 8 * 65535 + kScaleFloor < int64_t{1} << 31);
inline constexpr int32_t kFeatureLimit = 1536;
inline constexpr int32_t kShallowSpan = 1023;  // wider ranges are deep
constexpr int FeatureCount(int channel) {
  return 4 + kOwnSites + 2 * kOwnScaleSites + channel * (3 * kCrossSites - 1);
}
constexpr int ScaleWeightCount(int channel) { return kOwnScaleSites + kCrossSites * channel; }

struct SiteOffset {
  int dx, dy;
};
// All with dx^2 + dy^2 <= 16 that come before, nearest first; among equals by rows.
extern const std::array<SiteOffset, kOwnSites> kOwnOffsets;
// The site itself first.
extern const std::array<SiteOffset, kCrossSites> kCrossOffsets;

// The network of one channel, with what belongs to it.
struct ChannelNet {
  std::vector<uint8_t> scale_weights;  // ScaleWeightCount(channel), in 1/256; see kMaxScaleWeight
  CouplingNet net;                     // of FeatureCount(channel) features
};

inline constexpr int kMaxFilterTaps = 34;

// What SiteStep works on and gives. Arrays are by site (lane).
struct SiteStep {
  // Set once for a channel.
  int channel = 0;
  const ChannelNet* net = nullptr;
  const SkewedPlane* planes[kChannels] = {};  // those before, and its own
  int32_t min = 0, max = 0;
  bool deep = false;
  int taps = 0;
  ptrdiff_t tap_distance[kMaxFilterTaps] = {};
  int tap_plane[kMaxFilterTaps] = {};

  // Before each step: each lane's filter, in 1/256, and what is added to it.
  alignas(64) int32_t filter[kMaxFilterTaps][kNetSites] = {};
  alignas(64) int32_t bias[kNetSites] = {};  // in 1/8

  // What Run(step) gives.
  alignas(64) int32_t prediction[kNetSites];  // p
  alignas(64) int32_t low_bits[kNetSites];    // b
  // The mixture: kSites apart so that MixtureRow takes them.
  alignas(64) int32_t center[kNetSites], min_high[kNetSites], max_high[kNetSites];
  alignas(64) int32_t heads[3 * 8][kNetSites];

  void Run(int step);

  // Between the parts of Run.
  alignas(64) int32_t sum[kNetSites];       // S
  alignas(64) int32_t mantissa[kNetSites];  // of N
  alignas(64) int32_t pre_shift[kNetSites], post_shift[kNetSites];
  alignas(64) int32_t log_scale[kNetSites], ratio[kNetSites], mean_shift[kNetSites];
  alignas(64) int32_t pairs[(kMaxFeatures + 1) / 2 * kNetSites];
};

// The parts of Run around the network's, as they are defined.
namespace site_scalar {
void Predict(SiteStep& s, int step);
void Normalise(SiteStep& s);
void Features(SiteStep& s, int step);
void ToMixture(SiteStep& s);
}  // namespace site_scalar

// round(2^14 / 2^(i / 16)) and round(2^8 * 2^(i / 16)).
inline constexpr std::array<int32_t, 16> kMantissa{16384, 15689, 15024, 14387, 13777, 13193,
                                                   12634, 12098, 11585, 11094, 10624, 10173,
                                                   9742,  9329,  8933,  8555};
inline constexpr std::array<int32_t, 16> kRatio{256, 267, 279, 292, 304, 318, 332, 347,
                                                362, 378, 395, 412, 431, 450, 470, 490};

}  // namespace flowzip
