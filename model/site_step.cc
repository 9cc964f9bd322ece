// SPDX-License-Identifier: BSD-3-Clause
#include "model/site_step.h"

#include <algorithm>
#include <cstdlib>

#include "model/fixed_log2.h"

namespace flowzip {
namespace {

constexpr std::array<SiteOffset, kOwnSites> FindOwnOffsets() {
  std::array<SiteOffset, kOwnSites> found{};
  size_t count = 0;
  for (int distance = 1; distance <= 16; ++distance) {
    for (int dy = -4; dy <= 0; ++dy) {
      for (int dx = -4; dx <= 4; ++dx) {
        if (dx * dx + dy * dy != distance || (dy == 0 && dx > 0)) continue;
        found[count++] = {dx, dy};
      }
    }
  }
  return found;
}

}  // namespace

constexpr std::array<SiteOffset, kOwnSites> kOwnOffsets = FindOwnOffsets();
constexpr std::array<SiteOffset, kCrossSites> kCrossOffsets{
    {{0, 0}, {-1, 0}, {1, 0}, {0, -1}, {0, 1}, {-1, -1}, {1, -1}, {-1, 1}, {1, 1}}};

namespace site_scalar {

void Predict(SiteStep& s, int step) {
  for (int i = 0; i < kNetSites; ++i) {
    int32_t p = 16;
    for (int k = 0; k < s.taps; ++k) {
      p += s.filter[k][i] * s.planes[s.tap_plane[k]]->Values(step)[s.tap_distance[k] + i];
    }
    s.prediction[i] = std::clamp((p >> 5) + s.bias[i], 8 * s.min, 8 * s.max);
    const uint8_t* weight = s.net->scale_weights.data();
    int32_t sum = kScaleFloor;
    const auto add = [&](int plane, const SiteOffset& o) {
      const int32_t* r = s.planes[plane]->Residuals(step) + SkewedPlane::Distance(o.dx, o.dy);
      sum += *weight++ * std::abs(r[i]);
    };
    for (int k = 0; k < kOwnScaleSites; ++k) add(s.channel, kOwnOffsets[static_cast<size_t>(k)]);
    for (int c = 0; c < s.channel; ++c) {
      for (const SiteOffset& o : kCrossOffsets) add(c, o);
    }
    s.sum[i] = sum;
  }
}

void Normalise(SiteStep& s) {
  for (int i = 0; i < kNetSites; ++i) {
    const auto q = static_cast<int32_t>(FixedLog2(static_cast<uint32_t>(s.sum[i])) >> 4);
    const int32_t e = q >> 4, m = q & 15, u = s.deep ? std::max(0, e - 15) : 0;
    const int32_t b = std::max(0, e - 16);
    s.log_scale[i] = q;
    s.mantissa[i] = kMantissa[static_cast<size_t>(m)];
    s.pre_shift[i] = u;
    s.post_shift[i] = e - 1 - u;
    s.ratio[i] = kRatio[static_cast<size_t>(m)];
    s.mean_shift[i] = 23 + b - e;
    s.low_bits[i] = b;
    s.center[i] = ((2 * s.prediction[i] + 8) >> b) - 8;
    s.min_high[i] = s.min >> b;
    s.max_high[i] = s.max >> b;
  }
}

void Features(SiteStep& s, int step) {
  const int32_t middle = 4 * (s.min + s.max);
  const int32_t span = (512 << 12) / (s.max - s.min + 1);
  for (int i = 0; i < kNetSites; ++i) {
    int count = 0;
    const auto put = [&](int32_t f) {
      int32_t& pair = s.pairs[count / 2 * kNetSites + i];
      pair =
          count % 2 == 0 ? f & 0xFFFF : pair | static_cast<int32_t>(static_cast<uint32_t>(f) << 16);
      ++count;
    };
    const auto relative = [&](int32_t d) {
      const int32_t cut = std::clamp(d >> s.pre_shift[i], -65535, 65535);
      return std::clamp((cut * s.mantissa[i]) >> s.post_shift[i], -kFeatureLimit, kFeatureLimit);
    };
    const auto residual = [&](int plane, const SiteOffset& o) {
      const int32_t f =
          relative(s.planes[plane]->Residuals(step)[SkewedPlane::Distance(o.dx, o.dy) + i]);
      put(f);
      put(std::abs(f));
    };
    const int32_t p = s.prediction[i];
    put(std::min(8 * s.log_scale[i] - 1408, kFeatureLimit));
    put(relative(8 * s.max - p));
    put(relative(p - 8 * s.min));
    put(((p - middle) * span) >> 12);
    const int32_t* own = s.planes[s.channel]->Values(step) + i;
    for (const SiteOffset& o : kOwnOffsets) {
      put(relative(8 * own[SkewedPlane::Distance(o.dx, o.dy)] - p));
    }
    for (int k = 0; k < kOwnScaleSites; ++k) {
      residual(s.channel, kOwnOffsets[static_cast<size_t>(k)]);
    }
    for (int c = 0; c < s.channel; ++c) {
      const int32_t* other = s.planes[c]->Values(step) + i;
      for (const SiteOffset& o : kCrossOffsets) {
        residual(c, o);
        if (o.dx == 0 && o.dy == 0) continue;
        put(relative(8 * (other[SkewedPlane::Distance(o.dx, o.dy)] - other[0])));
      }
    }
  }
}

void ToMixture(SiteStep& s) {
  const int components = s.net->net.components;
  for (int k = 0; k < components; ++k) {
    int32_t* mean = s.heads[components + k];
    int32_t* scale = s.heads[2 * components + k];
    for (int i = 0; i < kNetSites; ++i) {
      const int32_t shift = s.mean_shift[i];
      mean[i] = (mean[i] * s.ratio[i] + (1 << (shift - 1))) >> shift;
      scale[i] += 16 * s.log_scale[i] - 256 * (12 + s.low_bits[i]);
    }
  }
}

}  // namespace site_scalar

}  // namespace flowzip
